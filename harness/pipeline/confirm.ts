import { isDoubtful } from "../model/compare.ts";
import type { Comparison } from "../model/comparison.ts";
import { isUndecided } from "../model/flaky.ts";
import { isCaseOf } from "../model/verdict.ts";
import { programName, type BuiltSuite } from "../suite.ts";

/**
 * How often a program with a regression or a claim not proved is run again on fresh guests of both kernels. With two, a
 * case that fails three times of three on the patched kernel and never on the baseline is put down
 * to chance with probability 1/20 (Fisher's exact test).
 */
const confirmations = 2;

/** And how often at the most while a case fails now and then, and on the patched kernel alone. */
export const mostConfirmations = 8;

/** Chance breaks a case here and there. Where more programs than this break, it was not chance. */
const mostSuspects = 8;

/**
 * The programs ("<suite>.<program>[@<abi>]") to be run again in this round (from 0): those whose
 * cases are doubtful, and later those whose cases waver; none when they are so many that there is
 * nothing to doubt.
 */
export function suspectPrograms(
  comparison: Comparison,
  suites: readonly BuiltSuite[],
  round: number,
): string[] {
  const doubted = comparison.cases.filter(
    (each) => isUndecided(each) || (round < confirmations && isDoubtful(comparison, each)),
  );
  const programs = suites.flatMap((suite) =>
    suite.programs.map((program) => programName(suite, program)),
  );
  const suspects = programs.filter((program) =>
    doubted.some(({ name }) => isCaseOf(program, name)),
  );
  return suspects.length > mostSuspects ? [] : suspects;
}
