import test, { type ExecutionContext } from "ava";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { bisectRecordSchema, type BisectRecord } from "../model/bisect.ts";
import type { Scenario } from "../testing/fake-qemu-scenario.ts";
import { makeHistory, stateOf, type CommitFiles } from "../testing/git-history.ts";
import type { Finished, Rig } from "../testing/rig.ts";
import { rigsOfOneCache } from "../testing/rigs.ts";
import { blames, eventually, tap } from "../testing/runs.ts";

/** Bisections of small histories; each is a whole run of the program. */

const makeRig = rigsOfOneCache();

const two = (...lines: string[]) => [
  {
    match: "\\./two",
    steps: tap(...lines),
    exit: lines.some((line) => line.startsWith("not")) ? 1 : 0,
  },
];
const passes = two("1..2", "ok 1 asked", "ok 2 other");
const fails = two("1..2", "not ok 1 asked", "ok 2 other");
const caseOptions = ["--case", "kselftest.fake.two.asked"];

/** The case fails on kernels that contain "culprit". */
const plain: Scenario = {
  commands: passes,
  variants: [{ kernelContains: "culprit", commands: fails }],
};
const culprit: CommitFiles = { "kernel/pid.c": "int culprit;\n" };
const harmless = (index: number): CommitFiles => ({ "kernel/step.c": `int step = ${index};\n` });

async function rigFor(
  t: ExecutionContext,
  scenario: Scenario,
  commits: readonly CommitFiles[],
  // What is remembered of earlier kernels must not decide a test that counts boots.
  own?: "own cache",
): Promise<{ rig: Rig; ids: readonly string[] }> {
  // Some thirty guests, on a host that may be busy.
  t.timeout(300_000);
  const rig = await makeRig(t, scenario, own);
  rig.command = "bisect";
  return { rig, ids: await makeHistory(rig.tree, commits) };
}

function between(rig: Rig, good: string | undefined, bad: string | undefined): string[] {
  return ["--git", rig.tree, "--good", good ?? "", "--bad", bad ?? "", ...caseOptions];
}

async function bisectionOf(dir = ""): Promise<BisectRecord> {
  return bisectRecordSchema.parse(
    JSON.parse(await readFile(path.join(dir, "bisect.json"), "utf8")),
  );
}

function culpritOf({ result }: BisectRecord) {
  if (result?.kind !== "culprit") throw new Error(`no culprit: ${JSON.stringify(result)}`);
  return result;
}

/** Guests that were started. */
async function starts(rig: Rig): Promise<number> {
  const names = await readdir(path.join(rig.dir, "bin"));
  return names.filter((name) => /\.start-\d+$/.test(name)).length;
}

/** 40 commits: headers, two that do not build, one that panics, one that makes another case flaky, the culprit. */
const forty = Array.from({ length: 40 }, (_, index): CommitFiles => {
  const number = index + 1;
  if (number === 20) return { "kernel/step.c": "int panics_at_boot;\n" };
  if (number === 30 || number === 23) return { "kernel/step.c": "#error on purpose\n" };
  if (number === 9) return { "kernel/other.c": "int flaky_other;\n" };
  if (number === 27) return culprit;
  if (number % 5 === 0)
    return { "include/linux/pid.h": `#define PID ${number}\n`, ...harmless(number) };
  return harmless(number);
});

