import { reindex } from "../history.ts";
import { exitStatus } from "../model/failure.ts";
import { defaultResultsDir } from "../store.ts";
import { defineCommand } from "./command.ts";

export const resultsCommand = defineCommand({
  command: "results <action>",
  describe: "Makes the index that `harness history` asks anew from the runs' records",
  examples: [["results reindex", "never needed: an index that is gone or damaged is made again"]],
  options: (yargs) =>
    yargs
      .positional("action", {
        choices: ["reindex"] as const,
        demandOption: true,
        describe: "what to do",
      })
      .option("output", { type: "string", describe: "folder that holds the runs" }),
  run: async (args, { print, remark }) => {
    const { runs, results, remarks } = await reindex(args.output ?? defaultResultsDir);
    for (const each of remarks) remark(each);
    print(`${runs} runs, ${results} results of cases`);
    return exitStatus.ok;
  },
});
