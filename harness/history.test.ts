import { chmod, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { exec, start } from "./exec.ts";
import { caseHistory, changingCases, reindex } from "./history.ts";
import { Failure } from "./model/failure.ts";
import { projectDir } from "./paths.ts";
import { runRecord, writeRun, type Described } from "./testing/records.ts";
import { temporaryDir } from "./testing/tree.ts";

const bin = path.join(projectDir, "build/harness/bin.js");

async function resultsWith(t: ExecutionContext, ...runs: Described[]): Promise<string> {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  for (const [day, run] of runs.entries()) await writeRun(dir, runRecord({ day, ...run }));
  return dir;
}

const passing = { baseline: { "s.p.a": "pass", "s.p.b": "skip" } } as const;
const failing = { baseline: { "s.p.a": "fail", "s.p.b": "skip" } } as const;

test("a case's history: verdict by run, since when it fails, on each subject by itself", async (t) => {
  const dir = await resultsWith(
    t,
    passing,
    failing,
    { ...failing, series: { wait6: { "s.p.a": "pass" } } },
    { ...passing, arch: "arm64" },
    { ...passing, kernel: { version: "6.1.9", spec: "apt:6.1" } },
  );
  const { histories, remarks } = await caseHistory(dir, "p.a");
  t.deepEqual(remarks, []);
  t.deepEqual(
    histories.map(({ subject, standing }) => [
      `${subject.arch} ${subject.kernel} ${subject.series}`,
      standing.said,
      standing.failingRuns,
    ]),
    [
      ["arm64 apt:6.12 ", "passed", 0],
      ["x86_64 apt:6.1 ", "passed", 0],
      ["x86_64 apt:6.12 ", "failed", 2],
      ["x86_64 apt:6.12 wait6", "passed", 0],
    ],
  );
  const one = await caseHistory(dir, "s.p.a", {
    arch: "x86_64",
    kernel: "6.12",
    series: "baseline",
  });
  const [history] = one.histories;
  t.is(one.histories.length, 1);
  t.deepEqual(
    history?.observations.map(({ verdicts }) => verdicts),
    [["pass"], ["fail"], ["fail"]],
  );
  t.true(history?.standing.firstFailing?.run.startsWith("20260102"));
  t.true(history?.standing.lastPassing?.run.startsWith("20260101"));
});

test("cases are found by glob; an unknown one is a clear error", async (t) => {
  const dir = await resultsWith(t, passing);
  t.is((await caseHistory(dir, "s.*")).histories.length, 2);
  const failure = await t.throwsAsync(caseHistory(dir, "s.p.x"), { instanceOf: Failure });
  t.is(failure.reason, "unknown-case");
  t.true(failure.hint?.includes("s.p.a"));
});

test("the index follows the runs on disk: new, changed, gone", async (t) => {
  const dir = await resultsWith(t, passing, failing);
  const count = async () =>
    (await caseHistory(dir, "s.p.a")).histories[0]?.observations.map((each) => each.verdicts[0]);
  t.deepEqual(await count(), ["pass", "fail"]);
  const third = runRecord({ day: 2, ...passing });
  await writeRun(dir, third);
  t.deepEqual(await count(), ["pass", "fail", "pass"]);
  await writeRun(dir, { ...third, kernels: runRecord(failing).kernels });
  await utimes(path.join(dir, third.id, "run.json"), 1, 1);
  t.deepEqual(await count(), ["pass", "fail", "fail"]);
  await rm(path.join(dir, third.id), { recursive: true });
  t.deepEqual(await count(), ["pass", "fail"]);
});

test("an index that is deleted, damaged anywhere or foreign is made again, with the same answers", async (t) => {
  const runs = Array.from({ length: 6 }, (_, day) => ({ ...(day % 2 ? failing : passing), day }));
  const dir = await resultsWith(t, ...runs);
  const file = path.join(dir, "index.db");
  const right = await caseHistory(dir, "s.p.a");
  t.is(right.histories[0]?.observations.length, 6);
  const whole = await readFile(file);
  const damages: [string, () => Promise<void>][] = [
    ["deleted", () => rm(file)],
    ["empty", () => writeFile(file, "")],
    ["another file", () => writeFile(file, "x".repeat(9000))],
    ["cut", () => writeFile(file, whole.subarray(0, whole.length / 2))],
    ["without checksum", () => rm(`${file}.sha1`)],
    ["a folder", () => rm(file).then(() => mkdir(file))],
  ];
  for (let at = 40; at < whole.length; at += Math.ceil(whole.length / 25)) {
    const broken = Buffer.from(whole);
    broken[at] = (broken[at] ?? 0) ^ 0x55;
    damages.push([`byte ${at}`, () => writeFile(file, broken)]);
  }
  for (const [what, damage] of damages) {
    await damage();
    const { histories } = await caseHistory(dir, "s.p.a");
    t.deepEqual(histories, right.histories, what);
    await rm(file, { recursive: true, force: true });
    await writeFile(file, whole);
  }
});

test("a lock that a killed process left does not stop anybody", async (t) => {
  const dir = await resultsWith(t, passing);
  await caseHistory(dir, "s.p.a");
  await mkdir(path.join(dir, "index.db.lock"));
  const busy = path.join(dir, "index.db.busy");
  await mkdir(busy);
  await utimes(busy, 1, 1);
  t.is((await caseHistory(dir, "s.p.a")).histories.length, 1);
});

test("several processes at once, killed ones among them, and the answers stay right", async (t) => {
  const runs = Array.from({ length: 30 }, (_, day) => ({ ...passing, day }));
  const dir = await resultsWith(t, ...runs);
  const ask = ["history", "s.p.a", "--json", "--output", dir];
  for (let round = 0; round < 6; round++) {
    const victim = start(process.execPath, [bin, "results", "reindex", "--output", dir]);
    await new Promise((resolve) => setTimeout(resolve, 150 + 40 * round));
    victim.kill();
    await victim.finished;
  }
  const answers = await Promise.all(
    Array.from({ length: 3 }, () => exec(process.execPath, [bin, ...ask])),
  );
  for (const { stdout, exitCode, output } of answers) {
    t.is(exitCode, 0, output);
    const [history] = JSON.parse(stdout) as { observations: unknown[] }[];
    t.is(history?.observations.length, 30);
  }
});

test("a results folder that cannot be written is read all the same", async (t) => {
  const dir = await resultsWith(t, passing);
  // Root may write anywhere, but no file where a folder is.
  await mkdir(path.join(dir, "index.db.sha1", "x"), { recursive: true });
  const { histories, remarks } = await caseHistory(dir, "s.p.a");
  t.is(histories.length, 1);
  t.true(remarks[0]?.startsWith("the index is not kept: "));
  if (process.getuid?.() !== 0) {
    await chmod(dir, 0o555);
    t.is((await caseHistory(dir, "s.p.a")).histories.length, 1);
    await chmod(dir, 0o755);
  }
});

test("a record that cannot be read is left out and told, and read when it is mended", async (t) => {
  const dir = await resultsWith(t, passing, passing);
  const run = path.join(dir, runRecord({ day: 1, ...passing }).id, "run.json");
  const text = await readFile(run, "utf8");
  await writeFile(run, text.slice(0, 100));
  const broken = await caseHistory(dir, "s.p.a");
  t.is(broken.histories[0]?.observations.length, 1);
  t.regex(broken.remarks.join("\n"), /left out: 20260102\S*: .* is no record of a run/);
  t.regex((await caseHistory(dir, "s.p.a")).remarks.join("\n"), /left out/);
  await writeFile(run, text);
  const mended = await caseHistory(dir, "s.p.a");
  t.is(mended.histories[0]?.observations.length, 2);
  t.deepEqual(mended.remarks, []);
});

test("what was taken over from an earlier run was seen once, and mutants never", async (t) => {
  const dir = await resultsWith(
    t,
    passing,
    { ...passing, kernelRecord: { testedIn: { run: "r", at: "" } } },
    { ...failing, record: { argv: ["mutants", "wait6"] } },
  );
  const { histories } = await caseHistory(dir, "s.p.a");
  t.is(histories[0]?.observations.length, 1);
});

test("what an interrupted run or a lost guest left out is no failure", async (t) => {
  const missing = { baseline: { "s.p.a": "missing" } } as const;
  const lost = { reason: "guest-lost", blame: "infra", what: "ssh" } as const;
  const dir = await resultsWith(
    t,
    passing,
    { ...missing, record: { status: "interrupted" } },
    { ...missing, record: { failures: [lost] } },
    { ...missing, record: { failures: [{ ...lost, kernel: "another" }] } },
  );
  const [history] = (await caseHistory(dir, "s.p.a")).histories;
  t.deepEqual(
    history?.observations.map((each) => each.lost),
    [false, true, true, false],
  );
  t.like(history?.standing, { said: "failed", failingRuns: 1 });
});

test("flaky: equal kernels and harness; a checkout with changes is equal to itself only", async (t) => {
  const flaky = { baseline: { "s.p.a": ["pass", "fail"] } } as const;
  const dirty = { harness: "0.1.0 (1234567-dirty)" };
  const score = async (...runs: Described[]) =>
    (await caseHistory(await resultsWith(t, ...runs), "s.p.a")).histories[0]?.flakiness?.score;
  t.is(await score(flaky), 1);
  t.is(await score(passing, failing), 1);
  t.is(await score(passing, { ...failing, kernelRecord: { fingerprint: "x" } }), undefined);
  t.is(await score({ ...passing, record: dirty }, { ...failing, record: dirty }), undefined);
  t.is(await score({ ...flaky, record: dirty }), 1);
});

test("how long the case's program and its guest's boot take", async (t) => {
  const runs = [1, 1, 1, 1, 2, 2, 2].map((seconds) => ({
    ...passing,
    boot: { bootSeconds: 1, programSeconds: { "s.p": seconds, "s.p@i386": 50 } },
  }));
  const [history] = (await caseHistory(await resultsWith(t, ...runs), "s.p.a")).histories;
  t.deepEqual(history?.drifts, {
    program: { now: 2, before: 1, drifted: true },
    boot: { now: 1, before: 1, drifted: false },
  });
});

test("cases that change are listed; steady ones, failing or passing, are not", async (t) => {
  const dir = await resultsWith(
    t,
    { baseline: { "s.p.a": "pass", "s.p.b": "fail", "s.p.c": "pass" } },
    { baseline: { "s.p.a": "fail", "s.p.b": "fail", "s.p.c": "skip" } },
  );
  const { histories } = await changingCases(dir);
  t.deepEqual(
    histories.map(({ name }) => name),
    ["s.p.a"],
  );
  t.deepEqual((await changingCases(dir, { arch: "arm64" })).histories, []);
});

test("newer runs without the case are counted", async (t) => {
  const dir = await resultsWith(t, passing, { baseline: { "s.p.b": "pass" } });
  t.is((await caseHistory(dir, "s.p.a")).histories[0]?.absentRuns, 1);
});

test("the commands: a history for people, and reindex", async (t) => {
  const dir = await resultsWith(t, passing, failing);
  const told = await exec(process.execPath, [bin, "history", "p.a", "--output", dir]);
  t.is(told.exitCode, 0);
  t.regex(
    told.stdout,
    /^s\.p\.a\n {2}x86_64 apt:6\.12 baseline: FAILING since 1 run, first in 20260102/,
  );
  const all = await exec(process.execPath, [bin, "history", "--output", dir]);
  t.regex(all.stdout, /^s\.p\.a {2}x86_64 apt:6\.12 baseline: FAILING/);
  const again = await exec(process.execPath, [bin, "results", "reindex", "--output", dir]);
  t.is(again.stdout, "2 runs, 4 results of cases\n");
  t.deepEqual((await reindex(dir)).results, 4);
  t.true((await stat(path.join(dir, "index.db"))).size > 0);
  const none = await exec(process.execPath, [bin, "history", "--output", path.join(dir, "no")]);
  t.is(none.exitCode, 0);
});
