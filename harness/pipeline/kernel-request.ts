import type { KernelRequest, Patch, Tree } from "../kernel/build.ts";
import type { Emit } from "../model/event.ts";
import { applySeries, markTouched } from "../series.ts";
import type { Plan } from "./plan.ts";
import type { PlannedSeries } from "./planned-series.ts";

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** What buildKernel needs for the baseline, or for a series' kernel. */
export function kernelRequest(
  plan: Plan,
  context: Context,
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
    ...(planned ? { patch: patchOf(planned, context) } : {}),
  };
}

export function treeOf({ source }: Plan): Tree {
  return { identity: source.identity, dir: async () => (await source.tree()).dir };
}

export function patchOf({ series, set }: PlannedSeries, context: Context): Patch {
  return {
    name: series.name,
    identity: set.fingerprint,
    apply: async (tree, into) => {
      const patched = await applySeries(series, set, { dir: tree }, into, context);
      await markTouched(patched);
      return patched.touched;
    },
  };
}
