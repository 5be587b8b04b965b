import { exitStatus } from "../model/failure.ts";
import { cacheKinds, cleanCache } from "../cache.ts";
import { defineCommand } from "./command.ts";

export const cleanCommand = defineCommand({
  command: "clean",
  describe: "Removes what the cache holds; everything in it can be made again",
  examples: [
    ["clean --older-than 30", "what no run has used for 30 days"],
    ["clean --kind objects kernels", "only these kinds"],
    ["clean", "all of it"],
  ],
  options: (yargs) =>
    yargs
      .option("kind", {
        type: "string",
        array: true,
        choices: [...cacheKinds, "ccache"] as const,
        describe: "kinds of entries; all by default",
      })
      .option("older-than", { type: "number", default: 0, describe: "days since the last use" })
      .option("dry-run", { type: "boolean", default: false, describe: "only say what would go" }),
  run: async (args, { print }) => {
    const kinds = args.kind;
    const removed = await cleanCache({ kinds, days: args["older-than"], dryRun: args["dry-run"] });
    const total = removed.reduce((sum, each) => sum + each.bytes, 0);
    for (const each of removed) print(`${megabytes(each.bytes)}  ${each.name}`);
    const verb = args["dry-run"] ? "would be removed" : "removed";
    print(`${removed.length} entries, ${megabytes(total)} ${verb}`);
    return exitStatus.ok;
  },
});

function megabytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1).padStart(8)} MiB`;
}
