import type { CaseVerdict } from "../model/verdict.ts";

/** One test point without subtests. */
export interface KtapCase {
  /** Unique within the program: the names from the outermost test to the case, joined by dots. */
  readonly name: string;
  readonly verdict: CaseVerdict;
  readonly reason?: string;
  readonly diagnostics: readonly string[];
}

/** Output that breaks the rules of (K)TAP. */
export interface KtapProblem {
  /** Machine-readable name, such as "beyond-plan". */
  readonly kind:
    | "no-plan"
    | "second-plan"
    | "second-version"
    | "beyond-plan"
    | "short-of-plan"
    | "out-of-sequence"
    | "repeated-name"
    | "subtests-without-result"
    | "contradicts-subtests"
    | "not-tap"
    | "not-text"
    | "long-line"
    | "too-many-cases"
    | "bail-out";
  readonly text: string;
}

export interface KtapReport {
  /** In the order of the output; planned cases that were not reported come last in their level, as `missing`. */
  readonly cases: readonly KtapCase[];
  readonly problems: readonly KtapProblem[];
  /** Name of the missing case that must have been under way when the output ended. */
  readonly underWay?: string;
  /** Text behind "Bail out!". */
  readonly bailOut?: string;
  /** Reason of a plan "1..0 # SKIP reason". */
  readonly skipAll?: string;
  /** Whether there was a single line of (K)TAP. */
  readonly isTap: boolean;
  /** The last lines that belong to no case, bounded. */
  readonly rest: readonly string[];
}
