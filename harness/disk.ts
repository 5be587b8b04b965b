import { exec, type ExecResult } from "./exec.ts";
import { Failure } from "./model/failure.ts";

/**
 * Throws Failure infra "disk-full" when a tool's output says that the disk is full: tools tell it in
 * their own words only. `doing` is what it was busy with, such as "unpacking linux-6.12.tar.xz".
 */
export function throwIfDiskFull({ output }: Pick<ExecResult, "output">, doing: string): void {
  if (!/No space left on device|Disk quota exceeded/.test(output)) return;
  throw new Failure({
    reason: "disk-full",
    blame: "infra",
    what: `no space left on the disk when ${doing}`,
    evidence: output.slice(-2048),
    hint: "free some space, or run `harness clean`, or point XDG_CACHE_HOME at a larger disk",
  });
}

/**
 * Copies a folder to `to`, which may be there and empty, with times and links, by cp: Node's own takes
 * several times the CPU time for a tree of many files. Throws Failure infra "disk-full", and an error with cp's words.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const result = await exec("cp", ["-a", "--reflink=auto", "-T", "--", from, to], {
    env: { LC_ALL: "C" },
  });
  if (result.exitCode === 0) return;
  throwIfDiskFull(result, `copying ${from}`);
  throw new Error(`cp -a ${from} ${to}: ${result.output}`);
}

/** Removes a folder with all that is in it, if it is there; by rm, for the reason above. */
export async function removeTree(dir: string): Promise<void> {
  const result = await exec("rm", ["-rf", "--", dir], { env: { LC_ALL: "C" } });
  if (result.exitCode !== 0) throw new Error(`rm -rf ${dir}: ${result.output}`);
}
