/** A remark on a file of the commit that is checked. */
export interface CheckAnnotation {
  /** Relative to the repository. */
  readonly path: string;
  readonly title: string;
  readonly message: string;
}

/** What a check of a commit says. */
export interface CheckReport {
  /** Tells it from other checks of the commit: the same name is the same check. */
  readonly name: string;
  readonly conclusion: "success" | "failure" | "neutral" | "cancelled";
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly CheckAnnotation[];
}

/** What one run saw of a regression on one architecture and release. */
export interface RegressionSighting {
  /** "x86_64 apt:6.12". */
  readonly cell: string;
  /** False: the case was seen to pass there. */
  readonly regresses: boolean;
  readonly run: string;
  /** In a guest's words, perhaps; empty when unknown. */
  readonly why: string;
}

/** A case that regresses somewhere, or was seen not to. */
export interface RegressionReport {
  /** The same in all runs; never two issues of one key. */
  readonly key: string;
  /** "baseline" or the series' name. */
  readonly series: string;
  readonly case: string;
  readonly sightings: readonly RegressionSighting[];
}
