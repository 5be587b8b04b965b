import type { CaseVerdict } from "./verdict.ts";
import type { RunRecord } from "./run.ts";
import { parseKernelVersion } from "./kernel-version.ts";

/** Whose results are one history: runs of the same architecture, release and series. */
export interface Subject {
  readonly arch: string;
  /** See kernelLine. */
  readonly kernel: string;
  /** "" is the baseline. */
  readonly series: string;
}

/**
 * The release that a run's baseline belongs to, such as "apt:6.12", with the series of --on if it
 * had one: "apt:6.12 + wait6". Kernels of another origin have another history: a distribution's
 * patches are not in kernel.org's release, and a folder can hold anything.
 */
export function kernelLine(kernel: RunRecord["kernel"]): string {
  const version = parseKernelVersion(kernel.version);
  const release = version ? `${version.major}.${version.minor}` : kernel.version;
  // A release that kernel.org did not give may have come from apt instead.
  const isApt = kernel.description.includes("(linux-source-");
  const origin = isApt ? "apt" : (/^(apt|dir|git|release):/.exec(kernel.spec)?.[1] ?? "release");
  const on = kernel.identity.startsWith("patched:")
    ? ` +${kernel.description.split("+").at(-1) ?? ""}`
    : "";
  return `${origin}:${release}${on}`;
}

/** What a case came to on one kernel in one run. */
export interface Observation {
  readonly run: string;
  /** When the run began, ISO 8601. */
  readonly at: string;
  readonly version: string;
  /** The same for kernels, programs and machines that are the same: they should say the same. */
  readonly identity: string;
  /** One a boot. */
  readonly verdicts: readonly CaseVerdict[];
  /** The run did not come to its end or lost a guest: what is missing may not have been run. */
  readonly lost: boolean;
}

/** `nothing`: skipped, failed as expected, or not run for a reason that is not the kernel's. */
export type Said = "passed" | "failed" | "both" | "nothing";

/** What one run says of a case. A planned case that was never reported failed, unless the host is why. */
export function said({ verdicts, lost }: Pick<Observation, "verdicts" | "lost">): Said {
  const passed = verdicts.includes("pass");
  const failed = verdicts.some((verdict) => isFailure(verdict, lost));
  if (passed && failed) return "both";
  if (passed) return "passed";
  return failed ? "failed" : "nothing";
}

function isFailure(verdict: CaseVerdict, lost: boolean): boolean {
  if (verdict === "missing") return !lost;
  return verdict === "fail" || verdict === "crash" || verdict === "timeout";
}

/** Where a case stands after its newest run. */
export interface Standing {
  /** Of the newest run that said something. */
  readonly said: Said;
  /** Runs since the last one that only passed in which the case failed. */
  readonly failingRuns: number;
  /** The first of these. */
  readonly firstFailing?: Observation;
  /** The newest run that only passed. */
  readonly lastPassing?: Observation;
  /** Runs after the newest one that said something. */
  readonly silentRuns: number;
}

/**
 * Where a case stands. A run that says nothing neither ends a row of failures nor adds to it.
 * `observations`: oldest first.
 */
export function standing(observations: readonly Observation[]): Standing {
  let failingRuns = 0;
  let firstFailing: Observation | undefined;
  let lastPassing: Observation | undefined;
  let newest: Said = "nothing";
  let silentRuns = 0;
  for (const each of observations) {
    const what = said(each);
    if (what === "nothing") {
      silentRuns++;
      continue;
    }
    newest = what;
    silentRuns = 0;
    if (what === "passed") {
      failingRuns = 0;
      firstFailing = undefined;
      lastPassing = each;
    } else {
      failingRuns++;
      firstFailing ??= each;
    }
  }
  return {
    said: newest,
    failingRuns,
    ...(firstFailing ? { firstFailing } : {}),
    ...(lastPassing ? { lastPassing } : {}),
    silentRuns,
  };
}

/** How often a case contradicts itself where nothing differs. */
export interface Flakiness {
  /** The chance that two boots that should say the same do not: 0 never, 0.5 about as often as not. */
  readonly score: number;
  /** Boots that passed and that failed, of identities with two boots or more. */
  readonly passes: number;
  readonly failures: number;
}

/** Undefined where no two boots can be compared: nothing is known then, which is not "steady". */
export function flakiness(observations: readonly Observation[]): Flakiness | undefined {
  const groups = new Map<string, { passes: number; failures: number }>();
  for (const { identity, verdicts, lost } of observations) {
    const group = groups.get(identity) ?? { passes: 0, failures: 0 };
    for (const verdict of verdicts) {
      if (verdict === "pass") group.passes++;
      else if (isFailure(verdict, lost)) group.failures++;
    }
    groups.set(identity, group);
  }
  const comparable = [...groups.values()].filter(({ passes, failures }) => passes + failures > 1);
  let pairs = 0;
  let contradictions = 0;
  for (const { passes, failures } of comparable) {
    const boots = passes + failures;
    pairs += (boots * (boots - 1)) / 2;
    contradictions += passes * failures;
  }
  if (pairs === 0) return undefined;
  return {
    score: contradictions / pairs,
    passes: comparable.reduce((sum, { passes }) => sum + passes, 0),
    failures: comparable.reduce((sum, { failures }) => sum + failures, 0),
  };
}

/** How long something takes now, and took before. */
export interface Drift {
  /** Median of the three newest values. */
  readonly now: number;
  /** Median of the up to twenty before them. */
  readonly before: number;
  /** The medians differ by more than a fifth, and by more than the values before them scatter. */
  readonly drifted: boolean;
}

/** `values`: oldest first. Undefined with fewer than three values on either side. */
export function drift(values: readonly number[]): Drift | undefined {
  const newest = values.slice(-3);
  const earlier = values.slice(-23, -3);
  if (earlier.length < 3) return undefined;
  const now = middle(newest);
  const before = middle(earlier);
  const scatter = middle(earlier.map((value) => Math.abs(value - before)));
  const change = Math.abs(now - before);
  return { now, before, drifted: change > before / 5 && change > 3 * scatter };
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}

/** All that is known of a case on one architecture, release and series. */
export interface CaseHistory {
  readonly name: string;
  readonly subject: Subject;
  /** Oldest first. */
  readonly observations: readonly Observation[];
  readonly standing: Standing;
  readonly flakiness?: Flakiness;
  /** Seconds of what took time: the case's program, its guest's boot. */
  readonly drifts: Readonly<Record<string, Drift>>;
  /** Newer runs of the same subject that do not have the case: not chosen there, or gone. */
  readonly absentRuns: number;
}
