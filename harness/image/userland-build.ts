import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { programPrefix, type Arch } from "../arch.ts";
import { allEnded } from "../model/all-ended.ts";
import { Failure } from "../model/failure.ts";
import { execSandboxed } from "../sandbox.ts";
import { droppedOptions, mergeBusyboxConfig, parseBusyboxConfig } from "./busybox-config.ts";
import type { SourceArchive, UserlandProgram } from "./userland-source.ts";

export interface BuildRequest {
  readonly arch: Arch;
  readonly sources: Readonly<Record<UserlandProgram, SourceArchive>>;
  /** images/guest. */
  readonly recipeDir: string;
  /** An empty folder for the build trees; the caller removes it. */
  readonly workDir: string;
  /** Where init, busybox, dropbear and applets go. */
  readonly outputDir: string;
  /** Compilers that may run at once for busybox; half as many run beside it for dropbear. */
  readonly jobs: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: (text: string) => void;
}

/** The recipe's files that have a say in the programs' bytes. */
export const recipeFiles = [
  "init.c",
  "busybox.config",
  "dropbear.options.h",
  "dropbear.config.site",
] as const;

/** Inside the sandbox. */
const inside = { sources: "/mnt/sources", recipe: "/mnt/recipe", build: "/mnt/build" } as const;

/** One step may take this long: a minute on a quiet machine, but builds often share theirs with others. */
const stepTimeoutSeconds = 1800;

/** dropbear's own libraries; it builds four times what it links. */
const libraries = ["libtomcrypt", "libtommath"] as const;
/** Of the recipe, without a say in the programs' bytes: the objects that are linked from those. */
const neededObjects = "dropbear.objects";
const objectsOfMakefile = /^OBJECTS=((?:.*\\\n)*.*)$/m;
const wholeMakefile = "Makefile.whole";
/** Another release may need other objects: then it is built with all of them. */
const neededFirst = `"$0" "$@" && exit
for whole in */${wholeMakefile}; do
  dir=\${whole%/*} && mv "$whole" "$dir/Makefile" && rm -f "$dir"/*.a || exit
done
exec "$0" "$@"`;

const warnings = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"];

/**
 * Builds the guest's programs, static, in the sandbox; the two trees at the same time.
 * Throws Failure (infra) "userland-build" that names the step and carries the end of its output.
 */
export async function buildPrograms(request: BuildRequest): Promise<void> {
  await mkdir(request.workDir, { recursive: true });
  const step = stepRunner(request);
  // busybox is the longest: it may use every CPU, for dropbear leaves some idle while it configures.
  const half = Math.max(1, Math.ceil(request.jobs / 2));
  await allEnded([
    buildInit(request, step),
    buildBusybox(request, step, `-j${request.jobs}`),
    buildDropbear(request, step, `-j${half}`),
  ]);
}

type Step = (
  name: string,
  directory: string,
  command: readonly [string, ...string[]],
  more?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
) => Promise<void>;

function stepRunner(request: BuildRequest): Step {
  const sourceDirs = Object.fromEntries(
    Object.values(request.sources).map(({ program, file }) => [
      path.dirname(file),
      `${inside.sources}/${program}`,
    ]),
  );
  // The first step that fails ends the others: their trees are of no use any more.
  const stop = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
  return async (name, directory, [command, ...args], { input, env } = {}) => {
    signal.throwIfAborted();
    request.progress?.(name);
    await mkdir(path.join(request.workDir, directory), { recursive: true });
    const result = await execSandboxed(command, args, {
      readOnly: { ...sourceDirs, [request.recipeDir]: inside.recipe },
      writable: { [request.workDir]: inside.build },
      insideCwd: path.posix.join(inside.build, directory),
      // No time of the build in the programs; messages that can be read by whoever gets the log.
      env: { LC_ALL: "C", KCONFIG_NOTIMESTAMP: "1", SOURCE_DATE_EPOCH: "0", ...env },
      timeoutSeconds: stepTimeoutSeconds,
      signal,
      ...(input === undefined ? {} : { input }),
    });
    request.signal?.throwIfAborted();
    if (result.exitCode === 0) return;
    if (stop.signal.aborted) throw stop.signal.reason;
    const failure = new Failure({
      reason: "userland-build",
      blame: "infra",
      what: `building the guest's userland for ${request.arch.name} failed at "${name}" (${ending(result)})`,
      evidence: `$ ${[command, ...args].join(" ")}\n${result.output.slice(-8192)}`,
      hint: "run `harness doctor`: a compiler, make or the static C library may be missing",
    });
    stop.abort(failure);
    throw failure;
  };
}

function ending(result: {
  readonly exitCode: number | undefined;
  readonly killedBy: string | undefined;
  readonly spawnError: string | undefined;
  readonly timedOut: boolean;
}): string {
  if (result.timedOut) return `no end within ${stepTimeoutSeconds} s`;
  if (result.killedBy !== undefined) return `killed by ${result.killedBy}`;
  return result.exitCode === undefined
    ? (result.spawnError ?? "did not start")
    : `exit status ${result.exitCode}`;
}

async function buildInit(request: BuildRequest, step: Step): Promise<void> {
  const flags = ["-std=gnu11", "-O2", ...warnings, "-static", "-s"];
  const source = `${inside.recipe}/init.c`;
  await step("init: compile", "init", [compiler(request.arch), ...flags, "-o", "init", source]);
  await copyFile(path.join(request.workDir, "init/init"), path.join(request.outputDir, "init"));
}

