import { caseNamed, caseReport, kcidbReport, runReport } from "../report.ts";
import { Failure } from "../model/failure.ts";
import { similarNames } from "../model/similar.ts";
import { defaultResultsDir, findRun, readConsole, readRun } from "../store.ts";
import { defineCommand } from "./command.ts";
import { kcidbOrigin } from "./run-options.ts";

export const showCommand = defineCommand({
  command: "show <run> [case]",
  describe: "Shows a run's summary, or one case with its part of the console",
  examples: [
    ["show latest", "what the newest run came to"],
    ["show latest wait6.basic.echild", "the case on each kernel: verdict, reason, console"],
    ["show 20261121T0754 --json | jq .comparisons", "the record itself"],
  ],
  options: (yargs) =>
    yargs
      .positional("run", { type: "string", demandOption: true, describe: "id, folder or latest" })
      .positional("case", { type: "string", describe: "name of a case, or the end of one" })
      .option("output", { type: "string", describe: "folder that holds the runs" })
      .option("json", { type: "boolean", default: false, describe: "the record as JSON" })
      .option("report", {
        choices: ["kcidb"] as const,
        describe:
          "the run as another program takes it: kcidb for KernelCI, as $HARNESS_KCIDB_ORIGIN",
      }),
  run: async (args, { print }) => {
    const { dir } = await findRun(args.run, args.output ?? defaultResultsDir);
    const record = await readRun(dir);
    const name = args.case === undefined ? undefined : caseNamed(record, args.case);
    if (args.case !== undefined && typeof name !== "string") {
      const all = record.kernels.flatMap((k) => k.boots.flatMap((b) => b.cases.map((c) => c.name)));
      const near = name?.length ? name : similarNames(args.case, [...new Set(all)]);
      throw new Failure({
        reason: name?.length ? "ambiguous-case" : "unknown-case",
        blame: "usage",
        what: `"${args.case}" is ${name?.length ? "the end of several cases" : "no case"} of ${record.id}`,
        hint: near.length > 0 ? near.slice(0, 10).join("\n") : "see the run's summary.md",
      });
    }
    if (args.report) print(JSON.stringify(kcidbReport(record, kcidbOrigin())));
    else if (args.json) print(JSON.stringify(record, null, 2));
    else if (typeof name === "string") {
      const read = (file: string, range: readonly [number, number]) =>
        readConsole(dir, file, range);
      print((await caseReport(record, name, read)).join("\n"));
    } else print(runReport(record, dir).join("\n"));
    return 0;
  },
});
