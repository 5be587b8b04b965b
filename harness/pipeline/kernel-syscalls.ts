import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { Emit } from "../model/event.ts";
import { cacheDir } from "../paths.ts";
import { describeSyscalls, type Syscalls } from "../syscalls.ts";
import { patchOf, treeOf } from "./kernel-request.ts";
import type { Plan } from "./plan.ts";
import type { PlannedSeries } from "./planned-series.ts";

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** The system calls of a plan's kernel, as its own tree has them: the baseline's, or with a series on it. */
export async function kernelSyscalls(
  plan: Plan,
  context: Context,
  planned?: PlannedSeries,
): Promise<Syscalls> {
  const { signal } = context;
  const tree = treeOf(plan);
  if (!planned) return describeSyscalls(tree, plan.arch.name, { signal });
  const work = path.join(cacheDir(), "syscalls");
  await mkdir(work, { recursive: true });
  let copy: string | undefined;
  try {
    const patch = patchOf(planned, context);
    const patched = {
      identity: `${tree.identity}\n${patch.identity}`,
      dir: async () => {
        // Beside the cached trees: what a series does not touch is linked, not copied.
        copy = await mkdtemp(path.join(work, "patched-"));
        await patch.apply(await tree.dir(), path.join(copy, "linux"));
        return path.join(copy, "linux");
      },
    };
    return await describeSyscalls(patched, plan.arch.name, { signal });
  } finally {
    if (copy !== undefined) await rm(copy, { recursive: true, force: true });
  }
}
