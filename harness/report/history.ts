import { oneLine } from "../model/escape.ts";
import { said, type CaseHistory, type Drift, type Observation } from "../model/history.ts";
import { counted, duration, verdictsText } from "./sentences.ts";

/** Runs shown of one history, newest first; `--json` has all. */
const listed = 10;

/** Where each case stands and how it came there, for a terminal. */
export function historyLines(histories: readonly CaseHistory[]): string[] {
  const lines: string[] = [];
  let last = "";
  for (const history of histories) {
    if (history.name !== last) {
      if (lines.length > 0) lines.push("");
      lines.push(oneLine(history.name));
      last = history.name;
    }
    lines.push(`  ${subjectText(history)}: ${standingText(history)}`);
    const newest = history.observations.slice(-listed).reverse();
    for (const each of newest) lines.push(`    ${observationText(each)}`);
    const more = history.observations.length - newest.length;
    if (more > 0) lines.push(`    ... and ${counted(more, "older run")}`);
    lines.push(...detailLines(history).map((line) => `    ${line}`));
  }
  return lines;
}

/** One line a case: where it stands. */
export function standingLines(histories: readonly CaseHistory[]): string[] {
  return histories.map(
    (history) => `${oneLine(history.name)}  ${subjectText(history)}: ${standingText(history)}`,
  );
}

function subjectText({ subject }: CaseHistory): string {
  const { arch, kernel, series } = subject;
  return oneLine(`${arch} ${kernel} ${series === "" ? "baseline" : series}`);
}

function standingText(history: CaseHistory): string {
  const { standing, observations } = history;
  const parts: string[] = [];
  switch (standing.said) {
    case "passed":
      parts.push(
        observations.some((each) => said(each) !== "passed" && said(each) !== "nothing")
          ? "passes"
          : `passes, never failed in ${counted(observations.length, "run")}`,
      );
      break;
    case "failed":
      parts.push(`FAILING since ${counted(standing.failingRuns, "run")}`);
      break;
    case "both":
      parts.push(`passes and fails since ${counted(standing.failingRuns, "run")}`);
      break;
    case "nothing":
      parts.push(`neither passed nor failed in ${counted(observations.length, "run")}`);
  }
  if (standing.firstFailing) parts.push(`first in ${oneLine(standing.firstFailing.run)}`);
  if (standing.lastPassing && standing.failingRuns > 0)
    parts.push(`passed last in ${oneLine(standing.lastPassing.run)}`);
  else if (standing.failingRuns > 0) parts.push("no run only passed");
  if (standing.silentRuns > 0 && standing.said !== "nothing")
    parts.push(`${counted(standing.silentRuns, "newer run")} did not tell`);
  if (history.absentRuns > 0) parts.push(`not in ${counted(history.absentRuns, "newer run")}`);
  const flaky = history.flakiness;
  if (flaky && flaky.score > 0)
    parts.push(
      `FLAKY ${flaky.score.toFixed(2)}: ${flaky.failures} of ${counted(flaky.passes + flaky.failures, "boot")} of equal kernels failed`,
    );
  return parts.join(", ");
}

function observationText(each: Observation): string {
  const lost = each.lost ? "  (the run is not whole)" : "";
  return `${oneLine(each.run)}  ${oneLine(each.version)}  ${verdictsText(each.verdicts)}${lost}`;
}

function detailLines(history: CaseHistory): string[] {
  return Object.entries(history.drifts).map(([what, value]) => driftText(what, value));
}

function driftText(what: string, { now, before, drifted }: Drift): string {
  const change = Math.round((now / before - 1) * 100);
  const mark = drifted ? `  DRIFTED ${change > 0 ? "+" : ""}${change} %` : "";
  return `${what}: ${duration(now)}, before ${duration(before)}${mark}`;
}