test.serial(
  "40 commits: the culprit, without a wrong step; the next time, without a guest",
  async (t) => {
    const flaky = two("1..2", "ok 1 asked", "not ok 2 other");
    const { rig, ids } = await rigFor(
      t,
      {
        commands: passes,
        variants: [
          ...[2, 4, 6, 8, 10, 12, 14, 16].map((start) => ({
            ...{ kernelContains: "flaky_other", start, commands: flaky },
          })),
          { kernelContains: "culprit", commands: fails },
          { kernelContains: "panics_at_boot", boot: [{ panic: "on purpose" }] },
        ],
      },
      forty,
    );
    const before = await stateOf(rig.tree);
    const args = [...between(rig, ids[0], "main"), "--confidence", "0.9"];
    const finished = await rig.run(...args);
    t.is(finished.exitCode, 0, finished.output);
    const record = await bisectionOf(finished.resultsDir);
    const found = culpritOf(record);
    t.is(found.commit, ids[27] ?? "");
    t.true(found.confidence >= 0.9 && found.confidence < 1);
    t.true(found.revert.passes, found.revert.why);
    t.regex(found.shown, /commit 27[^]*kernel\/pid\.c/);
    for (const { role, commit, verdict } of record.steps) {
      const number = ids.indexOf(commit);
      const truth = [20, 23, 30].includes(number)
        ? "skip"
        : number < 27 || role === "revert"
          ? "good"
          : "bad";
      t.is(verdict, truth, `commit ${number}`);
    }
    const skipped = record.steps.filter(({ verdict }) => verdict === "skip");
    t.true(
      skipped.some(({ why }) => why.includes("panics at boot")),
      JSON.stringify(skipped),
    );
    // log2 of 40, and what is skipped.
    t.true(record.steps.filter(({ role }) => role === "step").length <= 7 + skipped.length);
    for (const file of ["summary.md", "reproduce.sh", "bisect.log"])
      t.true(existsSync(path.join(finished.resultsDir ?? "", file)), file);
    t.is(await stateOf(rig.tree), before, "the repository is as it was");

    const guests = await starts(rig);
    const again = await rig.run(...args);
    t.is(culpritOf(await bisectionOf(again.resultsDir)).commit, ids[27] ?? "");
    t.is(await starts(rig), guests);
  },
);

test.serial("killed and resumed: nothing is asked twice", async (t) => {
  const commits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) =>
    number === 6 ? culprit : harmless(number),
  );
  const { rig, ids } = await rigFor(t, plain, commits, "own cache");
  const args = between(rig, ids[0], ids.at(-1));
  const bisection = rig.start(...args, "--fresh", "--confidence", "0.9");
  const results = path.join(rig.dir, "results");
  const dir = await eventually(async () => {
    const [name] = await readdir(results).catch(() => []);
    if (name === undefined) return undefined;
    const record = await bisectionOf(path.join(results, name)).catch(() => undefined);
    return record && record.steps.length >= 3 ? path.join(results, name) : undefined;
  });
  const underWay = await rig.run("--resume", path.basename(dir));
  t.deepEqual(blames(underWay), ["usage bisection-under-way"]);
  bisection.kill();
  await bisection.finished;
  const killed = await bisectionOf(dir);
  const finished = await rig.run("--resume", path.basename(dir));
  t.is(finished.exitCode, 0, finished.output);
  const record = await bisectionOf(dir);
  t.is(record.status, "complete");
  t.is(culpritOf(record).commit, ids[6] ?? "");
  for (const step of killed.steps)
    t.deepEqual(
      record.steps.find(({ role, commit }) => role === step.role && commit === step.commit),
      step,
    );
});

test.serial("ends that are none are said, and whose fault it is", async (t) => {
  const { rig, ids } = await rigFor(t, plain, [
    harmless(1),
    culprit,
    harmless(3),
    { "kernel/pid.c": "int mended;\n" },
  ]);
  const git = ["-C", rig.tree];
  await exec("git", [...git, "checkout", "--quiet", "-b", "aside", ids[1] ?? ""]);
  const [aside = ""] = (await makeHistory(rig.tree, [])).slice(-1);
  const told = async (good = "", bad = ""): Promise<[number | undefined, string[]]> => {
    const finished: Finished = await rig.run(...between(rig, good, bad));
    return [finished.exitCode, blames(finished)];
  };
  t.deepEqual(await told(ids[3], ids[1]), [2, ["usage ends-swapped"]]);
  t.deepEqual(await told(aside, ids[3]), [2, ["usage no-ancestor"]]);
  t.deepEqual(await told(ids[1], ids[1]), [2, ["usage same-ends"]]);
  t.deepEqual(await told("nowhere", ids[1]), [2, ["usage unknown-revision"]]);
  t.deepEqual(await told(ids[2], ids[4]), [2, ["usage ends-swapped"]]);
  t.deepEqual(await told(ids[2], ids[3]), [2, ["usage good-end-fails"]]);
  t.deepEqual(await told(ids[0], ids[4]), [2, ["usage bad-end-passes"]]);
});