async function buildBusybox(request: BuildRequest, step: Step, jobs: string): Promise<void> {
  const dir = path.join(request.workDir, "busybox");
  const make = (...targets: string[]): [string, ...string[]] => [
    "make",
    "-s",
    `CROSS_COMPILE=${programPrefix(request.arch)}`,
    `CC=${compiler(request.arch)}`,
    ...targets,
  ];
  await step("busybox: unpack", "busybox", unpack("busybox"));
  await step("busybox: configure", "busybox", make("allnoconfig"));
  const config = path.join(dir, ".config");
  const wanted = parseBusyboxConfig(
    await readFile(path.join(request.recipeDir, "busybox.config"), "utf8"),
  );
  await writeFile(config, mergeBusyboxConfig(await readFile(config, "utf8"), wanted));
  // make looks through all sources before whatever it does; what they say went into the Makefiles just now.
  await writeFile(path.join(dir, "scripts/gen_build_files.sh"), "#!/bin/sh\n");
  // An empty answer to each question about an option that the fragment says nothing of.
  await step("busybox: configure", "busybox", make("oldconfig"), { input: "\n".repeat(4096) });
  const dropped = droppedOptions(await readFile(config, "utf8"), wanted);
  if (dropped.length > 0) {
    throw new Failure({
      reason: "userland-config",
      blame: "infra",
      what: `busybox ${request.sources.busybox.version} does not take every option of the guest's recipe`,
      evidence: dropped.join("\n"),
      hint: "an option was renamed or its dependency is missing; see images/guest/busybox.config",
    });
  }
  await step("busybox: compile", "busybox", make(jobs, "busybox", "busybox.links"));
  const links = await readFile(path.join(dir, "busybox.links"), "utf8");
  const names = links
    .split("\n")
    .filter(Boolean)
    .map((name) => path.posix.basename(name));
  await writeFile(
    path.join(request.outputDir, "applets"),
    [...new Set(names)]
      .sort()
      .map((name) => `${name}\n`)
      .join(""),
  );
  await copyFile(path.join(dir, "busybox"), path.join(request.outputDir, "busybox"));
}

async function buildDropbear(request: BuildRequest, step: Step, jobs: string): Promise<void> {
  await step("dropbear: unpack", "dropbear", unpack("dropbear"));
  // Its make reads this from the build folder.
  await copyFile(
    path.join(request.recipeDir, "dropbear.options.h"),
    path.join(request.workDir, "dropbear/localoptions.h"),
  );
  await step("dropbear: configure", "dropbear", dropbearConfigure(request.arch), {
    env: { CONFIG_SITE: `${inside.recipe}/dropbear.config.site` },
  });
  const needed = await readFile(path.join(request.recipeDir, neededObjects), "utf8");
  for (const library of libraries)
    await leaveOut(path.join(request.workDir, "dropbear", library), needed.split("\n"));
  await step("dropbear: compile", "dropbear", [
    "sh",
    "-c",
    neededFirst,
    "make",
    "-s",
    jobs,
    "PROGRAMS=dropbear",
    "STATIC=1",
    "dropbear",
  ]);
  await copyFile(
    path.join(request.workDir, "dropbear/dropbear"),
    path.join(request.outputDir, "dropbear"),
  );
}

/** How dropbear is configured for programs of this architecture. */
export function dropbearConfigure(arch: Arch): [string, ...string[]] {
  const prefix = programPrefix(arch);
  return [
    "./configure",
    "--quiet",
    ...(prefix ? [`--host=${path.basename(prefix).replace(/-$/, "")}`] : []),
    "--enable-static",
    "--enable-bundled-libtom",
    "--disable-zlib",
    "--disable-pam",
    "--disable-lastlog",
    "--disable-utmp",
    "--disable-utmpx",
    "--disable-wtmp",
    "--disable-wtmpx",
    // Position independence costs a guest relocations at each start, and guards nothing here.
    "--disable-harden",
    `CC=${compiler(arch)}`,
    "CFLAGS=-O2",
    "LDFLAGS=-s",
  ];
}

/** Takes from a library's Makefile the objects that are not needed; the whole one stays beside it. */
async function leaveOut(dir: string, needed: readonly string[]): Promise<void> {
  const file = path.join(dir, "Makefile");
  const whole = await readFile(file, "utf8").catch(() => undefined);
  // A release without this library builds what it has.
  if (whole === undefined) return;
  await writeFile(path.join(dir, wholeMakefile), whole);
  const isNeeded = (object: string) => needed.includes(path.posix.basename(object));
  const part = whole.replace(objectsOfMakefile, (_, objects: string) => {
    const words = objects.replaceAll("\\\n", " ").split(/\s+/);
    return `OBJECTS=${words.filter(isNeeded).join(" ")}`;
  });
  await writeFile(file, part);
}

function unpack(program: UserlandProgram): [string, ...string[]] {
  const tarball = `${inside.sources}/${program}/source.tar`;
  return ["tar", "-x", "--strip-components=1", "--no-same-owner", "-f", tarball];
}

/** The compiler of the architecture's native ABI; the descriptor need not say it twice. */
export function compiler(arch: Arch): string {
  return arch.abis[0]?.compiler ?? `${arch.crossCompile}gcc`;
}
