import { oneLine } from "../model/escape.ts";
import type { BisectResult } from "../model/bisect.ts";
import type { Event } from "../model/event.ts";
import { failureText } from "../model/failure-text.ts";
import type { FailureDetails } from "../model/failure.ts";
import type { Comparison } from "../model/comparison.ts";
import { bisectLines } from "./bisect.ts";
import {
  caseGroups,
  duration,
  outcomeSentence,
  reasonText,
  verdictSentence,
  verdictsText,
  verdictWord,
  type Outcome,
} from "./sentences.ts";

/** Cases listed of one group; the report has them all. */
const listed = 8;

/** Gathers from a run's events what its conclusion needs. */
export class Conclusion {
  readonly #comparisons: Comparison[] = [];
  readonly #failures: (FailureDetails & { kernel?: string })[] = [];

  #bisected: BisectResult | undefined;

  take(event: Event): void {
    if (event.type === "bisected") this.#bisected = event.result;
    if (event.type === "compared") this.#comparisons.push(event.comparison);
    if (event.type === "failure") {
      this.#failures.push({
        ...event.failure,
        ...(event.kernel === undefined ? {} : { kernel: event.kernel }),
      });
    }
  }

  /** The lines that end the run's output. Safe for a terminal. */
  lines(end: Event & { type: "run-finished" }): string[] {
    const where = { seconds: end.seconds, report: end.report ?? end.resultsDir };
    if (this.#bisected) return bisectLines(this.#bisected, where);
    return conclusionLines(
      {
        status: end.status,
        exitStatus: end.exitStatus,
        comparisons: this.#comparisons,
        failures: this.#failures,
      },
      where,
    );
  }
}

/**
 * A run's verdict for people: what each series came to, with the cases that matter, what failed
 * and whose fault it is, where the report lies. Safe for a terminal.
 */
export function conclusionLines(
  outcome: Outcome,
  where: { readonly seconds: number; readonly report: string },
): string[] {
  return [
    ...outcome.comparisons.flatMap(comparisonLines),
    ...outcome.failures.flatMap((failure) => failureLines(failure)),
    "",
    `${outcomeSentence(outcome)} ${duration(where.seconds)}.`,
    `Report: ${oneLine(where.report)}`,
  ];
}

/** One comparison: its verdict, and the cases that are not as they should be. */
export function comparisonLines(comparison: Comparison): string[] {
  const name = oneLine(comparison.series) + (comparison.control ? " (control)" : "");
  const lines = ["", `${name}: ${verdictWord(comparison)}. ${verdictSentence(comparison)}.`];
  for (const group of caseGroups(comparison)) {
    // What is as it should be is counted in the sentence above.
    if (/^(Proved|Fail without|New)/.test(group.title)) continue;
    lines.push(`  ${group.title}:`);
    for (const each of group.cases.slice(0, listed)) {
      const reason = reasonText(each);
      const change = `${verdictsText(each.baseline)} -> ${verdictsText(each.patched)}`;
      lines.push(`    ${oneLine(each.name)}  ${change}`);
      if (reason) lines.push(`        ${oneLine(reason).slice(0, 160)}`);
    }
    if (group.cases.length > listed) lines.push(`    ... and ${group.cases.length - listed} more`);
  }
  for (const glob of comparison.unmatchedProves) {
    lines.push(`  No case is called ${oneLine(glob)}, which the series says proves it.`);
  }
  for (const title of comparison.newSplats.slice(0, listed)) {
    lines.push(`  New on the console: ${oneLine(title)}`);
  }
  for (const why of comparison.incomplete) lines.push(`  Not run: ${oneLine(why)}`);
  return lines;
}

/** A failure with blame, evidence and hint, after an empty line. Safe for a terminal. */
function failureLines(failure: FailureDetails & { kernel?: string | undefined }): string[] {
  const text = failureText(failure);
  if (failure.kernel === undefined) return ["", ...text.split("\n")];
  return ["", ...text.replace("error:", `error on ${oneLine(failure.kernel)}:`).split("\n")];
}

/** What failed, in one line. Safe for a terminal. */
export function failureTitle(failure: FailureDetails & { kernel?: string | undefined }): string {
  return failureLines(failure)[1] ?? "";
}
