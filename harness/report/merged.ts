import { markdownCode, markdownText } from "../model/escape.ts";
import type { Merged, MergedCell } from "../model/merged.ts";

const meaning: Readonly<Record<number, string>> = {
  0: "nothing wrong",
  1: "the series is at fault",
  2: "the command line was wrong",
  3: "the host or a suite is at fault",
  4: "the baseline is at fault",
};

/** What became of each planned cell, those with something wrong first. */
export function mergedMarkdown({ cells, problems, exitStatus }: Merged): string {
  const wrong = (cell: MergedCell) => cell.problems.length > 0 || cell.exitStatus !== 0;
  const sorted = [...cells.filter(wrong), ...cells.filter((cell) => !wrong(cell))];
  const sound = cells.length - cells.filter(wrong).length;
  const lines = [
    `# ${sound} of ${cells.length} cells clean: ${meaning[exitStatus] ?? String(exitStatus)}`,
    "",
    "| architecture | kernel | series | came to | run |",
    "|---|---|---|---|---|",
    ...sorted.map((cell) => {
      const status =
        cell.exitStatus === undefined ? "NOT RUN" : (meaning[cell.exitStatus] ?? cell.exitStatus);
      const cameTo = [String(status), ...cell.problems.map(markdownText)].join("; ");
      const run = cell.run === undefined ? "" : markdownCode(cell.run);
      return `| ${markdownCode(cell.arch)} | ${markdownCode(cell.kernel)} | ${cell.series.map(markdownCode).join(" ")} | ${cameTo} | ${run} |`;
    }),
  ];
  if (problems.length > 0)
    lines.push("", "Also:", "", ...problems.map((problem) => `- ${markdownText(problem)}`));
  return `${lines.join("\n")}\n`;
}
