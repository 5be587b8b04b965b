import type { CaseComparison, RepeatResults } from "./comparison.ts";
import { chanceOfSoMany, type Seen } from "./confidence.ts";
import { isCaseOf, isFailing, type CaseVerdict } from "./verdict.ts";

/** Whether all repeats said the same of a case: one that fails, or hangs, or dies, fails each time. */
export function isSteady(verdicts: readonly CaseVerdict[]): boolean {
  return new Set(verdicts.map(kindOf)).size <= 1;
}

/** What was not seen is no failure that was. */
function kindOf(verdict: CaseVerdict): CaseVerdict {
  return isFailing(verdict) && verdict !== "missing" ? "fail" : verdict;
}

/** With so many repeats of each kernel, what is too rare to blame the series is put down to chance. */
const enoughRepeats = 9;

/**
 * A case that disagrees with itself on the patched kernel and not on the baseline, and not so often
 * that chance is ruled out, in few repeats: more would tell. One that is flaky on the baseline too
 * says nothing of the series, and a claim that failed once is not proved, whatever else it does.
 */
export function isUndecided(each: CaseComparison): boolean {
  const isFew = Math.min(each.baseline.length, each.patched.length) < enoughRepeats;
  if (each.transition !== "flaky" || each.known) return false;
  if (each.proof && each.proof !== "proved") return false;
  return isSteady(each.baseline) && isFew && !isFlakyByPatch(each);
}

/** As likely as this or less, and it is not put down to chance. */
const significance = 0.05;

/**
 * A case that always passes on the baseline, disagrees with itself on the patched kernel, and fails
 * there more often than chance explains. Where its program is flaky on the baseline, in other
 * cases, chance must not explain the whole program's failures either: of ten cases with the same
 * race, some one fails on one kernel only.
 */
export function isFlakyByPatch(each: CaseComparison): boolean {
  if (each.transition !== "flaky" || each.known) return false;
  if (each.baseline.length === 0) return false;
  if (each.baseline.some((verdict) => verdict !== "pass")) return false;
  const seen = (verdicts: readonly CaseVerdict[]): Seen => ({
    fails: verdicts.filter((verdict) => verdict !== "pass").length,
    boots: verdicts.length,
  });
  const own = chanceOfSoMany(seen(each.baseline), seen(each.patched));
  const { program } = each;
  const all = program ? chanceOfSoMany(program.baseline, program.patched) : 0;
  return own <= significance && all <= significance;
}

/** Flaky cases of programs that are flaky on the baseline anyway, with how often each kernel's program was. */
export function withFlakyPrograms(
  cases: readonly CaseComparison[],
  baseline: readonly RepeatResults[],
  patched: readonly RepeatResults[],
): CaseComparison[] {
  const flaky = cases.filter(({ transition }) => transition === "flaky");
  const programs = [...new Set(baseline.flatMap((repeat) => repeat.programs ?? []))];
  const found = new Map<string, CaseComparison["program"]>();
  for (const program of programs) {
    const own = new Set(flaky.flatMap(({ name }) => (isCaseOf(program, name) ? [name] : [])));
    const isFlakyBefore = (each: CaseComparison) => own.has(each.name) && !isSteady(each.baseline);
    if (!flaky.some(isFlakyBefore)) continue;
    const seen = (repeats: readonly RepeatResults[]): Seen => {
      const each = repeats.map(({ cases }) => cases.filter(({ name }) => own.has(name)));
      return {
        fails: each.filter((results) => results.some(({ verdict }) => verdict !== "pass")).length,
        boots: each.filter((results) => results.length > 0).length,
      };
    };
    const counts = { baseline: seen(baseline), patched: seen(patched) };
    for (const name of own) found.set(name, counts);
  }
  return cases.map((each) => {
    const program = found.get(each.name);
    return program ? { ...each, program } : each;
  });
}
