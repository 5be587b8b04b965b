import type { KernelRequest, Patch, Tree } from "../kernel/build.ts";
import type { Emit } from "../model/event.ts";
import { markTouched } from "../series.ts";
import type { PatchedTrees } from "./patched-trees.ts";
import type { Plan } from "./plan.ts";
import type { PlannedSeries } from "./planned-series.ts";

/** What it takes to make something from a plan's kernel tree. */
export interface KernelContext {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly patchedTrees: PatchedTrees;
}

/** What buildKernel needs for the baseline, or for a series' kernel. */
export function kernelRequest(
  plan: Plan,
  context: KernelContext,
  planned?: PlannedSeries,
): Omit<KernelRequest, "progress"> {
  return {
    arch: plan.arch,
    toolchain: plan.toolchain,
    options: plan.options,
    tree: treeOf(plan),
    jobs: plan.jobs,
    ccache: plan.ccache,
    timeoutScale: plan.timeoutScale,
    notice: (text) => {
      context.emit({ type: "notice", text });
    },
    signal: context.signal,
    ...(planned ? { patch: patchOf(plan, planned, context) } : {}),
  };
}

export function treeOf({ source }: Plan): Tree {
  return { identity: source.identity, dir: async () => (await source.tree()).dir };
}

export function patchOf(plan: Plan, planned: PlannedSeries, context: KernelContext): Patch {
  const { series, set } = planned;
  const patched = () => context.patchedTrees.of(treeOf(plan), planned, context);
  return {
    name: series.name,
    identity: set.fingerprint,
    dir: async () => (await patched()).dir,
    touch: async () => {
      await markTouched(await patched());
      return (await patched()).touched;
    },
  };
}
