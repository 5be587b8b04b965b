import type { Emit } from "../model/event.ts";
import { describeSyscalls, type Syscalls } from "../syscalls.ts";
import { patchOf, treeOf } from "./kernel-request.ts";
import type { PatchedTrees } from "./patched-trees.ts";
import type { Plan } from "./plan.ts";
import type { PlannedSeries } from "./planned-series.ts";

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly patchedTrees: PatchedTrees;
}

/** The system calls of a plan's kernel, as its own tree has them: the baseline's, or with a series on it. */
export function kernelSyscalls(
  plan: Plan,
  context: Context,
  planned?: PlannedSeries,
): Promise<Syscalls> {
  const tree = treeOf(plan);
  const { signal } = context;
  if (!planned) return describeSyscalls(tree, plan.arch.name, { signal });
  const patch = patchOf(plan, planned, context);
  const patched = { identity: `${tree.identity}\n${patch.identity}`, dir: () => patch.dir() };
  return describeSyscalls(patched, plan.arch.name, { signal });
}
