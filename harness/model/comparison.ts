import { z } from "zod";
import { blames } from "./failure.ts";
import { caseVerdicts, type CaseResult, type Splat } from "./verdict.ts";

/** All results of one kernel in one repeat of the run. */
export interface RepeatResults {
  /** "<suite>.<program>[@<abi>]" of the programs that this repeat ran; all when absent. */
  readonly only?: readonly string[] | undefined;
  /** The same of those that it is known to have run; without, no case is judged with its program. */
  readonly programs?: readonly string[] | undefined;
  readonly cases: readonly CaseResult[];
  readonly splats: readonly Splat[];
}

const transitions = ["same", "fixed", "regression", "new", "gone", "flaky"] as const;
export type Transition = (typeof transitions)[number];

const seenSchema = z.object({ fails: z.number(), boots: z.number() });

/** One case on baseline and patched kernel; several verdicts where the run repeats. */
const caseComparisonSchema = z.object({
  name: z.string(),
  /** One verdict a repeat; empty when the case never appeared on that kernel. */
  baseline: z.array(z.enum(caseVerdicts)),
  patched: z.array(z.enum(caseVerdicts)),
  transition: z.enum(transitions),
  /** Only for the series' own cases: did this case prove what the series claims? */
  proof: z.enum(["proved", "not-proved", "passes-without"]).optional(),
  /** Why the case did not pass, as the kernel's run said it. */
  baselineReason: z.string().optional(),
  patchedReason: z.string().optional(),
  /** The known failure that explains it: it blames nobody. Only where something is wrong. */
  known: z.object({ reason: z.string(), link: z.string(), expires: z.string() }).optional(),
  /**
   * Only where the case's program is flaky on the baseline, in this case or another: in how many of
   * each kernel's repeats a flaky case of it did not pass, of those that can pass on the baseline.
   */
  program: z.object({ baseline: seenSchema, patched: seenSchema }).optional(),
});
export type CaseComparison = z.infer<typeof caseComparisonSchema>;

const comparisonVerdicts = [
  "proved",
  "no-regression",
  "regression",
  "not-proved",
  "flaky",
  "incomplete",
] as const;
export type ComparisonVerdict = (typeof comparisonVerdicts)[number];

/** What one series changed. */
export const comparisonSchema = z.object({
  series: z.string(),
  control: z.boolean(),
  cases: z.array(caseComparisonSchema),
  /** Globs of the series' `proves` and `except` that match no case of either kernel, or none that is to prove anything. */
  unmatchedProves: z.array(z.string()),
  /** New kernel complaints: on the patched kernel's console and not on the baseline's. */
  newSplats: z.array(z.string()),
  /** Why the comparison does not cover everything it should; empty when it does. */
  incomplete: z.array(z.string()),
  verdict: z.enum(comparisonVerdicts),
  /** Whose fault it is that this is not a clean result; empty when it is one. */
  blames: z.array(z.enum(blames)),
});
export type Comparison = z.infer<typeof comparisonSchema>;
