import { oneLine } from "../model/escape.ts";
import { failureText } from "../model/failure-text.ts";
import { exitStatus, exitStatusFor, Failure, failureDetails } from "../model/failure.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { checkSeries, type SeriesState } from "../pipeline/series-check.ts";
import { openReporter } from "../report.ts";
import { shippedSeriesNames } from "../series.ts";
import { aptKernels, resolveSource } from "../source.ts";
import { defineCommand } from "./command.ts";

export const seriesCommand = defineCommand({
  command: "series <action>",
  describe: "Applies every shipped series to kernels, without building: what is missing or broken",
  examples: [
    ["series check", "all series, their revisions and mutants, on every kernel that apt offers"],
    ["series check --kernel dir:~/linux --series wait6", "one series on one tree"],
  ],
  options: (yargs) =>
    yargs
      .positional("action", { choices: ["check"] as const, demandOption: true, describe: "check" })
      .option("kernel", {
        type: "string",
        array: true,
        describe: "as for run, several; all that apt offers by default",
      })
      .option("series", { type: "string", array: true, describe: "names; all by default" })
      .option("json", { type: "boolean", default: false, describe: "the states as JSON" }),
  run: async (args, { signal, print, remark }) => {
    const reporter = openReporter({ json: false });
    const emit = args.json ? () => undefined : reporter.emit;
    const states: SeriesState[] = [];
    const failures: Failure["blame"][] = [];
    try {
      const kernels = args.kernel ?? (await aptSpecs(emit));
      const names = args.series ?? (await shippedSeriesNames({ revisions: true }));
      for (const kernel of kernels) {
        try {
          const source = await resolveSource(kernel, { emit, signal });
          const found = await checkSeries(source, names, { emit, signal });
          const version = formatKernelVersion(source.version);
          states.push(...found.map((state) => ({ ...state, kernel: version })));
        } catch (thrown) {
          signal.throwIfAborted();
          const failure = failureDetails(thrown);
          if (failure.blame === "usage") throw thrown;
          remark(failureText(failure));
          failures.push(failure.blame);
        }
      }
    } finally {
      reporter.close();
    }
    if (args.json) print(JSON.stringify(states, null, 2));
    else print(stateLines(states).join("\n"));
    const broken = states.some(({ state }) => state === "broken");
    return exitStatusFor([...failures, ...(broken ? (["series"] as const) : [])]) || exitStatus.ok;
  },
});

async function aptSpecs(emit: Parameters<typeof aptKernels>[0]["emit"]): Promise<string[]> {
  const offered = await aptKernels({ emit });
  return [...new Set(offered.map(({ series }) => `apt:${series}`))];
}

/** A line for each series and kernel; mutants that apply are counted. Safe for a terminal. */
function stateLines(states: readonly SeriesState[]): string[] {
  const lines: string[] = [];
  for (const kernel of new Set(states.map((state) => state.kernel))) {
    lines.push(oneLine(kernel));
    for (const state of states.filter((each) => each.kernel === kernel)) {
      const isMutant = state.series.includes(": ");
      if (isMutant && (state.state === "applies" || state.state === "moved")) continue;
      lines.push(`  ${state.state.padEnd(8)}${oneLine(state.series)}${details(state, states)}`);
      if (state.failure && state.state === "broken")
        lines.push(
          ...failureText(state.failure)
            .split("\n")
            .map((line) => `      ${line}`),
        );
    }
  }
  return lines;
}

function details(state: SeriesState, states: readonly SeriesState[]): string {
  if (state.state === "missing") return `: ${oneLine(state.failure?.what ?? "")}`;
  const mutants = states.filter(
    (each) => each.kernel === state.kernel && each.series.startsWith(`${state.series}: `),
  );
  const sound = mutants.filter((each) => each.state !== "broken").length;
  return [
    state.origin === undefined ? "" : `  ${oneLine(state.origin)}`,
    mutants.length > 0 ? `, ${sound} of ${mutants.length} mutants apply` : "",
    ...state.notes.map((note) => `\n      ${oneLine(note)}`),
  ].join("");
}
