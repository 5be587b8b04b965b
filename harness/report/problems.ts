import { markdownText } from "../model/escape.ts";
import type { ProblemColumn, ProblemTable, Seen } from "../model/problems.ts";
import { markdownLink, type LinkOf } from "./support-table.ts";

/** What a tracer's problems came to on each kernel, for a README. */
export function problemsMarkdown({ columns, rows }: ProblemTable, linkOf: LinkOf): string {
  const heads = columns.map((column) => markdownLink(heading(column), linkOf(column.run)));
  const lines = rows.map(({ problem, cells }) => {
    const { title, solution, solvedBy } = problem;
    const words = cells.map(({ shown, solved }) => cellText(shown, solved, solvedBy.length > 0));
    return `| ${[problem.problem, markdownText(title), markdownText(solution), ...words].join(" | ")} |`;
  });
  return [
    `| | problem | what solves it | ${heads.join(" | ")} |`,
    `|---|---|---|${columns.map(() => "---|").join("")}`,
    ...lines,
    "",
    "Shown: cases in which a tracer without the solution goes wrong, as it must, of those that were run.",
    "Solved: cases in which it does not go wrong with it; where none passes, this kernel lacks it.",
    "",
  ].join("\n");
}

function heading({ arch, kernel, series, control }: ProblemColumn): string {
  const with_ = series === undefined ? "" : control ? ` without ${series}` : ` with ${series}`;
  return markdownText(`${kernel} ${arch}${with_}`);
}

function cellText(shown: Seen, solved: Seen, isSolvable: boolean): string {
  if (shown.of === 0 && solved.of === 0) return "not run";
  const parts = [shown.of > 0 ? `shown ${shown.passed}/${shown.of}` : "not shown"];
  if (isSolvable)
    parts.push(solved.passed > 0 ? `solved ${solved.passed}/${solved.of}` : "not solved");
  return parts.join(", ");
}
