import {
  appendFile,
  chmod,
  constants,
  copyFile,
  mkdtemp,
  readFile,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { nativeCompiler, type Arch } from "./arch.ts";
import { cached, type CacheEntry } from "./cache.ts";
import { removeTree } from "./disk.ts";
import { toolVersion } from "./tool-version.ts";
import { fingerprint, sha256, sha256Folder } from "./fingerprint.ts";
import { libcDigest } from "./libc.ts";
import { inStep, type Emit } from "./model/event.ts";
import { Failure } from "./model/failure.ts";
import { cacheDir, projectDir } from "./paths.ts";
import { writeCpio } from "./image/cpio.ts";
import { folderEntries, rootEntries } from "./image/root.ts";
import { buildPrograms, recipeFiles } from "./image/userland-build.ts";
import {
  userlandSources,
  type SourceArchive,
  type UserlandProgram,
} from "./image/userland-source.ts";

export { runKeys } from "./image/run-keys.ts";

export interface ImageOptions {
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** Compilers that may run at once; one for each CPU unless told. */
  readonly jobs?: number;
  /** The recipe; images/guest unless told. */
  readonly recipeDir?: string;
}

/** The guest's programs of one architecture, built. */
export interface Userland {
  readonly fingerprint: string;
  /** The folder with init, busybox, dropbear and applets. */
  readonly dir: string;
  /** Seconds of building; 0 when it was there already. */
  readonly buildSeconds: number;
}

/** An initramfs without keys: the same bytes for every kernel of a run. */
export interface Image {
  readonly fingerprint: string;
  readonly file: string;
}

/** A host folder to lie in the guest, such as the programs of the suites. */
export interface GuestFolder {
  readonly dir: string;
  /** Absolute, such as "/suites/wait6". */
  readonly guestPath: string;
}

/** Raised when the code here lays the guest's root folder out in another way. */
const layoutVersion = 1;

const userlandStep = "userland";

/**
 * Builds busybox, dropbear and init for an architecture, or takes them from the cache.
 * Throws Failure (infra): no source, a build step that fails, an option that busybox dropped.
 */
export async function buildUserland(arch: Arch, options: ImageOptions): Promise<Userland> {
  const recipeDir = options.recipeDir ?? path.join(projectDir, "images", "guest");
  const notice = (text: string) => {
    options.emit({ type: "notice", text });
  };
  const step = { id: userlandStep, title: `userland for ${arch.name}` };
  return inStep(
    options.emit,
    step,
    async (progress) => {
      progress("sources");
      const sources = await userlandSources(recipeDir, { notice, signal: options.signal });
      const key = await userlandFingerprint(arch, recipeDir, sources);
      const began = performance.now();
      const request = { kind: "userland", fingerprint: key, verify: "content", notice } as const;
      const entry = await cached({ ...request, signal: options.signal }, async (outputDir) => {
        const workDir = await mkdtemp(path.join(cacheDir(), "userland", "building-"));
        try {
          await buildPrograms({
            arch,
            sources,
            recipeDir,
            workDir,
            outputDir,
            jobs: options.jobs ?? os.availableParallelism(),
            signal: options.signal,
            progress,
          });
        } finally {
          await removeTree(workDir);
        }
      });
      const buildSeconds = entry.cached ? 0 : (performance.now() - began) / 1000;
      return { fingerprint: key, dir: entry.dir, buildSeconds };
    },
    ({ buildSeconds }) => ({ outcome: buildSeconds === 0 ? "cached" : "done" }),
  );
}

/** All that can change the bytes of the guest's programs. */
export async function userlandFingerprint(
  arch: Arch,
  recipeDir: string,
  sources: Readonly<Record<UserlandProgram, Pick<SourceArchive, "sha256">>>,
): Promise<string> {
  const cc = nativeCompiler(arch);
  const version = await toolVersion(cc);
  if (version.exitCode !== 0) {
    throw new Failure({
      reason: "compiler-missing",
      blame: "infra",
      what: `the compiler ${cc} for ${arch.name} does not run`,
      evidence: version.output || (version.spawnError ?? ""),
      hint: `install ${arch.packages.join(" ")}, or run \`harness doctor --install\``,
    });
  }
  const recipe = await Promise.all(
    recipeFiles.map(async (name) => sha256(await readFile(path.join(recipeDir, name)))),
  );
  return fingerprint({
    // Which compiler and which ABI.
    arch: arch.name,
    compiler: cc,
    // Another compiler makes other code.
    compilerVersion: version.stdout.split("\n")[0],
    // It is linked into each program. Where there is none the build will say so.
    libc: await libcDigest([cc]),
    // The programs' own code.
    busybox: sources.busybox.sha256,
    dropbear: sources.dropbear.sha256,
    // What is switched on in them, and init's code.
    recipe,
  });
}

/**
 * The initramfs with the userland and these folders in it. Uncompressed: an emulated CPU copies
 * faster than it decompresses.
 */
export async function buildImage(
  request: { readonly userland: Userland; readonly folders: readonly GuestFolder[] },
  options: ImageOptions,
): Promise<Image> {
  const contents = await Promise.all(request.folders.map(({ dir }) => sha256Folder(dir)));
  const key = fingerprint({
    // Programs in it.
    userland: request.userland.fingerprint,
    // What else is in it, and where.
    folders: request.folders.map(({ guestPath }, index) => [guestPath, contents[index]]),
    // How it is laid out.
    layoutVersion,
  });
  const entry: CacheEntry = await cached(
    { kind: "images", fingerprint: key, verify: "content", signal: options.signal },
    async (dir) => {
      const read = (name: string) => readFile(path.join(request.userland.dir, name));
      const applets = (await read("applets")).toString("utf8").split("\n").filter(Boolean);
      const entries = rootEntries({
        init: await read("init"),
        busybox: await read("busybox"),
        dropbear: await read("dropbear"),
        applets,
      });
      for (const folder of request.folders)
        entries.push(...(await folderEntries(folder.dir, folder.guestPath)));
      await writeFile(path.join(dir, "image.cpio"), writeCpio(entries));
    },
  );
  return { fingerprint: key, file: path.join(entry.dir, "image.cpio") };
}

/** Writes what QEMU gets as -initrd: the image, then the run's keys; the kernel unpacks one after the other. */
export async function writeInitramfs(
  file: string,
  image: Image,
  keys: { readonly archive: Uint8Array },
): Promise<void> {
  // Tens of megabytes, which the host's kernel copies, or does not even copy.
  await copyFile(image.file, file, constants.COPYFILE_FICLONE);
  // Readable by its owner alone: there is a private key in it.
  await chmod(file, 0o600);
  await appendFile(file, keys.archive);
}
