import { describeSyscalls, type Syscalls } from "../syscalls.ts";
import { patchOf, treeOf, type KernelContext } from "./kernel-request.ts";
import type { Plan } from "./plan.ts";
import type { PlannedSeries } from "./planned-series.ts";

/** The system calls of a plan's kernel, as its own tree has them: the baseline's, or with a series on it. */
export function kernelSyscalls(
  plan: Plan,
  context: KernelContext,
  planned?: PlannedSeries,
): Promise<Syscalls> {
  const tree = treeOf(plan);
  const { signal } = context;
  if (!planned) return describeSyscalls(tree, plan.arch.name, { signal });
  const patch = patchOf(plan, planned, context);
  const patched = { identity: `${tree.identity}\n${patch.identity}`, dir: () => patch.dir() };
  return describeSyscalls(patched, plan.arch.name, { signal });
}
