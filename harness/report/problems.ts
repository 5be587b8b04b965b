import { markdownText } from "../model/escape.ts";
import type { ProblemColumn, ProblemTable, Seen } from "../model/problems.ts";
import { markdownLink, type LinkOf } from "./support-table.ts";

/** What a tracer's problems came to, a line for each kernel and then what they are, for a README. */
export function problemsMarkdown({ columns, rows }: ProblemTable, linkOf: LinkOf): string {
  const lines = columns.map((column, index) => {
    const words = rows.map(({ problem, cells }) => {
      const { shown, solved } = cells[index] ?? { shown: none, solved: none };
      return cellText(shown, solved, problem.solvedBy.length > 0);
    });
    return `| ${[markdownLink(heading(column), linkOf(column.run)), ...words].join(" | ")} |`;
  });
  return [
    `| kernel | ${rows.map(({ problem }) => problem.problem).join(" | ")} |`,
    `|---|${rows.map(() => "---|").join("")}`,
    ...lines,
    "",
    ...rows.map(({ problem: { problem, title, solution } }) =>
      markdownText(`${problem}. ${title}; solution: ${solution}`),
    ),
    "",
    "Shown: cases in which a tracer without the solution goes wrong, as it must, of those that were run.",
    "Solved: cases in which it does not go wrong with it; where none passes, this kernel lacks it.",
    "",
  ].join("\n");
}

const none: Seen = { passed: 0, of: 0 };

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
