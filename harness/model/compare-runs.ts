import { compare, type Unseen } from "./compare.ts";
import type { Comparison, RepeatResults } from "./comparison.ts";
import { oneLine } from "./escape.ts";
import type { KernelRecord, RunRecord } from "./run.ts";

/** The results of one kernel of a run, one entry a repeat; boots of the same repeat are put together. */
export function repeatsOf(kernel: KernelRecord): RepeatResults[] {
  const repeats = new Map<number, RepeatResults>();
  for (const boot of kernel.boots) {
    const known = repeats.get(boot.repeat) ?? { only: boot.only, cases: [], splats: [] };
    repeats.set(boot.repeat, {
      only: known.only && [...known.only, ...(boot.only ?? [])],
      programs: [...(known.programs ?? []), ...Object.keys(boot.programSeconds ?? {})],
      cases: [...known.cases, ...boot.cases],
      splats: [...known.splats, ...boot.splats],
    });
  }
  return [...repeats].sort(([one], [other]) => one - other).map(([, results]) => results);
}

/**
 * Compares two runs kernel by kernel (baseline with baseline, each series with the series of that
 * name): the first run's as the baseline, the second's as the patched kernel. Cases that only one
 * of them was asked to run, or did not come to, are no regressions.
 * `remarks` says, safe for a terminal, what else differs between the runs, since it may be the reason.
 */
export function compareRuns(
  a: RunRecord,
  b: RunRecord,
): { readonly comparisons: readonly Comparison[]; readonly remarks: readonly string[] } {
  const remarks = differences(a, b);
  const comparisons = a.kernels.flatMap((kernel) => {
    const other = b.kernels.find((each) => each.label === kernel.label);
    if (!other) return [];
    const unseen = [
      ...unseenOf(a, kernel.label, "baseline", b),
      ...unseenOf(b, kernel.label, "patched", a),
    ];
    return compare({
      series: kernel.label,
      proves: [],
      control: false,
      baseline: repeatsOf(kernel),
      patched: repeatsOf(other),
      unseen,
    });
  });
  const labels = (run: RunRecord) => run.kernels.map((kernel) => kernel.label);
  for (const [run, others] of [
    [a, labels(b)],
    [b, labels(a)],
  ] as const) {
    const alone = labels(run).filter((label) => !others.includes(label));
    if (alone.length > 0) remarks.push(`only in ${oneLine(run.id)}: ${oneLine(alone.join(", "))}`);
  }
  return { comparisons, remarks };
}

function unseenOf(run: RunRecord, label: string, side: Unseen["side"], other: RunRecord): Unseen[] {
  const found: Unseen[] = other.suites
    .filter((suite) => !run.suites.includes(suite))
    .map((suite) => ({ side, suite: prefixOf(suite), why: `${suite} was not part of ${run.id}` }));
  if (run.status === "interrupted" || run.status === "running") {
    found.push({ side, why: `${run.id} did not come to its end` });
  }
  const lost = run.failures.find(
    (failure) => failure.blame === "infra" && (failure.kernel ?? label) === label,
  );
  if (lost) found.push({ side, why: `${run.id}: ${lost.what}` });
  return found;
}

/** What the suite's case names begin with. */
function prefixOf(suite: string): string {
  return suite.replace(/:.*/, "");
}

function differences(a: RunRecord, b: RunRecord): string[] {
  const facts = [
    ["architecture", a.arch, b.arch],
    ["kernel", a.kernel.version, b.kernel.version],
    ["toolchain", a.toolchain, b.toolchain],
    ["accelerator", a.accelerator?.name ?? "unknown", b.accelerator?.name ?? "unknown"],
  ] as const;
  return facts
    .filter(([, one, other]) => one !== other)
    .map(([name, one, other]) => `${name} differs: ${oneLine(one)} and ${oneLine(other)}`);
}
