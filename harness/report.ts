import type { Emit } from "./model/event.ts";
import { jsonReporter } from "./report/json.ts";
import { plainReporter } from "./report/plain.ts";
import { terminalReporter } from "./report/terminal.ts";

export { bisectMarkdown } from "./report/bisect.ts";
export { kcidbReport } from "./report/kcidb.ts";
export { mergedMarkdown } from "./report/merged.ts";
export { junitXml } from "./report/junit.ts";
export { markdownSummary } from "./report/markdown.ts";
export { acrossLines, matrixLines, matrixMarkdown } from "./report/matrix.ts";
export { caseNamed, caseReport, runReport } from "./report/show.ts";
export { checkReport, postedSummary, regressionReports, regressionText } from "./report/github.ts";
export { historyLines, standingLines } from "./report/history.ts";
export { problemsMarkdown } from "./report/problems.ts";
export { tablesCsv, tablesHtml, tablesJson, tablesMarkdown } from "./report/support-table.ts";
export { comparisonLines } from "./report/conclusion.ts";

/** A consumer of the events of a run. */
export interface Reporter {
  readonly emit: Emit;
  /** Gives the terminal back; to be called however the run ends. Twice does no harm. */
  readonly close: () => void;
}

/**
 * The reporter for standard output: JSON lines if asked for, the live view on a terminal, plain
 * lines where stdout is none, TERM is dumb, or NO_COLOR or CI is set.
 */
export function openReporter(
  options: { readonly json: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Reporter {
  const { stdout } = process;
  // `harness run | head` ends the reader, not the run.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const write = (text: string) => void stdout.write(text);
  const close = () => undefined;
  if (options.json) return { emit: jsonReporter(write), close };
  const live = stdout.isTTY && !env["NO_COLOR"] && !env["CI"] && env["TERM"] !== "dumb";
  return live ? terminalReporter() : { emit: plainReporter(write), close };
}
