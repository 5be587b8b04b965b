import test from "ava";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { matrixRecordSchema } from "../model/matrix.ts";
import { readRecord, Rig } from "../testing/rig.ts";
import { good, harmless, tap } from "../testing/runs.ts";

/** Several kernels in one command; each a whole run of the program. */

async function matrixOf(resultsDir = "") {
  const text = await readFile(path.join(resultsDir, "matrix.json"), "utf8");
  return matrixRecordSchema.parse(JSON.parse(text));
}

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
  // Nothing is known of how long a cell takes until one has ended.
  const told = finished.events.flatMap((event) => (event.type === "cells" ? [event] : []));
  t.deepEqual(
    told.map(({ done, of, secondsLeft }) => [done, of, secondsLeft !== undefined]),
    [
      [0, 2, false],
      [1, 2, true],
      [2, 2, true],
    ],
  );
  // The second cell begins while the first one's patched kernel is built, and waits for it.
  const kernels = finished.events.flatMap((event) => {
    if (event.type !== "step-started" && event.type !== "step-finished") return [];
    const id = event.type === "step-started" ? event.step.id : event.id;
    const label = / kernel:(.*)/.exec(id)?.[1];
    if (label === undefined) return [];
    return [`${event.type === "step-started" ? "begin" : "end"} ${label}`];
  });
  const patched = /(?<= )(?!baseline).*/;
  t.deepEqual(
    kernels.map((step) => step.replace(patched, "patched")),
    [
      ...["begin baseline", "end baseline", "begin patched"],
      ...["begin baseline", "end patched", "end baseline"],
      ...["begin patched", "end patched"],
    ],
  );
  const matrix = await matrixOf(finished.resultsDir);
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

test.serial("what was not finished, or not well, can be run again without the rest", async (t) => {
  const rig = await Rig.make(good);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const other = await rig.copyTree("linux-other", { "kernel/fork.c": "#error not yet\n" });
  const first = await rig.run("--kernel", `dir:${other}`, "--patch", await harmless(rig));
  t.is(first.exitCode, 4, first.output);
  const id = path.basename(first.resultsDir ?? "");
  const before = await matrixOf(first.resultsDir);
  await writeFile(path.join(other, "kernel/fork.c"), "int fork;\n");
  const again = await rig.run("--only-failed", id);
  t.is(again.exitCode, 0, again.output);
  t.is(again.resultsDir, first.resultsDir);
  const after = await matrixOf(again.resultsDir);
  t.is(after.cells.length, 2);
  t.is(after.cells.find(({ kernel }) => kernel === rig.kernel)?.run, before.cells[0]?.run);
  t.not(after.cells.find(({ kernel }) => kernel !== rig.kernel)?.run, before.cells[1]?.run);
  // All is well now: there is nothing left to do, and nothing is done.
  const idle = await rig.run("--resume", id);
  t.is(idle.exitCode, 0, idle.output);
  t.deepEqual((await matrixOf(idle.resultsDir)).cells, after.cells);
});

test.serial("--fail-fast begins no further cell", async (t) => {
  const rig = await Rig.make(good);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const broken = await rig.copyTree("linux-broken", { "kernel/fork.c": "#error broken\n" });
  const copy = await rig.copyTree("linux-copy", { "kernel/fork.c": "int copy;\n" });
  rig.kernel = `dir:${broken}`;
  const kernels = ["--kernel", `dir:${copy}`];
  const finished = await rig.run(...kernels, "--patch", await harmless(rig), "--fail-fast");
  t.is(finished.exitCode, 4, finished.output);
  const matrix = await matrixOf(finished.resultsDir);
  t.is(matrix.status, "interrupted");
  t.is(matrix.cells[1]?.run, undefined);
  const resumed = await rig.run("--resume", path.basename(finished.resultsDir ?? ""));
  t.is(resumed.exitCode, 4, resumed.output);
  t.not((await matrixOf(resumed.resultsDir)).cells.at(-1)?.run, undefined);
});

test.serial("a kernel that does not exist is said before anything is built", async (t) => {
  const rig = await Rig.make(good);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const finished = await rig.run("--kernel", "dir:/nowhere/linux", "--patch", await harmless(rig));
  t.is(finished.exitCode, 2, finished.output);
  t.is(finished.resultsDir, undefined);
});
