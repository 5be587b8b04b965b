import { isRegression } from "./compare.ts";
import type { CaseComparison, Comparison, Transition } from "./comparison.ts";

/** How many cases made each transition, and how each claim came out. */
export interface ComparisonCounts {
  readonly cases: number;
  readonly transitions: Readonly<Record<Transition, number>>;
  readonly proved: number;
  readonly notProved: number;
  readonly passesWithout: number;
  /** Of the transitions, the regressions that a control's own cases are meant to make, and known failures. */
  readonly expectedRegressions: number;
  readonly known: number;
}

/** Counts of a comparison, for the reports. */
export function countComparison(comparison: Comparison): ComparisonCounts {
  const count = (test: (each: CaseComparison) => boolean) => comparison.cases.filter(test).length;
  const of = (transition: Transition) => count((each) => each.transition === transition);
  return {
    cases: comparison.cases.length,
    transitions: {
      same: of("same"),
      fixed: of("fixed"),
      regression: of("regression"),
      new: of("new"),
      gone: of("gone"),
      flaky: of("flaky"),
    },
    proved: count((each) => each.proof === "proved"),
    notProved: count((each) => each.proof === "not-proved"),
    passesWithout: count((each) => each.proof === "passes-without"),
    expectedRegressions: count(
      (each) => each.transition === "regression" && !isRegression(comparison, each),
    ),
    known: count((each) => each.known !== undefined),
  };
}
