import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import { Failure } from "../model/failure.ts";
import { execSandboxed } from "../sandbox.ts";
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

/** Inside the sandbox. */
export const inside = {
  sources: "/mnt/sources",
  recipe: "/mnt/recipe",
  build: "/mnt/build",
} as const;

/** One step may take this long: a minute on a quiet machine, but builds often share theirs with others. */
const stepTimeoutSeconds = 1800;

export type Step = (
  name: string,
  directory: string,
  command: readonly [string, ...string[]],
  more?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> },
) => Promise<void>;

/**
 * Runs commands in the sandbox, below a folder for build trees. The first step that fails ends the
 * others, in whatever folder: their trees are of no use any more.
 */
export function stepRunner(request: BuildRequest): (workDir: string) => Step {
  const sourceDirs = Object.fromEntries(
    Object.values(request.sources).map(({ program, file }) => [
      path.dirname(file),
      `${inside.sources}/${program}`,
    ]),
  );
  const stop = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
  return (workDir) =>
    async (name, directory, [command, ...args], { input, env } = {}) => {
      signal.throwIfAborted();
      request.progress?.(name);
      await mkdir(path.join(workDir, directory), { recursive: true });
      const result = await execSandboxed(command, args, {
        readOnly: { ...sourceDirs, [request.recipeDir]: inside.recipe },
        writable: { [workDir]: inside.build },
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

/** Unpacks a program's source into the working folder. */
export function unpack(program: UserlandProgram): [string, ...string[]] {
  const tarball = `${inside.sources}/${program}/source.tar`;
  return ["tar", "-x", "--strip-components=1", "--no-same-owner", "-f", tarball];
}

/** What a changed makefile was, beside it. */
const whole = ".whole";

/** Changes a makefile of a tree, for a part of what it makes; see makePart(). A file that is not there stays so. */
export async function changeMakefile(
  file: string,
  change: (text: string) => string,
): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  // Another release's: it builds what it has.
  if (text === undefined) return;
  await writeFile(`${file}${whole}`, text);
  await writeFile(file, change(text));
}

/** A make that, where the changed makefiles leave out too much (another release), goes back to the whole ones. */
export function makePart(make: readonly string[]): [string, ...string[]] {
  const script = `"$0" "$@" && exit
find . -name '*${whole}' -exec sh -c 'mv "$1" "\${1%${whole}}"' sh {} \\; && find . -name '*.a' -delete || exit
exec "$0" "$@"`;
  return ["sh", "-c", script, ...make];
}
