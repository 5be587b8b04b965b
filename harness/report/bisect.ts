import type { BisectRecord, BisectResult, JudgedCommit } from "../model/bisect.ts";
import { markdownBlock, markdownCode, markdownText, oneLine } from "../model/escape.ts";
import { blameText, failureText } from "../model/failure-text.ts";
import { printable } from "../model/printable.ts";
import { counted, duration } from "./sentences.ts";

/** What a bisection found, for people. Safe for a terminal. */
export function bisectLines(
  result: BisectResult,
  where: { readonly seconds: number; readonly report: string },
): string[] {
  return [
    "",
    ...resultLines(result),
    "",
    `${duration(where.seconds)}.`,
    `Report: ${oneLine(where.report)}`,
  ];
}

function resultLines(result: BisectResult): string[] {
  switch (result.kind) {
    case "culprit":
      return [
        `First bad: ${words(result)}`,
        ...result.before.map((each) => `Before it: ${words(each)}`),
        `Confidence that what was before it is good: ${percent(result.confidence)}`,
        `Without it, the bad end: ${revertWords(result.revert)}`,
        "",
        ...printable(result.shown).trimEnd().split("\n"),
      ];
    case "only-skipped":
      return [
        "The first bad one is one of these; the others could not be judged:",
        ...result.candidates.map((each) => `  ${words(each)}`),
      ];
    case "walked":
      return [
        `${counted(result.patches, "patch")} asked one by one, ${result.broken.length} not well`,
        ...result.broken.map((each) => `  ${words(each)}`),
      ];
  }
}

/** summary.md of a bisection. */
export function bisectMarkdown(record: BisectRecord): string {
  const { result, request, seen } = record;
  const { question, along, cell } = request;
  const asked =
    question.kind === "case" ? markdownCode(question.name) : `does it ${question.kind}?`;
  const series = [...cell.series, ...cell.patches].map(markdownCode).join(", ");
  const facts = [
    ["Question", asked],
    ...(along.kind === "commits"
      ? [
          ["Repository", markdownCode(along.repository)],
          ["Good end", markdownCode(along.good)],
          ["Bad end", markdownCode(along.bad)],
          ...(series === "" ? [] : [["On top of each", series]]),
        ]
      : [
          ["Series", series],
          ["Kernel", markdownCode(along.kernel)],
        ]),
    ["Architecture", markdownCode(request.arch)],
    ...(seen
      ? [["Seen on bad kernels", `fails in ${seen.fails} of ${counted(seen.boots, "boot")}`]]
      : []),
    ["Bisection", `${markdownCode(record.id)}, ${duration(record.seconds)}`],
  ];
  const steps = record.steps.map((step) => [
    step.role,
    markdownCode(step.commit.slice(0, 12)),
    markdownText(step.subject),
    step.verdict,
    markdownText(step.why),
    String(step.outcomes.length),
    duration(step.buildSeconds),
    duration(step.seconds),
  ]);
  const parts = [
    `# ${titleOf(record)}`,
    table(["", ""], facts),
    ...(result ? [markdownResult(result)] : []),
    ...(record.failure ? [markdownBlock(failureText(record.failure))] : []),
    "## Steps",
    table(["why", "commit", "subject", "verdict", "what was seen", "asked", "make", "took"], steps),
    "Again: `sh reproduce.sh` in this folder.",
  ];
  return parts.join("\n\n") + "\n";
}

function titleOf({ status, result, failure }: BisectRecord): string {
  if (result?.kind === "culprit") return `First bad: ${markdownText(result.subject)}`;
  if (result?.kind === "only-skipped")
    return `One of ${counted(result.candidates.length, "commit")}: the others could not be judged`;
  if (result) {
    const bad = result.broken.length;
    return bad === 0 ? "Every patch is well" : `${counted(bad, "patch")} not well`;
  }
  if (failure) return `No answer: ${blameText[failure.blame]}`;
  return status === "interrupted" ? "Interrupted; it can be resumed" : "Under way";
}

function markdownResult(result: BisectResult): string {
  switch (result.kind) {
    case "culprit":
      return [
        markdownBlock(result.shown),
        `- It is bad: ${markdownText(result.why)}`,
        ...result.before.map((each) => `- Before it, ${markdownJudged(each)}`),
        `- Confidence that what was before it is good: ${percent(result.confidence)}`,
        `- Without it, the bad end: ${markdownText(revertWords(result.revert))}`,
      ].join("\n");
    case "only-skipped":
      return result.candidates.map((each) => `- ${markdownJudged(each)}`).join("\n");
    case "walked":
      return result.broken.map((each) => `- ${markdownJudged(each)}`).join("\n");
  }
}

function markdownJudged({ commit, subject, why }: JudgedCommit): string {
  return `${markdownCode(commit.slice(0, 12))} ${markdownText(subject)}: ${markdownText(why)}`;
}

function words({ commit, subject, why }: JudgedCommit): string {
  return `${commit.slice(0, 12)} ${oneLine(subject)}: ${oneLine(why)}`;
}

function revertWords({ passes, why }: { passes?: boolean | undefined; why: string }): string {
  if (passes === undefined) return `not known: ${oneLine(why)}`;
  return passes ? `good (${oneLine(why)})` : `still bad (${oneLine(why)})`;
}

/** Never rounded up to certainty. */
function percent(confidence: number): string {
  return confidence === 1 ? "certain" : `${(Math.floor(confidence * 10_000) / 100).toFixed(2)} %`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
