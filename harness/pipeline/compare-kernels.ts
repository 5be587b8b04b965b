import { compare } from "../model/compare.ts";
import type { Comparison } from "../model/comparison.ts";
import { repeatsOf } from "../model/compare-runs.ts";
import { kernelOf, type RunRecord } from "../model/run.ts";
import type { Series } from "../series/patch-set.ts";
import { programName, type BuiltSuite, type SuiteRequest } from "../suite.ts";
import type { Plan } from "./plan.ts";

/** What the series changed, from what the run's record says so far of its kernel and the baseline. */
export function compareKernels(
  series: Series,
  plan: Pick<Plan, "suites" | "known">,
  suites: readonly BuiltSuite[],
  record: RunRecord,
): Comparison {
  // A kernel whose tests broke off: what is lacking there is not known to be lost.
  const unseen = (side: "baseline" | "patched", label: string) =>
    record.failures
      .filter((failure) => failure.kernel === label)
      .map((failure) => ({ side, why: `${label}: ${failure.what}` }));
  const asked = (globs: readonly string[]) => globs.filter((glob) => concerns(glob, plan.suites));
  return compare({
    series: series.name,
    proves: asked(series.proves),
    except: asked(series.except?.flatMap(({ cases }) => cases) ?? []),
    exceptWarnings: (series.except ?? []).map(({ cases, warnings = [] }) => ({ cases, warnings })),
    control: series.control,
    leftOut: suites.flatMap((suite) =>
      suite.programs
        .filter(({ skip }) => skip !== undefined)
        .map((program) => programName(suite, program)),
    ),
    baseline: repeatsOf(kernelOf(record, "baseline")),
    patched: repeatsOf(kernelOf(record, series.name)),
    known: plan.known.live,
    unseen: [...unseen("baseline", "baseline"), ...unseen("patched", series.name)],
  });
}

/** Whether a glob of case names is about a suite of this run: what was not asked for is not lacking. */
function concerns(glob: string, suites: readonly SuiteRequest[]): boolean {
  return suites.some((suite) => {
    if (suite.kind === "c") return glob.startsWith(`${suite.name}.`) || glob.startsWith("*");
    return suite.targets.some((target) =>
      glob.startsWith(`kselftest.${target.replace(/\//g, ".")}.`),
    );
  });
}