test.serial("only commits that cannot be judged are left: they are named", async (t) => {
  const broken = { "kernel/step.c": "#error on purpose\n" };
  const { rig, ids } = await rigFor(t, plain, [broken, culprit, harmless(3)]);
  const finished = await rig.run(...between(rig, ids[0], ids[3]));
  t.is(finished.exitCode, 4, finished.output);
  const { result } = await bisectionOf(finished.resultsDir);
  const candidates = result?.kind === "only-skipped" ? result.candidates : [];
  t.deepEqual(candidates.map(({ commit }) => commit).sort(), ids.slice(1).toSorted());
});

test.serial(
  "a fault of the host is tried again, is no verdict, and can be resumed from",
  async (t) => {
    const commits = [harmless(1), { "kernel/step.c": "int unlucky;\n" }, culprit, harmless(4)];
    const dies = { boot: [{ qemuExits: 1, message: "no memory" }] };
    const variants = plain.variants ?? [];
    const { rig, ids } = await rigFor(
      t,
      {
        ...plain,
        variants: [...variants, { kernelContains: "unlucky", ...dies }],
      },
      commits,
    );
    const args = between(rig, ids[0], ids[4]);
    const stopped = await rig.run(...args);
    t.is(stopped.exitCode, 3, stopped.output);
    t.deepEqual(blames(stopped), ["infra qemu-failed"]);
    const again = stopped.events.filter(
      (each) => each.type === "notice" && each.text.includes("tried again"),
    );
    t.is(again.length, 2);
    t.false((await bisectionOf(stopped.resultsDir)).steps.some(({ commit }) => commit === ids[2]));
    await rig.guests(plain);
    const resumed = await rig.run("--resume", path.basename(stopped.resultsDir ?? ""));
    t.is(resumed.exitCode, 0, resumed.output);
    t.is(culpritOf(await bisectionOf(resumed.resultsDir)).commit, ids[3] ?? "");
  },
);

test.serial(
  "a case that fails now and then: good takes as many boots as the confidence asks",
  async (t) => {
    const commits = [1, 2, 3, 4, 5].map((number) => (number === 3 ? culprit : harmless(number)));
    const odd = Array.from({ length: 60 }, (_, index) => 2 * index + 1);
    const { rig, ids } = await rigFor(
      t,
      {
        commands: passes,
        variants: odd.map((start) => ({ kernelContains: "culprit", start, commands: fails })),
      },
      commits,
      "own cache",
    );
    const finished = await rig.run(
      ...between(rig, ids[0], ids[5]),
      "--repeat",
      "2",
      "--confidence",
      "0.9",
    );
    t.is(finished.exitCode, 0, finished.output);
    const record = await bisectionOf(finished.resultsDir);
    t.is(culpritOf(record).commit, ids[3] ?? "");
    t.deepEqual(record.seen, { fails: 4, boots: 8 });
    for (const { role, verdict, outcomes } of record.steps) {
      if (verdict !== "good" || role === "revert") continue;
      // The commit before the culprit must pass as often again as it did when the search came by.
      t.is(outcomes.length, role === "confirm" ? 8 : 4);
    }
  },
);

