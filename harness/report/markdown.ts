import { compareRevisions } from "../model/across.ts";
import type { CaseComparison, Comparison } from "../model/comparison.ts";
import { blameText } from "../model/failure-text.ts";
import { markdownBlock, markdownCode, markdownText, shellQuoted } from "../model/escape.ts";
import type { RunRecord } from "../model/run.ts";
import { acrossMarkdown } from "./matrix.ts";
import {
  caseGroups,
  counted,
  duration,
  outcomeSentence,
  reasonText,
  verdictSentence,
  verdictsText,
  verdictWord,
} from "./sentences.ts";

/** Cases in one table, and bytes of evidence of one failure; run.json has all of them. */
const listed = 25;
const evidenceLimit = 4000;

/**
 * summary.md: what a maintainer would paste into a mail. The verdict first, then each series, the
 * failures, what was tested and how to do it again. Reads well as plain text too.
 */
export function markdownSummary(record: RunRecord): string {
  const parts = [
    `# ${outcomeSentence(record)}`,
    tested(record),
    ...record.comparisons.map(comparisonPart),
    ...compareRevisions(record).map(acrossMarkdown),
    failuresPart(record),
    splatsPart(record),
    problemsPart(record),
    again(record),
  ];
  return parts.filter((part) => part !== "").join("\n\n") + "\n";
}

function tested(record: RunRecord): string {
  const { kernel } = record;
  const rows = [
    ["Kernel", `${markdownText(kernel.description)} (${markdownCode(kernel.version)})`],
    ["Architecture", markdownCode(record.arch)],
    ["Toolchain", markdownCode(record.toolchain)],
    ["Suites", record.suites.map(markdownCode).join(", ")],
  ];
  if (record.accelerator) {
    const { name, why } = record.accelerator;
    rows.push(["Accelerator", `${markdownCode(name)}: ${markdownText(why)}`]);
  }
  for (const { label, testedIn } of record.kernels) {
    if (!testedIn) continue;
    const where = `in run ${markdownCode(testedIn.run)}; nothing has changed since`;
    rows.push([`${markdownCode(label)} was tested`, where]);
  }
  rows.push(["Run", `${markdownCode(record.id)}, ${duration(record.seconds)}`]);
  return [
    "| | |",
    "|---|---|",
    ...rows.map(([name, value]) => `| ${name ?? ""} | ${value ?? ""} |`),
  ].join("\n");
}

function comparisonPart(comparison: Comparison): string {
  const control = comparison.control ? " (control: takes a feature away)" : "";
  const lines = [
    `## ${markdownCode(comparison.series)}${control}: ${verdictWord(comparison)}`,
    "",
    `${verdictSentence(comparison)}.`,
  ];
  if (comparison.blames.length > 0) {
    lines.push("", `Fault: ${comparison.blames.map((blame) => blameText[blame]).join("; ")}.`);
  }
  for (const group of caseGroups(comparison)) {
    lines.push("", `### ${group.title}: ${group.cases.length}`, "");
    lines.push("| case | baseline | patched | why |", "|---|---|---|---|");
    for (const each of group.cases.slice(0, listed)) lines.push(caseRow(each));
    if (group.cases.length > listed) {
      lines.push("", `... and ${group.cases.length - listed} more, in run.json.`);
    }
  }
  const list = (title: string, items: readonly string[]) => {
    if (items.length === 0) return;
    lines.push("", `### ${title}`, "", ...items.map((item) => `- ${markdownCode(item)}`));
  };
  list("New on the patched kernel's console", comparison.newSplats);
  list("Said to prove the series, but no case has such a name", comparison.unmatchedProves);
  list("Not run", comparison.incomplete);
  return lines.join("\n");
}

function caseRow(each: CaseComparison): string {
  const why = reasonText(each);
  const reason = why ? markdownCode(why.slice(0, 120)) : "";
  return `| ${markdownCode(each.name)} | ${verdictsText(each.baseline)} | ${verdictsText(each.patched)} | ${reason} |`;
}

function failuresPart(record: RunRecord): string {
  if (record.failures.length === 0) return "";
  const lines = ["## Failures"];
  for (const failure of record.failures) {
    const on = failure.kernel === undefined ? "" : ` on ${markdownCode(failure.kernel)}`;
    lines.push("", `### ${markdownText(failure.what)}`, "");
    lines.push(`${markdownCode(failure.reason)}${on}. Fault: ${blameText[failure.blame]}.`);
    if (failure.evidence) lines.push("", markdownBlock(failure.evidence.slice(-evidenceLimit)));
    if (failure.hint) lines.push("", `Try: ${markdownText(failure.hint)}`);
  }
  return lines.join("\n");
}

function splatsPart(record: RunRecord): string {
  const rows = record.kernels.flatMap((kernel) => {
    const titles = kernel.boots.flatMap((boot) => boot.splats.map((s) => `${s.kind}: ${s.title}`));
    return [...new Set(titles)].map((title) => {
      const times = titles.filter((each) => each === title).length;
      return `| ${markdownCode(kernel.label)} | ${markdownCode(title)} | ${times} |`;
    });
  });
  if (rows.length === 0) return "";
  const shown = rows.slice(0, listed);
  if (rows.length > listed) shown.push("", `... and ${rows.length - listed} more, in run.json.`);
  return ["## Kernel splats", "", "| kernel | splat | times |", "|---|---|---|", ...shown].join(
    "\n",
  );
}

function problemsPart(record: RunRecord): string {
  const problems = record.kernels.flatMap((kernel) =>
    kernel.boots.flatMap((boot) => boot.problems ?? []),
  );
  const distinct = [...new Set(problems)];
  if (distinct.length === 0) return "";
  const more =
    distinct.length > listed ? [`- ... and ${counted(distinct.length - listed, "other")}`] : [];
  const items = distinct.slice(0, listed).map((each) => `- ${markdownCode(each)}`);
  return ["## Programs whose output is not proper KTAP", "", ...items, ...more].join("\n");
}

function again(record: RunRecord): string {
  return [
    "## Again",
    "",
    "`sh reproduce.sh` in the run's folder, or what was typed:",
    "",
    markdownBlock(["harness", ...record.argv].map(shellQuoted).join(" ")),
  ].join("\n");
}
