import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { exitStatus, Failure } from "../model/failure.ts";
import { matrixPlanSchema } from "../model/merged.ts";
import { projectDir } from "../paths.ts";
import { defineCommand } from "./command.ts";

/** What the workflow runs every night (.github/workflows/nightly.yml, CELLS). */
export const nightlyCells = "--arch all --kernel apt:6.1 --kernel apt:6.12 --series all".split(" ");

export const nightlyCommand = defineCommand({
  command: "nightly",
  describe: "Does on this machine what the nightly workflow does: plan, shards, merge, tables",
  examples: [
    ["nightly --local", "all that the workflow runs"],
    ["nightly --local --shards 2 -- --arch x86_64 --kernel apt:6.12", "other cells, as run takes"],
  ],
  takesProgram: true,
  options: (yargs) =>
    yargs
      .option("local", {
        type: "boolean",
        default: false,
        describe: "on this machine; the workflow itself is GitHub's to start",
      })
      .option("shards", {
        type: "number",
        default: 1,
        describe: "parts that the cells are dealt out to; they run one after another here",
      })
      .option("output", {
        type: "string",
        default: "nightly",
        describe: "folder for plan, shards and the history, which each night adds to",
      }),
  run: async (args, { signal, print, remark }) => {
    if (!args.local) {
      throw new Failure({
        reason: "not-local",
        blame: "usage",
        what: "nightly needs --local",
        hint: "on GitHub .github/workflows/nightly.yml runs every night (docs/nightly.md)",
      });
    }
    const words = (args as { "--"?: readonly string[] })["--"] ?? [];
    const cells = words.length > 0 ? words : nightlyCells;
    const dir = path.resolve(args.output);
    const shards = path.join(dir, "shards");
    const results = path.join(dir, "history/results");
    // Each night starts from nothing but the history.
    await rm(shards, { recursive: true, force: true });
    await mkdir(shards, { recursive: true });
    await mkdir(results, { recursive: true });

    /** One of the program's own commands, as the workflow calls it: its output, and how it ended. */
    const harness = async (args: readonly string[], interactive = false) => {
      signal.throwIfAborted();
      remark(`harness ${args.join(" ")}`);
      const bin = path.join(projectDir, "build/harness/bin.js");
      const result = await exec(process.execPath, [bin, ...args], { signal, interactive });
      signal.throwIfAborted();
      if (result.exitCode === exitStatus.usage) throw badStep(args, result.output);
      return result;
    };

    const plan = path.join(dir, "plan.json");
    await writeFile(plan, (await harness(nightlySteps.plan(cells))).stdout);
    const planned = matrixPlanSchema.parse(JSON.parse(await readFile(plan, "utf8"))).cells.length;
    const count = Math.max(1, Math.min(args.shards, planned));
    const made = Array.from({ length: count }, (_, i) => path.join(shards, `shard-${i + 1}`));
    for (const [i, shard] of made.entries())
      await harness(nightlySteps.shard(cells, `${i + 1}/${count}`, shard), true);
    const merged = path.join(dir, "merged.md");
    const { exitCode, output } = await harness(nightlySteps.merge(made, plan, results, merged));
    if (exitCode !== exitStatus.ok) remark(output.trimEnd());

    const tables = path.join(dir, "history/README.md");
    await harness(nightlySteps.table(results, tables));
    await harness(nightlySteps.page(results, path.join(dir, "history/index.html")));
    const { stdout: changing } = await harness(nightlySteps.history(results));
    await writeFile(path.join(dir, "history/changing.txt"), changing);
    const parts = [await readFile(merged, "utf8"), await readFile(tables, "utf8")];
    const summary = [...parts, "## Cases that change", "````text", changing.trimEnd(), "````", ""];
    await writeFile(path.join(dir, "summary.md"), summary.join("\n"));
    print(`${await readFile(merged, "utf8")}\nSummary: ${path.join(dir, "summary.md")}`);
    return exitCode ?? exitStatus.infra;
  },
});

/** The command lines of the workflow's steps; a test holds the workflow to them. */
export const nightlySteps = {
  plan: (cells: readonly string[]) => ["matrix", ...cells, "--json"],
  shard: (cells: readonly string[], shard: string, output: string) => [
    ...["run", ...cells, "--shard", shard],
    ...["--output", output, "--report", "kcidb", "--ccache"],
  ],
  merge: (shards: readonly string[], plan: string, output: string, summary: string) => [
    ...["merge", ...shards, "--plan", plan],
    ...["--output", output, "--records", "--summary", summary],
  ],
  table: (results: string, to: string) => ["table", "--output", results, "--to", to],
  page: (results: string, to: string) => [
    ...["table", "--output", results],
    ...["--format", "html", "--to", to],
  ],
  history: (results: string) => ["history", "--output", results],
};

function badStep(args: readonly string[], evidence: string): Failure {
  return new Failure({
    reason: "bad-cells",
    blame: "usage",
    what: `harness ${args[0] ?? ""} refuses its arguments`,
    evidence,
    hint: "what follows -- is what harness matrix and harness run both take",
  });
}
