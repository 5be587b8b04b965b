import { comparisonLines } from "../report.ts";
import { compareRuns } from "../model/compare-runs.ts";
import { exitStatusFor, Failure } from "../model/failure.ts";
import { defaultResultsDir, findRun, readRun } from "../store.ts";
import { defineCommand } from "./command.ts";

export const compareCommand = defineCommand({
  command: "compare <a> <b>",
  describe: "Says what changed between two runs, kernel by kernel",
  examples: [
    ["compare 20261121T0754 latest", "an older run and the newest one, by the beginning of its id"],
    ["compare results/one results/two --json", "for scripts"],
  ],
  options: (yargs) =>
    yargs
      .positional("a", { type: "string", demandOption: true, describe: "run: id, folder, latest" })
      .positional("b", { type: "string", demandOption: true, describe: "run to compare with it" })
      .option("output", { type: "string", describe: "folder that holds the runs" })
      .option("json", { type: "boolean", default: false, describe: "the comparisons as JSON" }),
  run: async (args, { print, remark }) => {
    const resultsDir = args.output ?? defaultResultsDir;
    const [a, b] = await Promise.all(
      [args.a, args.b].map(async (name) => readRun((await findRun(name, resultsDir)).dir)),
    );
    if (!a || !b) return 0;
    const { comparisons, remarks } = compareRuns(a, b);
    for (const each of remarks) remark(each);
    if (comparisons.length === 0) {
      throw new Failure({
        reason: "nothing-to-compare",
        blame: "usage",
        what: `${a.id} and ${b.id} have no kernel in common`,
        hint: "harness show <run> lists a run's kernels",
      });
    }
    if (args.json) print(JSON.stringify(comparisons, null, 2));
    else print(comparisons.flatMap(comparisonLines).slice(1).join("\n"));
    return exitStatusFor(comparisons.flatMap((comparison) => comparison.blames));
  },
});
