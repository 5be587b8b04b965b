/**
 * Whose fault a failure is; it decides the exit status and whether a retry makes sense. In the
 * order in which they decide it.
 */
export const blames = ["usage", "infra", "suite", "baseline", "series"] as const;
export type Blame = (typeof blames)[number];

export interface FailureDetails {
  /** Machine-readable name of what happened, such as "patch-does-not-apply". */
  readonly reason: string;
  readonly blame: Blame;
  /** One sentence for the person who meets it: what failed. */
  readonly what: string;
  /** The output that proves it, verbatim and bounded. */
  readonly evidence?: string | undefined;
  /** What to try. */
  readonly hint?: string | undefined;
}

/**
 * An expected failure. Anything else that is thrown is a bug in the harness.
 * Evidence is bytes from compilers and guests: whoever prints it escapes it.
 */
export class Failure extends Error implements FailureDetails {
  override readonly name = "Failure";
  readonly reason: string;
  readonly blame: Blame;
  readonly what: string;
  readonly evidence?: string;
  readonly hint?: string;

  constructor(details: FailureDetails) {
    super(`${details.blame}: ${details.what}`);
    this.reason = details.reason;
    this.blame = details.blame;
    this.what = details.what;
    if (details.evidence !== undefined) this.evidence = details.evidence;
    if (details.hint !== undefined) this.hint = details.hint;
  }

  /** The plain data of this failure, for events and run.json. */
  get details(): FailureDetails {
    return {
      reason: this.reason,
      blame: this.blame,
      what: this.what,
      ...(this.evidence === undefined ? {} : { evidence: this.evidence }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** Turns whatever was thrown into failure details; an unexpected error is the harness's own (infra). */
export function failureDetails(thrown: unknown): FailureDetails {
  if (thrown instanceof Failure) return thrown.details;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return {
    reason: "harness-bug",
    blame: "infra",
    what: `the harness itself failed: ${error.message}`,
    evidence: error.stack ?? error.message,
    hint: "this is a bug in the harness; please report it with the text above",
  };
}

/** Exit statuses of `harness run` (docs/design: 124, 126, 127 and >=128 never leak). */
export const exitStatus = { ok: 0, series: 1, usage: 2, infra: 3, suite: 3, baseline: 4 } as const;

/**
 * The exit status for a set of failures. The harness's own faults come first: a verdict
 * about the kernel is only worth something when the run that gave it was sound.
 */
export function exitStatusFor(found: Iterable<Blame>): number {
  const seen = new Set(found);
  for (const blame of blames) if (seen.has(blame)) return exitStatus[blame];
  return exitStatus.ok;
}
