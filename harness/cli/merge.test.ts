import { access, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { exec } from "../exec.ts";
import type { Merged } from "../model/merged.ts";
import { projectDir } from "../paths.ts";
import { runRecord, writeRun, type Described } from "../testing/records.ts";
import { temporaryDir } from "../testing/tree.ts";

const bin = path.join(projectDir, "build/harness/bin.js");
const planned = [
  { arch: "x86_64", kernel: "apt:6.12", series: ["wait6"] },
  { arch: "arm64", kernel: "apt:6.12", series: ["wait6"] },
];
const passes = { baseline: { "w.p.a": "skip" }, series: { wait6: { "w.p.a": "pass" } } } as const;

interface Shards {
  readonly dir: string;
  /** Folder of a shard's results. */
  shard(number: number): string;
  /** Writes a run into a shard's results; gives its folder. */
  run(number: number, described?: Partial<Described>): Promise<string>;
  merge(
    ...args: string[]
  ): Promise<{ merged: Merged; exitCode: number | undefined; output: string }>;
}

async function shards(t: ExecutionContext): Promise<Shards> {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await writeFile(path.join(dir, "plan.json"), JSON.stringify({ cells: planned }));
  const shard = (number: number) => path.join(dir, `shard-${number}`);
  await Promise.all([1, 2].map((number) => mkdir(shard(number))));
  return {
    dir,
    shard,
    run: (number, described = {}) =>
      writeRun(shard(number), runRecord({ ...passes, ...described })),
    merge: async (...args) => {
      const all = [
        bin,
        "merge",
        shard(1),
        shard(2),
        "--plan",
        path.join(dir, "plan.json"),
        "--json",
      ];
      const { stdout, exitCode, output } = await exec(process.execPath, [
        ...all,
        "--output",
        path.join(dir, "all"),
        ...args,
      ]);
      const merged = stdout.startsWith("{") ? (JSON.parse(stdout) as Merged) : undefined;
      return { merged: merged ?? { cells: [], problems: [], exitStatus: -1 }, exitCode, output };
    },
  };
}

test("all shards there: one set of runs, exit status 0, and again the same", async (t) => {
  const all = await shards(t);
  const run = await all.run(1);
  await writeFile(path.join(run, "summary.md"), "s");
  await mkdir(path.join(run, "kernels"));
  await all.run(2, { arch: "arm64" });
  for (let round = 0; round < 2; round++) {
    const { merged, exitCode } = await all.merge();
    t.is(exitCode, 0);
    t.deepEqual(
      merged.cells.map(({ arch, exitStatus, problems }) => [arch, exitStatus, problems]),
      [
        ["x86_64", 0, []],
        ["arm64", 0, []],
      ],
    );
    t.deepEqual(merged.problems, []);
  }
  await access(path.join(all.dir, "all", path.basename(run), "kernels"));
});

test("a copy that was broken off is no run", async (t) => {
  const all = await shards(t);
  const run = await all.run(1);
  await cp(run, path.join(all.shard(2), `.${path.basename(run)}.making-1`), { recursive: true });
  const { merged } = await all.merge();
  t.deepEqual(merged.problems, []);
});

test("--records leaves logs behind, and links are never taken", async (t) => {
  const all = await shards(t);
  const run = await all.run(1);
  await writeFile(path.join(run, "summary.md"), "s");
  await mkdir(path.join(run, "kernels"));
  await symlink("/etc/passwd", path.join(run, "junit.xml"));
  await all.merge("--records");
  const taken = path.join(all.dir, "all", path.basename(run));
  await access(path.join(taken, "run.json"));
  await access(path.join(taken, "summary.md"));
  await t.throwsAsync(access(path.join(taken, "kernels")));
  await t.throwsAsync(access(path.join(taken, "junit.xml")));
});

test("a shard whose results are missing is no pass", async (t) => {
  const all = await shards(t);
  await all.run(1);
  const { merged, exitCode, output } = await all.merge();
  t.is(exitCode, 3);
  t.deepEqual(merged.cells[1]?.problems, ["no shard has a run of it"]);
  t.is(merged.cells[1]?.exitStatus, undefined);
  t.is(merged.cells[0]?.exitStatus, 0);
  t.truthy(output);
});

test("duplicated: the same run twice is one; two runs of a cell, the newer; one id with two contents, told", async (t) => {
  const all = await shards(t);
  const run = await all.run(1);
  await all.run(2, { arch: "arm64" });
  await cp(run, path.join(all.shard(2), path.basename(run)), { recursive: true });
  t.is((await all.merge()).exitCode, 0);
  const newer = await all.run(2, { day: 1, record: { exitStatus: 1 } });
  const two = await all.merge();
  t.is(two.merged.cells[0]?.run, path.basename(newer));
  t.is(two.exitCode, 1);
  await all.run(2, { record: { seconds: 61 } });
  const conflict = await all.merge();
  t.is(conflict.exitCode, 3);
  t.regex(conflict.merged.problems.join("\n"), /another run \S+ is there already/);
  const kept = await readFile(path.join(all.dir, "all", path.basename(run), "run.json"), "utf8");
  t.regex(kept, /"seconds":60/);
});

test("from another version, not run to its end, corrupt, or newer than this harness", async (t) => {
  const all = await shards(t);
  await all.run(1, { record: { harness: "0.2.0 (other)" } });
  await all.run(2, { arch: "arm64", day: 1 });
  const version = await all.merge();
  t.is(version.exitCode, 3);
  t.deepEqual(version.merged.cells[0]?.problems, [
    "run by harness 0.2.0 (other), not 0.1.0 (1234567)",
  ]);

  const cut = await shards(t);
  await cut.run(1, { record: { status: "running" } });
  const arm = await cut.run(2, { arch: "arm64" });
  t.deepEqual((await cut.merge()).merged.cells[0]?.problems, ["the run is interrupted"]);
  const text = await readFile(path.join(arm, "run.json"), "utf8");
  for (const broken of [text.slice(0, 200), text.replace('"schema":1', '"schema":99'), "{}"]) {
    await writeFile(path.join(arm, "run.json"), broken);
    await rm(path.join(cut.dir, "all"), { recursive: true });
    const { merged, exitCode } = await cut.merge();
    t.is(exitCode, 3);
    t.deepEqual(merged.cells[1]?.problems, ["no shard has a run of it"]);
    t.regex(merged.problems.join("\n"), /shard-2: \S+ cannot be read/);
    await t.throwsAsync(access(path.join(cut.dir, "all", path.basename(arm))));
  }
});

test("a series that a run never came to; a run that nobody planned", async (t) => {
  const all = await shards(t);
  await writeFile(
    path.join(all.dir, "plan.json"),
    JSON.stringify({ cells: [{ arch: "x86_64", kernel: "apt:6.12", series: ["wait6", "mine"] }] }),
  );
  await all.run(1);
  await all.run(2, { kernel: { spec: "apt:6.1", version: "6.1.9" } });
  const { merged, exitCode } = await all.merge();
  t.is(exitCode, 3);
  t.deepEqual(merged.cells[0]?.problems, ["not run: mine"]);
  t.regex(merged.problems.join("\n"), /shard-2: \S+ is of no planned cell/);
});

test("a plan that is none", async (t) => {
  const all = await shards(t);
  for (const text of ["", "[]", '{"cells":[{}]}']) {
    await writeFile(path.join(all.dir, "plan.json"), text);
    const { exitCode, output } = await all.merge();
    t.is(exitCode, 2);
    t.regex(output, /is no plan of a matrix/);
  }
});

test("the summary: cells with something wrong first", async (t) => {
  const all = await shards(t);
  await all.run(1);
  const file = path.join(all.dir, "summary.md");
  const { output } = await exec(process.execPath, [
    ...[bin, "merge", all.shard(1), "--plan", path.join(all.dir, "plan.json")],
    ...["--output", path.join(all.dir, "all"), "--summary", file],
  ]);
  t.is(output, "");
  const lines = (await readFile(file, "utf8")).split("\n");
  t.is(lines[0], "# 1 of 2 cells clean: the host or a suite is at fault");
  t.regex(lines[4] ?? "", /`arm64`.*NOT RUN; no shard has a run of it/);
  t.regex(lines[5] ?? "", /`x86_64`.*nothing wrong/);
});
