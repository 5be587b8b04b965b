import type { ExecResult } from "./exec.ts";
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
