import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import { cached, isCached } from "../cache.ts";
import { copyTree, removeTree } from "../disk.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Blame } from "../model/failure.ts";
import { cacheDir } from "../paths.ts";
import { execSandboxed } from "../sandbox.ts";
import { BuildProgress, buildFailure } from "./build-log.ts";
import { bringsOptions, changedOptions, configure, type MakeContext } from "./configure.ts";
import { formatConfig, type Dropped, type Merged } from "../kconfig.ts";
import { keepObjects, type Kept } from "./kept-objects.ts";
import type { Toolchain } from "./toolchain.ts";

/** A source tree, unpacked only when a build needs it. */
export interface Tree {
  /** Hash over its content. */
  readonly identity: string;
  /** The unpacked folder; shared and never written. */
  dir(): Promise<string>;
}

/** A series, as the build sees it. */
export interface Patch {
  readonly name: string;
  /** Hash over the patches' content, in order. */
  readonly identity: string;
  /** The tree with the series on it; shared and never written but by touch(). */
  dir(): Promise<string>;
  /** Makes the files that it changes newer than every object there is; gives their paths below dir(). */
  touch(): Promise<readonly string[]>;
}

export interface KernelRequest {
  readonly arch: Arch;
  readonly toolchain: Toolchain;
  /** The wanted options over tinyconfig. */
  readonly options: Merged;
  readonly tree: Tree;
  /** Makes this the patched kernel of that series. */
  readonly patch?: Patch;
  readonly jobs: number;
  /** Looks every file up in ccache, and keeps it there; see ccacheEnv. */
  readonly ccache: boolean;
  /** Scales the bound on a build's time. */
  readonly timeoutScale: number;
  readonly progress: (text: string) => void;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Kernel {
  readonly fingerprint: string;
  readonly cached: boolean;
  /** What QEMU boots. */
  readonly image: string;
  readonly config: string;
  readonly buildLog: string;
  /** As uname -r says it. */
  readonly release: string;
  /** Wall seconds of make when it was built (by whichever run). */
  readonly makeSeconds: number;
  /** Files that make compiled, linked or generated. */
  readonly makeFiles: number;
}

/** What was built, for people: "6.12.117", with what it took unless it was there already. */
export function builtDetail({ release, cached, makeFiles, makeSeconds }: Kernel): string {
  return cached ? release : `${release}, ${makeFiles} files, make ${makeSeconds.toFixed(1)} s`;
}

/** Names of the files of a kernel's cache entry. */
const files = { image: "image", config: "config", log: "build.log", meta: "meta.json" } as const;

/** The build's view of the world: the same paths for every tree, so objects and ccache stay valid. */
const inside = { src: "/mnt/src", obj: "/mnt/obj", ccache: "/mnt/ccache" } as const;

/** Variables that would make a build depend on the caller's environment or the time of day. */
const buildEnv: Readonly<Record<string, string | undefined>> = {
  LC_ALL: "C",
  // Documentation/kbuild/reproducible-builds.rst
  KBUILD_BUILD_TIMESTAMP: "Thu Jan  1 00:00:00 UTC 1970",
  KBUILD_BUILD_USER: "harness",
  KBUILD_BUILD_HOST: "harness",
  KBUILD_BUILD_VERSION: "1",
  MAKEFLAGS: undefined,
  MFLAGS: undefined,
  ARCH: undefined,
  CROSS_COMPILE: undefined,
  LLVM: undefined,
  KCFLAGS: undefined,
  KBUILD_OUTPUT: undefined,
};

/**
 * make knows from the baseline's objects what a patch leaves as it was, and kept-objects.ts what a new
 * system call does. ccache beyond that makes a build from nothing longer (CPU seconds for i386's 6.12:
 * 350 without and 496 with it), and the next ones shorter whose headers differ and whose code does not.
 * It pays from two such kernels on: commits of a bisection, nightly runs.
 * Compiler commands are the same with and without, or make would take all objects for outdated.
 */
function ccacheEnv(isUsed: boolean): Readonly<Record<string, string>> {
  return isUsed
    ? { CCACHE_DIR: inside.ccache, CCACHE_MAXSIZE: "5G" }
    : { CCACHE_DIR: inside.ccache, CCACHE_DISABLE: "1" };
}

/** The fingerprint of the kernel that this request makes. */
export function kernelFingerprint(request: KernelRequest): string {
  return fingerprint({
    // Raised when this file builds kernels in another way.
    recipe: 3,
    // What is compiled ...
    tree: request.tree.identity,
    patch: request.patch?.identity,
    // ... with which options ...
    options: formatConfig(request.options),
    // ... for which machine ...
    kernelArch: request.arch.kernelArch,
    targets: request.arch.targets,
    image: request.arch.image,
    // ... by which compiler ...
    toolchain: request.toolchain.identity,
    // ... and in which environment.
    env: buildEnv,
  });
}

/** Whether this kernel is in the cache already; for --dry-run. */
export async function kernelIsCached(request: KernelRequest): Promise<boolean> {
  return (
    (await isCached({
      kind: "kernels",
      fingerprint: kernelFingerprint(request),
      verify: "content",
    })) !== undefined
  );
}

/**
 * Only configures the baseline, in a folder that is removed again, and gives what the suites want
 * and this kernel has not. Throws Failure "option-dropped" for what anybody else wants, as a build would.
 */
export async function tryConfiguration(request: KernelRequest): Promise<readonly Dropped[]> {
  await mkdir(cacheDir(), { recursive: true });
  const objects = await mkdtemp(path.join(cacheDir(), "configuring-"));
  try {
    return await configure(
      configureContext(request, await request.tree.dir(), objects),
      request.options,
    );
  } finally {
    await removeTree(objects);
  }
}

/**
 * Builds a kernel, or takes it from the cache. The patched kernel starts from the baseline's
 * object tree, with the same paths inside the sandbox, so that make redoes what the patch touches.
 * Throws Failure: blame "baseline" or "series" where the tree does not build, "infra" where the host
 * is at fault, and what the patch's functions throw.
 */
export async function buildKernel(request: KernelRequest): Promise<Kernel> {
  const key = kernelFingerprint(request);
  const entry = await cached(
    {
      kind: "kernels",
      fingerprint: key,
      verify: "content",
      notice: request.notice,
      signal: request.signal,
    },
    async (dir) => {
      if (request.patch) await makePatched(request, request.patch, dir);
      else await makeBaseline(request, dir);
    },
  );
  const meta = JSON.parse(await readFile(path.join(entry.dir, files.meta), "utf8")) as Pick<
    Kernel,
    "release" | "makeSeconds" | "makeFiles"
  >;
  return {
    fingerprint: key,
    cached: entry.cached,
    image: path.join(entry.dir, files.image),
    config: path.join(entry.dir, files.config),
    buildLog: path.join(entry.dir, files.log),
    ...meta,
  };
}

async function makeBaseline(request: KernelRequest, into: string): Promise<void> {
  const objects = await baselineObjects(request);
  await keep(request.arch, objects, into);
}

/** The baseline's object tree: kept, because every series on this baseline starts from it. */
async function baselineObjects(request: KernelRequest): Promise<string> {
  const baseline = { ...request };
  delete baseline.patch;
  const entry = await cached(
    {
      kind: "objects",
      fingerprint: kernelFingerprint(baseline),
      verify: "listing",
      notice: request.notice,
      signal: request.signal,
    },
    async (objects) => {
      const source = await request.tree.dir();
      const dropped = await configure(configureContext(request, source, objects), request.options);
      for (const { wanted } of dropped) {
        request.notice(`this kernel has no ${wanted.name}, which ${wanted.origin.file} asks for`);
      }
      await make(request, source, objects, "baseline");
    },
  );
  return entry.dir;
}

async function makePatched(request: KernelRequest, patch: Patch, into: string): Promise<void> {
  const objects = await baselineObjects(request);
  const work = await mkdtemp(path.join(path.dirname(into), "patched-"));
  try {
    const own = path.join(work, "obj");
    request.progress("applying the patches");
    const source = await patch.dir();
    await copyTree(objects, own);
    const touched = await patch.touch();
    await rm(path.join(own, files.log), { force: true });
    const before = await readFile(path.join(own, ".config"), "utf8");
    await make(request, source, own, "series", { objects, touched });
    const changed = changedOptions(before, await readFile(path.join(own, ".config"), "utf8"));
    if (changed.length)
      request.notice(`${patch.name} changes the configuration: ${changed.join(", ")}`);
    await keep(request.arch, own, into);
  } finally {
    await removeTree(work);
  }
}

/** Kconfig compiles nothing again and again, to ask what the compiler knows: what ccache is quick with. */
function configureContext(request: KernelRequest, source: string, objects: string): MakeContext {
  return makeContext({ ...request, ccache: true }, source, objects);
}

function makeContext(request: KernelRequest, source: string, objects: string) {
  return {
    objects,
    run: (targets: readonly string[], onLine?: (line: string) => void) =>
      execSandboxed("make", makeArguments(request, targets), {
        readOnly: { [source]: inside.src },
        writable: { [objects]: inside.obj, [path.join(cacheDir(), "ccache")]: inside.ccache },
        insideCwd: inside.obj,
        env: { ...buildEnv, ...ccacheEnv(request.ccache) },
        onLine,
        logFile: path.join(objects, files.log),
        timeoutSeconds: 3600 * request.timeoutScale,
        signal: request.signal,
      }),
  };
}

function makeArguments(request: KernelRequest, targets: readonly string[]): string[] {
  return [
    "-C",
    inside.src,
    `O=${inside.obj}`,
    `ARCH=${request.arch.kernelArch}`,
    ...request.toolchain.makeVariables,
    `-j${request.jobs}`,
    ...targets,
  ];
}

/** What a patched kernel starts from: the baseline's objects, of which its own are a copy, and the patch. */
interface Beginning {
  readonly objects: string;
  readonly touched: readonly string[];
}

/** Runs make to the kernel image; leaves meta.json beside the objects. */
async function make(
  request: KernelRequest,
  source: string,
  objects: string,
  blame: Extract<Blame, "baseline" | "series">,
  beginning?: Beginning,
): Promise<void> {
  await mkdir(objects, { recursive: true });
  const progress = new BuildProgress(request.progress);
  const { run } = makeContext(request, source, objects);
  let makeSeconds = 0;
  const runTo = async (targets: readonly string[]) => {
    const result = await run(targets, (line) => {
      progress.line(line);
    });
    request.signal?.throwIfAborted();
    makeSeconds += result.seconds;
    if (result.exitCode === 0) return;
    const name = request.patch ? `the kernel with ${request.patch.name}` : "the baseline kernel";
    throw buildFailure(result, name, blame, await keepFailedLog(request, objects));
  };
  const { touched = [] } = beginning ?? {};
  if (touched.some(bringsOptions)) await runTo(["olddefconfig"]);
  // From C alone no header is made that more than its own file includes.
  if (beginning && touched.some((name) => !/\.[cS]$/.test(name))) {
    await runTo(["prepare"]);
    request.progress("looking which objects its new headers leave as they are");
    const started = performance.now();
    const kept = await keepObjects({
      objects,
      source,
      baseline: { objects: beginning.objects, source: await request.tree.dir() },
      inside,
    });
    const seconds = (performance.now() - started) / 1000;
    await appendFile(
      path.join(objects, files.log),
      `${keptText(kept)} (${seconds.toFixed(1)} s)\n`,
    );
  }
  await runTo(request.arch.targets);
  const release = (
    await readFile(path.join(objects, "include/config/kernel.release"), "utf8")
  ).trim();
  const meta = { release, makeSeconds, makeFiles: progress.files };
  await writeFile(path.join(objects, files.meta), JSON.stringify(meta));
}

/** The log of a build that failed, which its object tree does not outlive: one for each kernel. */
async function keepFailedLog(request: KernelRequest, objects: string): Promise<string> {
  const dir = path.join(cacheDir(), "failed-builds");
  const name = `${request.arch.name}-${kernelFingerprint(request).slice(0, 12)}.log`;
  await mkdir(dir, { recursive: true });
  await copyFile(path.join(objects, files.log), path.join(dir, name)).catch(() => undefined);
  return path.join(dir, name);
}

/** For the build log. */
function keptText({ objects, outdated, names }: Kept): string {
  if (objects === 0) return `harness: ${String(outdated)} objects of C are outdated`;
  const some = names.slice(0, 10).join(", ");
  return (
    `harness: of ${String(outdated)} outdated objects of C, ${String(objects)} are kept: headers changed ` +
    `only in names that they do not use (${some}${names.length > 10 ? " ..." : ""})`
  );
}

async function keep(arch: Arch, objects: string, into: string): Promise<void> {
  await Promise.all([
    cp(path.join(objects, arch.image), path.join(into, files.image)),
    cp(path.join(objects, ".config"), path.join(into, files.config)),
    cp(path.join(objects, files.log), path.join(into, files.log)),
    cp(path.join(objects, files.meta), path.join(into, files.meta)),
  ]);
}
