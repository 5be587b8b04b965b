import { kernelFingerprint, kernelIsCached } from "../kernel/build.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { kernelRequest } from "./kernel-request.ts";
import { PatchedTrees } from "./patched-trees.ts";
import type { Plan } from "./plan.ts";

/** What a run of this plan would do, without doing it: as text, or as one JSON object. */
export async function describePlan(plan: Plan, json: boolean): Promise<string> {
  const context = {
    emit: () => undefined,
    signal: new AbortController().signal,
    patchedTrees: new PatchedTrees(),
  };
  const kernels = [];
  for (const planned of [undefined, ...plan.series]) {
    const request = { ...kernelRequest(plan, context, planned), progress: () => undefined };
    kernels.push({
      label: planned?.series.name ?? "baseline",
      control: planned?.series.control ?? false,
      patches: planned?.set.patches.length ?? 0,
      origin: planned?.set.origin ?? plan.source.description,
      fingerprint: kernelFingerprint(request),
      cached: await kernelIsCached(request),
    });
  }
  const whole = {
    arch: plan.arch.name,
    kernel: formatKernelVersion(plan.source.version),
    source: plan.source.description,
    toolchain: plan.toolchain.description,
    quirks: plan.quirks.map(({ name }) => name),
    suites: plan.suites.map((suite) =>
      suite.kind === "kselftest" ? `kselftest:${suite.targets.join(",")}` : suite.name,
    ),
    repeat: plan.repeat,
    kernels,
  };
  if (json) return JSON.stringify(whole);
  return [
    `${whole.arch}, ${whole.source}, ${whole.toolchain}`,
    ...kernels.map(
      (kernel) =>
        `  ${kernel.cached ? "cached" : "build "}  ${kernel.label}${kernel.control ? " (control)" : ""}` +
        `${kernel.patches ? `: ${kernel.patches} patches from ${kernel.origin}` : ""}  [${kernel.fingerprint.slice(0, 12)}]`,
    ),
    `  suites: ${whole.suites.join(" ")}${plan.repeat > 1 ? `, ${plan.repeat} boots of each kernel` : ""}`,
  ].join("\n");
}
