import { findArch } from "../arch.ts";
import { caseHistory, changingCases } from "../history.ts";
import { exitStatus } from "../model/failure.ts";
import { historyLines, standingLines } from "../report.ts";
import { defaultResultsDir } from "../store.ts";
import { defineCommand } from "./command.ts";

export const historyCommand = defineCommand({
  command: "history [case]",
  describe: "Says how a case came out run by run; without a case, which cases change or are flaky",
  examples: [
    ["history wait6.basic.echild --kernel 6.12", "verdicts, since when it fails, how flaky it is"],
    ["history 'wait6.*' --series wait6 --arch x86_64", "all cases of a suite with the series"],
    ["history", "what passed once and failed once"],
  ],
  options: (yargs) =>
    yargs
      .positional("case", { type: "string", describe: "name of a case, the end of one, or a glob" })
      .option("arch", { type: "string", describe: "only this architecture" })
      .option("kernel", { type: "string", describe: "only this release: 6.12, apt:6.12" })
      .option("series", { type: "string", describe: "only this series, or baseline" })
      .option("output", { type: "string", describe: "folder that holds the runs" })
      .option("json", { type: "boolean", default: false, describe: "everything as JSON" }),
  run: async (args, { print, remark }) => {
    const resultsDir = args.output ?? defaultResultsDir;
    const filter = {
      arch: args.arch === undefined ? undefined : (await findArch(args.arch)).name,
      kernel: args.kernel,
      series: args.series,
    };
    const { histories, remarks } =
      args.case === undefined
        ? await changingCases(resultsDir, filter)
        : await caseHistory(resultsDir, args.case, filter);
    for (const each of remarks) remark(each);
    if (args.json) print(JSON.stringify(histories, null, 2));
    else if (histories.length === 0) print("nothing");
    else print((args.case === undefined ? standingLines : historyLines)(histories).join("\n"));
    return exitStatus.ok;
  },
});
