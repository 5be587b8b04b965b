import test from "ava";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { matrixRecordSchema } from "../model/matrix.ts";
import { readRecord, Rig } from "../testing/rig.ts";
import { good, harmless, tap } from "../testing/runs.ts";

/** Several kernels in one command; each a whole run of the program. */

test.serial("two kernels: two runs, one matrix, and a table of where they differ", async (t) => {
  // On the older kernel one program says something else.
  const older = [
    { match: "\\./one", steps: tap("1..2", "ok 1 first", "not ok 2 second"), exit: 1 },
    ...(good.commands ?? []),
  ];
  const rig = await Rig.make({ ...good, variants: [{ kernelContains: "old", commands: older }] });
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const patch = await harmless(rig);
  const old = await rig.copyTree("linux-old", { "kernel/fork.c": "int fork; /* old */\n" });
  const finished = await rig.run("--kernel", `dir:${old}`, "--patch", patch, "--compare-across");
  t.is(finished.exitCode, 0, finished.output);
  const text = await readFile(path.join(finished.resultsDir ?? "", "matrix.json"), "utf8");
  const matrix = matrixRecordSchema.parse(JSON.parse(text));
  t.is(matrix.status, "complete");
  t.is(matrix.cells.length, 2);
  for (const { run = "", failure } of matrix.cells) {
    t.is(failure, undefined);
    const record = await readRecord(path.join(rig.dir, "results", run));
    t.is(record.status, "complete");
    t.is(record.comparisons[0]?.verdict, "no-regression");
  }
  const summary = await readFile(path.join(finished.resultsDir ?? "", "summary.md"), "utf8");
  t.regex(summary, /`kselftest\.fake\.one\.second` \| pass \| fail/);
  t.notRegex(summary, /kselftest\.fake\.one\.first/);
});

test.serial(
  "a kernel that cannot be built is its cell's failure; the other cell is run",
  async (t) => {
    const rig = await Rig.make(good);
    t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
    const broken = await rig.copyTree("linux-broken", { "kernel/fork.c": "#error broken\n" });
    const finished = await rig.run("--kernel", `dir:${broken}`, "--patch", await harmless(rig));
    t.is(finished.exitCode, 4, finished.output);
    const text = await readFile(path.join(finished.resultsDir ?? "", "matrix.json"), "utf8");
    const matrix = matrixRecordSchema.parse(JSON.parse(text));
    const statuses = await Promise.all(
      matrix.cells.map(async ({ run = "" }) => {
        const { status } = await readRecord(path.join(rig.dir, "results", run));
        return status;
      }),
    );
    t.deepEqual(statuses, ["complete", "failed"]);
  },
);

test.serial("a kernel that does not exist is said before anything is built", async (t) => {
  const rig = await Rig.make(good);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const finished = await rig.run("--kernel", "dir:/nowhere/linux", "--patch", await harmless(rig));
  t.is(finished.exitCode, 2, finished.output);
  t.is(finished.resultsDir, undefined);
});
