import { inStep } from "../model/event.ts";
import { exitStatus, exitStatusFor, failureDetails, type Blame } from "../model/failure.ts";
import { buildKernel, builtDetail, tryConfiguration } from "../kernel/build.ts";
import { kernelRequest } from "../pipeline/kernel-request.ts";
import { PatchedTrees } from "../pipeline/patched-trees.ts";
import { makePlan } from "../pipeline/plan.ts";
import { openReporter } from "../report.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, runRequest } from "./run-options.ts";

export const buildCommand = defineCommand({
  command: "build",
  describe: "Builds kernels only: the baseline, and one for each series",
  examples: [
    ["build --kernel apt:6.12 --series wait6", "where the images lie is printed"],
    [
      "build --kernel dir:. --kconfig CONFIG_KASAN=y",
      "the baseline and all shipped series, with KASAN",
    ],
  ],
  options: (yargs) =>
    kernelOptions(yargs)
      .option("config-only", {
        type: "boolean",
        default: false,
        describe: "only configure the baseline: does the kernel take every option?",
      })
      .option("json", {
        type: "boolean",
        default: false,
        describe: "events as JSON lines on stdout",
      }),
  run: async (args, { signal, print }) => {
    const reporter = openReporter({ json: args.json });
    const { emit } = reporter;
    await using patchedTrees = new PatchedTrees();
    const context = { emit, signal, patchedTrees };
    const made: string[] = [];
    const blames: Blame[] = [];
    try {
      const configOnly = args["config-only"];
      const plan = await makePlan(runRequest(args), {
        emit,
        signal,
        noSeriesByDefault: configOnly,
        noGuests: true,
      });
      if (configOnly) {
        const request = kernelRequest(plan, context);
        const dropped = await tryConfiguration({ ...request, progress: () => undefined });
        const lacking = dropped.map(({ wanted }) => `${wanted.name} (${wanted.origin.file})`);
        if (!args.json)
          print([`${plan.arch.name}: every option is taken`, ...lacking].join("\n  but: "));
        return exitStatus.ok;
      }
      for (const planned of [undefined, ...plan.series]) {
        const label = planned?.series.name ?? "baseline";
        const step = { id: `kernel:${label}`, title: `build ${label}` };
        try {
          const kernel = await inStep(
            emit,
            step,
            (progress) => buildKernel({ ...kernelRequest(plan, context, planned), progress }),
            (built) => ({ outcome: built.cached ? "cached" : "done", detail: builtDetail(built) }),
          );
          made.push(`${label}: ${kernel.image} (config and build.log beside it)`);
        } catch (thrown) {
          signal.throwIfAborted();
          const failure = failureDetails(thrown);
          blames.push(failure.blame);
          emit({ type: "failure", kernel: label, failure });
          // No series can be built without the baseline's objects.
          if (!planned) break;
        }
      }
    } finally {
      reporter.close();
    }
    if (!args.json) print(made.join("\n"));
    return blames.length ? exitStatusFor(blames) : exitStatus.ok;
  },
});
