/** What a check came to. */
export interface Finding {
  /**
   * ok; missing: its packages bring it; broken: there, but it does not work here; note: something
   * worth knowing that stops nothing.
   */
  readonly state: "ok" | "missing" | "broken" | "note";
  /** A version, a size, or what is wrong. */
  readonly detail: string;
  /** What to do where packages alone do not help. */
  readonly hint?: string;
  /** Commands for root that mend it once the packages are there. */
  readonly remedy?: readonly (readonly string[])[];
}

/** One thing that the harness wants from the machine. */
export interface Check {
  readonly group: "compilers" | "kernel build" | "guests" | "machine";
  readonly name: string;
  /** What the harness does with it. */
  readonly purpose: string;
  /**
   * needed: nothing works without it; recommended: installed with the rest, but the harness goes
   * on without; optional: for one option of the command line.
   */
  readonly importance: "needed" | "recommended" | "optional";
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  /** `full`: versions and slow questions too. */
  readonly probe: (full: boolean) => Promise<Finding>;
}

export interface DoctorOptions {
  /** Versions and slow questions too; without it only what decides whether the harness can work. */
  readonly full: boolean;
  /** Where results are written; its disk is looked at. */
  readonly resultsDir: string;
  readonly signal?: AbortSignal;
}
