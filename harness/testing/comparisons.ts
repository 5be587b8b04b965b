import type { ExecutionContext } from "ava";
import { compare, type CompareRequest } from "../model/compare.ts";
import {
  comparisonSchema,
  type ComparisonVerdict,
  type RepeatResults,
} from "../model/comparison.ts";
import { exitStatusFor, type Blame } from "../model/failure.ts";
import type { CaseVerdict, Splat } from "../model/verdict.ts";

/** What tests of comparisons write down: a kernel's verdicts as letters. */

const letters: Readonly<Record<string, CaseVerdict>> = {
  P: "pass",
  F: "fail",
  S: "skip",
  X: "xfail",
  C: "crash",
  T: "timeout",
  M: "missing",
};

/** One case a key; "PF": passed in the first repeat, failed in the second; "-": not there. */
export type Results = Readonly<Record<string, string>>;

/** The verdicts of one kernel's repeats, of "PFS". */
export function verdictsOf(text: string): CaseVerdict[] {
  return Array.from(text, (letter) => {
    const verdict = letters[letter];
    if (!verdict) throw new Error(`no verdict is written ${letter}`);
    return verdict;
  });
}

export function repeats(results: Results, splats: readonly string[] = []): RepeatResults[] {
  const count = Math.max(1, ...Object.values(results).map((verdicts) => verdicts.length));
  return Array.from({ length: count }, (_, repeat) => ({
    cases: Object.entries(results).flatMap(([name, verdicts]) => {
      const verdict = letters[verdicts[repeat] ?? "-"];
      return verdict ? [{ name, verdict }] : [];
    }),
    splats: splats.map((title): Splat => ({ kind: "warning", title, offset: 0 })),
  }));
}

/** The first repeat ran everything, the others only these programs. */
export function again(results: Results, only: readonly string[]): RepeatResults[] {
  const all = repeats({ ...results, filler: "--" });
  return all.map((repeat, index) => (index === 0 ? repeat : { ...repeat, only }));
}

export function request(
  baseline: Results,
  patched: Results,
  more: Partial<CompareRequest> = {},
): CompareRequest {
  return {
    series: "s",
    proves: [],
    control: false,
    baseline: repeats(baseline),
    patched: repeats(patched),
    ...more,
  };
}

/** What a comparison must come to. */
export interface Conclusion {
  readonly what: string;
  readonly request: CompareRequest;
  readonly verdict: ComparisonVerdict;
  readonly blames: readonly Blame[];
  readonly exit: number;
}

/** A macro of AVA's: the comparison comes to that. */
export function concludes(t: ExecutionContext, expected: Conclusion): void {
  const comparison = compare(expected.request);
  t.is(comparison.verdict, expected.verdict);
  t.deepEqual(comparison.blames, [...expected.blames]);
  t.is(exitStatusFor(comparison.blames), expected.exit);
  t.deepEqual(comparisonSchema.parse(comparison), comparison);
}
