import { countComparison } from "../model/compare-counts.ts";
import { isRegression } from "../model/compare.ts";
import type { CaseComparison, Comparison } from "../model/comparison.ts";
import type { Event } from "../model/event.ts";
import { blameText } from "../model/failure-text.ts";
import { blames, exitStatusFor, type Blame, type FailureDetails } from "../model/failure.ts";
import type { CaseVerdict } from "../model/verdict.ts";

/* What the reports say, in words that hold nothing from a guest, a patch or a file name, unless said. */

/** "42 cases", "1 case". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

/** "0.4 s", "12 s", "3 min 12 s", "1 h 02 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** "3 of 12 cells done, about 25 min 10 s left". */
export function cellsText(event: Event & { readonly type: "cells" }): string {
  const { done, of, secondsLeft } = event;
  const left =
    secondsLeft === undefined || done === of ? "" : `, about ${duration(secondsLeft)} left`;
  return `${done} of ${counted(of, "cell")} done${left}`;
}

/** "pass", or what each repeat said when they differ or are many: "pass, fail, pass"; "3 x fail". */
export function verdictsText(verdicts: readonly CaseVerdict[]): string {
  const [first, ...others] = verdicts;
  if (first === undefined) return "not there";
  if (others.length === 0) return first;
  return others.every((each) => each === first)
    ? `${verdicts.length} x ${first}`
    : verdicts.join(", ");
}

/** Why a case is not as it should be; what the guest said may hold anything. */
export function reasonText(each: CaseComparison): string | undefined {
  if (each.known)
    return `known until ${each.known.expires}: ${each.known.reason} ${each.known.link}`;
  // Why it failed without the series says nothing of why it still does.
  const failsPatched = each.patched.some((verdict) => verdict !== "pass");
  return each.patchedReason ?? (failsPatched ? undefined : each.baselineReason);
}

/** One word or two for the heading of a comparison. */
export function verdictWord(comparison: Comparison): string {
  switch (comparison.verdict) {
    case "proved":
      return "proved";
    case "no-regression":
      return "no regression";
    case "regression":
      return "REGRESSION";
    case "not-proved":
      return "NOT PROVED";
    case "flaky":
      return "FLAKY";
    case "incomplete":
      return "INCOMPLETE";
  }
}

/** What the comparison found, in one sentence with its figures. */
export function verdictSentence(comparison: Comparison): string {
  const counts = countComparison(comparison);
  const regressions = counts.transitions.regression - counts.expectedRegressions;
  const claims = counts.proved + counts.notProved + counts.passesWithout;
  const parts = [counted(counts.cases, "case") + " compared"];
  if (claims > 0) {
    const own = comparison.control
      ? `${counts.proved} of its ${counted(claims, "own case")} fail without the feature, as they must`
      : `${counts.proved} of the series' ${counted(claims, "own case")} proved`;
    parts.push(own);
  }
  if (counts.passesWithout > 0) {
    parts.push(`${counts.passesWithout} pass without it and prove nothing`);
  }
  parts.push(counted(regressions, "regression"));
  if (counts.transitions.fixed > counts.proved || claims === 0) {
    parts.push(`${counts.transitions.fixed} fixed`);
  }
  if (counts.transitions.flaky > 0) parts.push(`${counts.transitions.flaky} flaky`);
  if (counts.transitions.new > 0) parts.push(`${counts.transitions.new} new`);
  if (counts.transitions.gone > 0) parts.push(`${counts.transitions.gone} gone`);
  if (counts.known > 0) parts.push(counted(counts.known, "known failure"));
  if (comparison.newSplats.length > 0) {
    parts.push(counted(comparison.newSplats.length, "new kernel splat"));
  }
  return parts.join(", ");
}

/** A heading and the cases under it that a reader must see. */
export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly CaseComparison[];
}

/** The cases of a comparison that are news, worst first; cases that are the same are in no group. */
export function caseGroups(comparison: Comparison): CaseGroup[] {
  const { cases } = comparison;
  const own = (proof: CaseComparison["proof"]) => cases.filter((each) => each.proof === proof);
  const plain = (transition: CaseComparison["transition"]) =>
    cases.filter((each) => each.transition === transition && each.proof === undefined);
  const groups = [
    { title: "Regressions", cases: cases.filter((each) => isRegression(comparison, each)) },
    { title: "Not proved", cases: own("not-proved") },
    {
      title: comparison.control
        ? "Pass without the feature: the suite cannot fail"
        : "Pass without the series: prove nothing",
      cases: own("passes-without"),
    },
    {
      title: "Flaky",
      cases: cases.filter((each) => each.transition === "flaky" && each.known === undefined),
    },
    { title: "Known failures", cases: cases.filter((each) => each.known !== undefined) },
    { title: "Gone", cases: plain("gone") },
    { title: "Fixed", cases: plain("fixed") },
    { title: "New", cases: plain("new") },
    {
      title: comparison.control ? "Fail without the feature, as they must" : "Proved",
      cases: own("proved"),
    },
  ];
  return groups.filter((group) => group.cases.length > 0);
}

/** What a run came to, as events or its record tell it. */
export interface Outcome {
  readonly status: "running" | "complete" | "interrupted" | "failed";
  readonly exitStatus: number;
  readonly comparisons: readonly Comparison[];
  readonly failures: readonly (FailureDetails & { readonly kernel?: string | undefined })[];
}

/** The run's verdict in one line; the exit status says the same to a program. */
export function outcomeSentence(outcome: Outcome): string {
  if (outcome.status === "running")
    return "The run is still under way; this is what it has so far.";
  if (outcome.status === "interrupted") {
    return "The run was interrupted: what follows is only a part.";
  }
  const found = new Set<Blame>([
    ...outcome.failures.map((failure) => failure.blame),
    ...outcome.comparisons.flatMap((comparison) => comparison.blames),
  ]);
  // The first decides the exit status; it must not bury the others, least of all the series.
  const whose = blames.filter((blame) => found.has(blame)).map((blame) => blameText[blame]);
  if (whose.length > 0)
    return `At fault: ${whose.join("; ")} (exit status ${exitStatusFor(found)}).`;
  if (outcome.exitStatus !== 0) {
    return `The run failed (exit status ${outcome.exitStatus}).`;
  }
  const incomplete = outcome.comparisons.filter((each) => each.verdict === "incomplete");
  if (incomplete.length > 0) return "Nothing wrong was found, but not everything was run.";
  if (outcome.comparisons.length === 0) return "Nothing was compared.";
  const proved = outcome.comparisons.filter((each) => each.verdict === "proved").length;
  return proved === outcome.comparisons.length
    ? "All proved, no regression."
    : "Nothing wrong: no regression.";
}