test.serial(
  "a bad commit that happened to pass is found out, and the search begins anew",
  async (t) => {
    const commits = [1, 2, 3, 4, 5, 6, 7].map((number) =>
      number === 2 ? culprit : harmless(number),
    );
    // Three boots of the bad end, five of the good one; the next is that of the middle.
    const { rig, ids } = await rigFor(
      t,
      {
        ...plain,
        variants: [...(plain.variants ?? []), { start: 9, commands: passes }],
      },
      commits,
      "own cache",
    );
    const finished = await rig.run(...between(rig, ids[0], ids[7]));
    t.is(finished.exitCode, 0, finished.output);
    const record = await bisectionOf(finished.resultsDir);
    t.is(culpritOf(record).commit, ids[2] ?? "");
    const lucky = record.steps.find(({ outcomes }) =>
      ["pass", "fail"].every((each) => outcomes.some(({ answer }) => answer === each)),
    );
    t.is(lucky?.verdict, "bad");
    t.true((record.seen?.boots ?? 0) > 3);
  },
);

test.serial("a series: which patches do not build, and which breaks a case", async (t) => {
  const { rig } = await rigFor(t, plain, []);
  const patches = [
    harmless(1),
    { "kernel/fork.c": "#error half\n" },
    { "kernel/fork.c": "int fork;\n", ...culprit },
  ];
  await makeHistory(rig.tree, patches);
  await exec("git", [
    "-C",
    rig.tree,
    "format-patch",
    "-q",
    "-3",
    "-o",
    path.join(rig.dir, "series"),
  ]);
  await exec("git", ["-C", rig.tree, "reset", "-q", "--hard", "HEAD~3"]);
  const series = ["--patch", path.join(rig.dir, "series"), "--kernel", rig.kernel];
  const builds = await rig.run(...series);
  t.is(builds.exitCode, 1, builds.output);
  const { result } = await bisectionOf(builds.resultsDir);
  if (result?.kind !== "walked") throw new Error(JSON.stringify(result));
  t.is(result.patches, 3);
  t.deepEqual(
    result.broken.map(({ subject }) => subject),
    ["commit 2"],
  );
  // The second cannot be judged, so that it is that one or the third.
  const breaks = await rig.run(...series, ...caseOptions);
  t.is(breaks.exitCode, 1, breaks.output);
  const left = (await bisectionOf(breaks.resultsDir)).result;
  const candidates = left?.kind === "only-skipped" ? left.candidates : [];
  t.deepEqual(candidates.map(({ subject }) => subject).sort(), ["commit 2", "commit 3"]);
});

test.serial("plain git bisect run: the same culprit; a fault of the host ends it", async (t) => {
  const commits = [1, 2, 3, 4, 5].map((number) => (number === 4 ? culprit : harmless(number)));
  const { rig, ids } = await rigFor(t, plain, commits);
  const results = ["--output", path.join(rig.dir, "results")];
  const said = await rig.run(...between(rig, ids[0], ids[5]), "--run-script");
  t.is(said.exitCode, 0, said.output);
  const line = said.output.trim().replace("bisect --git", `bisect ${results.join(" ")} --git`);
  const run = async (script: string) => {
    const ends = [ids[5] ?? "", ids[0] ?? ""];
    await exec("git", ["-C", rig.tree, "bisect", "start", "--no-checkout", ...ends]);
    return exec("sh", ["-c", script], { cwd: rig.tree, env: rig.env });
  };
  const found = await run(line);
  t.regex(found.output, new RegExp(`^${ids[4] ?? ""} is the first bad commit`, "m"));
  await rig.guests({ boot: [{ qemuExits: 1, message: "no memory" }] });
  const ended = await run(line.replace("--judge", "--fresh --judge"));
  t.not(ended.exitCode, 0, ended.output);
  t.notRegex(ended.output, /is the first bad commit/);
  const { stdout } = await exec("git", ["-C", rig.tree, "bisect", "log"]);
  t.deepEqual([...stdout.matchAll(/^git bisect (?:good|bad|skip)/gm)], []);
});
