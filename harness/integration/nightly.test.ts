import test, { type ExecutionContext } from "ava";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { nightlyCells, nightlySteps } from "../cli/nightly.ts";
import { exec, type ExecResult } from "../exec.ts";
import { Rig } from "../testing/rig.ts";
import { good, harmless } from "../testing/runs.ts";

/** A night of two kernels in two shards, as the workflow does it, by the whole program. */

async function nightOf(t: ExecutionContext): Promise<{
  readonly rig: Rig;
  readonly other: string;
  readonly dir: string;
  readonly night: (...more: string[]) => Promise<ExecResult>;
}> {
  const rig = await Rig.make(good);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const other = await rig.copyTree("linux-other", { "kernel/fork.c": "int fork; /* other */\n" });
  const dir = path.join(rig.dir, "nightly");
  const cells = ["--kernel", rig.kernel, "--kernel", `dir:${other}`];
  const patch = await harmless(rig);
  return {
    rig,
    other,
    dir,
    night: (...more) =>
      exec(
        process.execPath,
        [
          ...[rig.program, "nightly", "--local", "--shards", "2", "--output", dir, "--"],
          ...[...cells, "--patch", patch, "--suite", "kselftest:fake", "--accel", "tcg", ...more],
        ],
        { env: rig.env },
      ),
  };
}

test.serial("a night: plan, two shards, one matrix, tables; the next one adds to it", async (t) => {
  const { dir, night } = await nightOf(t);
  const first = await night();
  t.is(first.exitCode, 0, first.output);
  t.deepEqual((await readdir(path.join(dir, "shards"))).sort(), ["shard-1", "shard-2"]);
  const results = path.join(dir, "history/results");
  const runs = async () => (await readdir(results)).filter((name) => name.includes("6.12.117"));
  t.is((await runs()).length, 2);
  const summary = await readFile(path.join(dir, "summary.md"), "utf8");
  t.regex(summary, /2 of 2 cells clean/);
  t.regex(summary, /linux-other/);
  const second = await night();
  t.is(second.exitCode, 0, second.output);
  t.is((await runs()).length, 4);
});

test.serial(
  "a kernel that does not build is its cell's fault, and the night's verdict",
  async (t) => {
    const { other, dir, night } = await nightOf(t);
    await writeFile(path.join(other, "kernel/fork.c"), "#error broken\n");
    const { exitCode, output } = await night();
    t.is(exitCode, 4, output);
    t.regex(
      await readFile(path.join(dir, "merged.md"), "utf8"),
      /linux-other` .* the baseline is at fault/,
    );
  },
);

test.serial("what run refuses is told before anything is done", async (t) => {
  const { dir, night } = await nightOf(t);
  const { exitCode, output } = await night("--nonsense");
  t.is(exitCode, 2);
  t.regex(output, /unknown option or argument: nonsense/);
  t.deepEqual(await readdir(path.join(dir, "shards")), []);
});

test("the workflow's steps are the same commands", async (t) => {
  const file = new URL("../../../.github/workflows/nightly.yml", import.meta.url);
  const workflow = await readFile(file, "utf8");
  const cells = ['"${cells[@]}"'];
  const results = '"$HISTORY/results"';
  for (const words of [
    nightlySteps.plan(cells),
    nightlySteps.shard(cells, '"$SHARD"', '"$RUNNER_TEMP/results"'),
    nightlySteps.merge(["shards/*"], "plan.json", results, "merged.md"),
    nightlySteps.table(results, '"$HISTORY/README.md"'),
    nightlySteps.page(results, '"$HISTORY/index.html"'),
    nightlySteps.history(results),
  ])
    t.true(workflow.includes(`npx harness ${words.join(" ")}`), words.join(" "));
  t.true(workflow.includes(`CELLS: \${{ inputs.cells || '${nightlyCells.join(" ")}' }}`));
});
