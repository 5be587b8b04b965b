import { markdownCode, markdownText, oneLine } from "../model/escape.ts";
import type { AcrossRow, AcrossTable } from "../model/across.ts";
import { cellName, type Matrix, type MatrixRecord } from "../model/matrix.ts";
import type { RunRecord } from "../model/run.ts";
import { counted, duration, verdictWord } from "./sentences.ts";

/** Rows of a table on the terminal; the report has them all. */
const listed = 30;

/** A matrix for people: what each cell came to, a line each, and where they differ if asked. Safe for a terminal. */
export function matrixLines({ record, runs }: Matrix, across: readonly AcrossTable[]): string[] {
  const cells = record.cells.map((cell) => [oneLine(cellName(cell)), cellSays(cell, runs)]);
  return ["", ...columns(cells), ...across.flatMap(acrossLines)];
}

/** One table of cases that differ between kernels. Safe for a terminal. */
export function acrossLines(table: AcrossTable): string[] {
  const rows = table.differing.slice(0, listed).map(rowWords);
  const more = table.differing.length - rows.length;
  return [
    "",
    `${oneLine(table.label)}: ${acrossCounts(table)}`,
    ...(rows.length > 0 ? columns([["", ...table.columns.map(oneLine)], ...rows]) : []),
    ...(more > 0 ? [`  ... and ${more} more: see the report`] : []),
  ];
}

/** summary.md of a matrix. */
export function matrixMarkdown({ record, runs }: Matrix, across: readonly AcrossTable[]): string {
  const cells = record.cells.map((cell) => [
    markdownText(cellName(cell)),
    markdownText(cellSays(cell, runs)),
    cell.run === undefined ? "" : markdownCode(cell.run),
  ]);
  const parts = [
    `# ${counted(record.cells.length, "cell")}, ${duration(record.seconds)}`,
    markdownTable(["cell", "verdict", "run"], cells),
    ...across.map(acrossMarkdown),
  ];
  return parts.join("\n\n") + "\n";
}

/** The same for a summary.md. */
export function acrossMarkdown(table: AcrossTable): string {
  const { label, differing, columns: names } = table;
  const rows = differing
    .map(rowWords)
    .map(([name = "", ...words]) => [markdownCode(name), ...words]);
  return [
    `## ${markdownText(label)}: ${names.map(markdownText).join(", ")}`,
    `${acrossCounts(table)}.`,
    ...(rows.length > 0 ? [markdownTable(["case", ...names.map(markdownText)], rows)] : []),
  ].join("\n\n");
}

function acrossCounts({ same, differing, absent, asBaselines = 0 }: AcrossTable): string {
  const parts = [`${counted(same, "case")} the same everywhere`, `${differing.length} not`];
  if (asBaselines > 0) parts.push(`${asBaselines} differ as on the baselines`);
  if (absent > 0) parts.push(`${absent} not there on all`);
  return parts.join(", ");
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cellSays(cell: MatrixRecord["cells"][number], runs: readonly RunRecord[]): string {
  const run = runs.find(({ id }) => id === cell.run);
  if (cell.failure) return `failed: ${oneLine(cell.failure.what)}`;
  if (!run) return "not run";
  const series = run.comparisons.map(
    (each) => `${oneLine(each.series)}${each.control ? " (control)" : ""} ${verdictWord(each)}`,
  );
  const failures = run.failures.map((failure) => `failed: ${oneLine(failure.what)}`);
  return [...series, ...failures].join(", ") || (run.status === "complete" ? "tested" : run.status);
}

function rowWords({ name, verdicts }: AcrossRow): string[] {
  const words = verdicts.map((each) => [...new Set(each)].join("/") || "-");
  return [oneLine(name), ...words];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, word] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, word.length);
  return rows.map((row) =>
    `  ${row.map((word, at) => word.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd(),
  );
}
