import type { CaseComparison } from "./comparison.ts";
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
 * says nothing of the series; a claim that failed once is not proved, whatever else it does, and one
 * that is proved and was skipped now and then is not the less so.
 */
export function isUndecided(each: CaseComparison): boolean {
  const isFew = Math.min(each.baseline.length, each.patched.length) < enoughRepeats;
  if (each.transition !== "flaky" || each.known || each.proof) return false;
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
  if (each.transition !== "flaky" || each.known || each.proof === "proved") return false;
  if (each.baseline.length === 0) return false;
  if (each.baseline.some((verdict) => verdict !== "pass")) return false;
  const own = chanceOfSoMany(seenOf([each.baseline]), seenOf([each.patched]));
  const { program } = each;
  const all = program ? chanceOfSoMany(program.baseline, program.patched) : 0;
  return own <= significance && all <= significance;
}

/**
 * Flaky cases of programs that are flaky on the baseline anyway, with how often each kernel's program
 * was. `programs`: "<suite>.<program>[@<abi>]", those that were run.
 */
export function withFlakyPrograms(
  cases: readonly CaseComparison[],
  programs: readonly string[],
): CaseComparison[] {
  const flaky = cases.filter(({ transition }) => transition === "flaky");
  const found = new Map<CaseComparison, CaseComparison["program"]>();
  for (const program of programs) {
    // One that never passes on the baseline cannot be broken, and would make each boot a failed one.
    const own = flaky.filter(
      ({ name, baseline }) => isCaseOf(program, name) && baseline.includes("pass"),
    );
    if (own.every((each) => isSteady(each.baseline))) continue;
    const counts = {
      baseline: seenOf(own.map((each) => each.baseline)),
      patched: seenOf(own.map((each) => each.patched)),
    };
    for (const each of own) found.set(each, counts);
  }
  return cases.map((each) => {
    const program = found.get(each);
    return program ? { ...each, program } : each;
  });
}

/** In how many of a kernel's boots some of these cases, of one program, did not pass. */
function seenOf(cases: readonly (readonly CaseVerdict[])[]): Seen {
  const boots = Math.max(...cases.map((verdicts) => verdicts.length));
  const failed = new Set(
    cases.flatMap((verdicts) =>
      verdicts.flatMap((verdict, boot) => (verdict === "pass" ? [] : [boot])),
    ),
  );
  return { fails: failed.size, boots };
}
