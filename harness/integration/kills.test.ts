import test from "ava";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { matrixRecordSchema } from "../model/matrix.ts";
import { readRecord, Rig } from "../testing/rig.ts";
import { good, harmless } from "../testing/runs.ts";
import { temporaryDir } from "../testing/tree.ts";

/** A run of several cells, killed again and again by SIGKILL, and resumed. */

const kills = 50;
/** Longer than three cells take on a quiet machine. */
const longestMilliseconds = 4000;

/** The same moments in every run of this test: a linear congruential generator (Numerical Recipes). */
function* moments(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield (state / 2 ** 32) * longestMilliseconds;
  }
}

/** The matrix in a results folder, if the program came so far. */
async function matrixIn(results: string) {
  const names = (await readdir(results).catch(() => [])).map((name) => path.join(results, name));
  const dir = names.find((name) => existsSync(path.join(name, "matrix.json")));
  if (dir === undefined) return undefined;
  const text = await readFile(path.join(dir, "matrix.json"), "utf8");
  return matrixRecordSchema.parse(JSON.parse(text));
}

/** The runs of a results folder that came to their end, by id. */
async function completeRuns(results: string) {
  const ids = (await readdir(results).catch(() => [])).filter((name) =>
    existsSync(path.join(results, name, "run.json")),
  );
  const records = await Promise.all(ids.map((id) => readRecord(path.join(results, id))));
  return new Map(
    records
      .map((record) => [record.id, record] as const)
      .filter(([, record]) => record.status === "complete"),
  );
}

test.serial(
  `${kills} kills: no cell is lost, none is run twice, no half result counts`,
  async (t) => {
    t.timeout(5 * 60_000);
    const cache = await temporaryDir();
    t.teardown(() => rm(cache, { recursive: true, force: true }));
    const moment = moments(20261121);
    let left = kills;
    for (let number = 0; left > 0; number++) {
      const rig = await Rig.make(good, cache);
      t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
      const results = path.join(rig.dir, "results");
      // Kernels that were never built, so that the kills hit builds too.
      const others = [1, 2].map((copy) =>
        rig.copyTree(`linux-${copy}`, { "kernel/fork.c": `int fork_${number}_${copy};\n` }),
      );
      const kernels = (await Promise.all(others)).flatMap((dir) => ["--kernel", `dir:${dir}`]);
      const args = [...kernels, "--patch", await harmless(rig), "--fresh"];
      const complete = new Set<string>();
      for (;;) {
        const id = (await matrixIn(results))?.id;
        const process = id === undefined ? rig.start(...args) : rig.start("--resume", id);
        const wait = moment.next().value;
        const isOver = await Promise.race([
          process.finished.then(() => true),
          new Promise<false>((resolve) => setTimeout(resolve, wait, false)),
        ]);
        if (isOver || left === 0) {
          const { exitCode, output } = await process.finished;
          t.is(exitCode, 0, output);
          break;
        }
        left--;
        process.kill();
        await process.finished;
        const now = await completeRuns(results);
        for (const run of complete) t.true(now.has(run), `${run} is lost`);
        for (const run of now.keys()) complete.add(run);
      }
      const matrix = await matrixIn(results);
      t.is(matrix?.status, "complete");
      const runs = await completeRuns(results);
      // As many as there are cells: what was complete when a kill came is taken over.
      t.is(runs.size, 3, [...runs.keys()].join("\n"));
      for (const run of complete) t.true(runs.has(run));
      for (const cell of matrix?.cells ?? []) {
        const record = runs.get(cell.run ?? "");
        t.is(record?.kernel.spec, cell.kernel);
        t.deepEqual(
          record?.comparisons.map(({ verdict, cases }) => [verdict, cases.length]),
          [["no-regression", 3]],
        );
      }
    }
  },
);
