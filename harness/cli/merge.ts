import { readFile } from "node:fs/promises";
import path from "node:path";
import { Failure, failureDetails } from "../model/failure.ts";
import { matrixPlanSchema, mergeShards, type PlannedCell, type ShardRun } from "../model/merged.ts";
import { mergedMarkdown } from "../report.ts";
import { defaultResultsDir, listRuns, readRun, takeRun, writeReport } from "../store.ts";
import { defineCommand } from "./command.ts";

export const mergeCommand = defineCommand({
  command: "merge <dirs..>",
  describe: "Puts the results of a matrix's shards together, and says what is lacking",
  examples: [
    ["merge shards/* --plan plan.json", "plan.json is what `harness matrix --json` printed"],
    ["merge shards/* --plan plan.json --records", "without consoles and logs, to keep for long"],
  ],
  options: (yargs) =>
    yargs
      .positional("dirs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "results folders of the shards",
      })
      .option("plan", { type: "string", demandOption: true, describe: "file with the matrix" })
      .option("output", {
        type: "string",
        describe: "folder that gets the runs; results/ by default",
      })
      .option("records", {
        type: "boolean",
        default: false,
        describe: "take only the records and summaries of runs",
      })
      .option("summary", {
        type: "string",
        describe: "file for the table of cells; stdout by default",
      })
      .option("json", { type: "boolean", default: false, describe: "the table as JSON" }),
  run: async (args, { print, remark, signal }) => {
    const cells = await readPlan(args.plan);
    const found: ShardRun[] = [];
    const conflicts: string[] = [];
    for (const dir of args.dirs) {
      const shard = path.basename(path.resolve(dir));
      for (const run of await listRuns(dir)) {
        signal.throwIfAborted();
        try {
          const record = await readRun(run.dir);
          const taken = await takeRun(run.dir, args.output ?? defaultResultsDir, args.records);
          if (taken === "conflict")
            conflicts.push(`${shard}: another run ${run.id} is there already, with other content`);
          // Uploaded twice, it is one run all the same.
          const isKnown = found.some(({ id }) => id === run.id);
          if (!isKnown) found.push({ shard, id: run.id, record });
        } catch (thrown) {
          const { what, reason } = failureDetails(thrown);
          if (!reason.startsWith("run-record")) throw thrown;
          found.push({ shard, id: run.id, unreadable: what });
        }
      }
    }
    const merged = mergeShards(cells, found);
    const whole = {
      ...merged,
      problems: [...conflicts, ...merged.problems],
      exitStatus: conflicts.length > 0 && merged.exitStatus !== 2 ? 3 : merged.exitStatus,
    };
    const text = args.json ? `${JSON.stringify(whole, null, 2)}\n` : mergedMarkdown(whole);
    if (args.summary === undefined) print(text.trimEnd());
    else await writeReport(path.resolve(args.summary), text);
    for (const problem of whole.problems) remark(problem);
    return whole.exitStatus;
  },
});

async function readPlan(file: string): Promise<readonly PlannedCell[]> {
  const bad = (evidence: string) =>
    new Failure({
      reason: "bad-plan",
      blame: "usage",
      what: `${file} is no plan of a matrix`,
      evidence,
      hint: "give the file that `harness matrix --json` was written to",
    });
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, "utf8"));
  } catch (thrown) {
    throw bad(String(thrown));
  }
  const parsed = matrixPlanSchema.safeParse(data);
  if (!parsed.success) throw bad(parsed.error.issues[0]?.message ?? "");
  return parsed.data.cells;
}
