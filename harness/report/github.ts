import { isRegression } from "../model/compare.ts";
import { markdownCode, markdownText } from "../model/escape.ts";
import { blameText } from "../model/failure-text.ts";
import { kernelLine, type CaseHistory } from "../model/history.ts";
import type {
  CheckAnnotation,
  CheckReport,
  RegressionReport,
  RegressionSighting,
} from "../model/posting.ts";
import type { RunRecord } from "../model/run.ts";
import { markdownSummary } from "./markdown.ts";
import { outcomeSentence, verdictSentence, verdictWord } from "./sentences.ts";

/** GitHub takes 65,535 characters of a text; some are left for what frames it. */
const textLimit = 60_000;

/** The summaries of runs as one text that GitHub takes. */
export function postedSummary(records: readonly RunRecord[]): string {
  const text = records.map(markdownSummary).join("\n\n---\n\n");
  if (text.length <= textLimit) return text;
  const [kept] = [text.slice(0, textLimit)].map((part) => part.slice(0, part.lastIndexOf("\n")));
  // A fenced block that was cut open would swallow what follows.
  const fences = kept?.match(/^`{3,}/gm) ?? [];
  const close = fences.length % 2 === 1 ? `\n${fences.at(-1) ?? ""}` : "";
  return `${kept ?? ""}${close}\n\n... cut here; summary.md in the run's folder has the rest.\n`;
}

/**
 * A run as a check of a commit. `filesOf`: the files of a series, relative to the repository, that
 * annotations stand on; a series without any is told of in the summary alone.
 */
export function checkReport(
  record: RunRecord,
  filesOf: (series: string) => readonly string[],
): CheckReport {
  const annotations = [
    ...record.comparisons.flatMap((comparison): CheckAnnotation[] => {
      if (comparison.blames.length === 0) return [];
      const regressions = comparison.cases.filter((each) => isRegression(comparison, each));
      const unproved = comparison.cases.filter(({ proof }) => proof && proof !== "proved");
      const cases = [...new Set([...regressions, ...unproved])].map(({ name }) => name);
      const message = [`${verdictSentence(comparison)}.`, ...cases.slice(0, 20)].join("\n");
      const title = `${comparison.series}: ${verdictWord(comparison)} on ${record.arch}`;
      return annotate(filesOf(comparison.series).slice(0, 1), title, message);
    }),
    ...record.failures.flatMap((failure): CheckAnnotation[] => {
      if (failure.kernel === undefined || failure.blame !== "series") return [];
      const files = filesOf(failure.kernel);
      // Some failures name the patch that they are about.
      const named = files.filter((file) => failure.what.includes(file.split("/").at(-1) ?? file));
      const said = [failure.what, failure.evidence ?? ""].join("\n").slice(0, 4000);
      return annotate((named.length > 0 ? named : files).slice(0, 1), failure.reason, said);
    }),
  ];
  return {
    name: `harness: ${record.arch} ${kernelLine(record.kernel)}`,
    conclusion: conclusionOf(record),
    title: outcomeSentence(record),
    summary: postedSummary([record]),
    annotations,
  };
}

/** A fault of the host's or a suite's is no verdict on the commit. */
function conclusionOf(record: RunRecord): CheckReport["conclusion"] {
  if (record.status === "interrupted") return "cancelled";
  if (record.exitStatus === 0) {
    return record.comparisons.some(({ verdict }) => verdict === "incomplete")
      ? "neutral"
      : "success";
  }
  return record.exitStatus === 1 ? "failure" : "neutral";
}

function annotate(files: readonly string[], title: string, message: string): CheckAnnotation[] {
  return files.map((path) => ({ path, title, message }));
}

/**
 * What runs and their history say of regressions: one report a case and series, with each cell
 * where it regresses, and each where it was seen to pass.
 */
export function regressionReports(
  records: readonly RunRecord[],
  histories: readonly CaseHistory[],
): RegressionReport[] {
  const reports = new Map<string, RegressionReport & { sightings: RegressionSighting[] }>();
  const add = (series: string, name: string, sighting: RegressionSighting) => {
    const key = `${series}: ${name}`;
    const report = reports.get(key) ?? { key, series, case: name, sightings: [] };
    report.sightings.push(sighting);
    reports.set(key, report);
  };
  for (const record of records) {
    const cell = `${record.arch} ${kernelLine(record.kernel)}`;
    for (const comparison of record.comparisons) {
      for (const each of comparison.cases) {
        const regresses = isRegression(comparison, each);
        const holds = each.patched.length > 0 && each.patched.every((said) => said === "pass");
        if (!regresses && !holds) continue;
        const why = each.patchedReason ?? "";
        add(comparison.series, each.name, { cell, regresses, run: record.id, why });
      }
    }
  }
  const ids = new Set(records.map(({ id }) => id));
  for (const { name, subject, standing, observations } of histories) {
    const newest = observations.at(-1);
    // A series' kernels are compared with their baseline above.
    if (subject.series !== "" || !newest || !ids.has(newest.run)) continue;
    const regresses = standing.said === "failed" && standing.lastPassing !== undefined;
    if (!regresses && standing.said !== "passed") continue;
    const why = regresses ? `passed last in ${standing.lastPassing.run}` : "";
    const cell = `${subject.arch} ${subject.kernel}`;
    add("baseline", name, { cell, regresses, run: newest.run, why });
  }
  return [...reports.values()];
}

/** Title and text of a regression's issue. `cells`: where it regresses now. */
export function regressionText(
  report: Pick<RegressionReport, "series" | "case">,
  cells: readonly RegressionSighting[],
): { readonly title: string; readonly body: string } {
  const series = report.series === "baseline" ? "the baseline" : report.series;
  const rows = cells.map(
    ({ cell, run, why }) =>
      `| ${markdownCode(cell)} | ${markdownCode(run)} | ${why === "" ? "" : markdownCode(why.slice(0, 200))} |`,
  );
  return {
    title: `Regression on ${series}: ${report.case}`.replace(/[^\x20-\x7e]/g, "?").slice(0, 250),
    body: [
      `${markdownCode(report.case)} fails on ${markdownText(series)}, and did not before. ${
        report.series === "baseline"
          ? "No series is part of it."
          : `Without the series it passes: the fault is ${blameText.series}'s.`
      }`,
      "",
      "| where | newest run | why |",
      "|---|---|---|",
      ...rows,
      "",
      "This text is kept up to date, and the issue is closed when no cell is left.",
    ].join("\n"),
  };
}
