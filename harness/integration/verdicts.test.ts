import test from "ava";
import { existsSync } from "node:fs";
import path from "node:path";
import { rigsOfOneCache } from "../testing/rigs.ts";
import { cases, good, harmless, patchedTwo, tap } from "../testing/runs.ts";

/** What a run says of kernels that build and boot, by what their programs say; each is a whole run of the program. */

const rigFor = rigsOfOneCache();

test.serial("a harmless series: everything as before, in one boot of each kernel", async (t) => {
  const rig = await rigFor(t);
  const finished = await rig.run("--patch", await harmless(rig));
  t.is(finished.exitCode, 0, finished.output);
  t.is(finished.record?.status, "complete");
  t.deepEqual(
    finished.record?.kernels.map((each) => each.boots.length),
    [1, 1],
  );
  t.deepEqual(cases(finished, "harmless"), {
    "kselftest.fake.one.first": "pass",
    "kselftest.fake.one.second": "pass",
    "kselftest.fake.two.only": "pass",
  });
  for (const file of ["run.json", "summary.md", "junit.xml", "reproduce.sh"]) {
    t.true(existsSync(path.join(finished.resultsDir ?? "", file)), file);
  }
  t.deepEqual(
    finished.record?.kernels.map((each) => each.testedIn),
    [undefined, undefined],
  );
});

test.serial("what a clean run tested is taken over, with its files, unless --fresh", async (t) => {
  const rig = await rigFor(t);
  const patch = await harmless(rig);
  const first = await rig.run("--patch", patch);
  // A guest would say something else now; none is started.
  await rig.guests({
    commands: [{ match: "\\./", steps: tap("1..1", "not ok 1 other"), exit: 1 }],
  });
  const again = await rig.run("--patch", patch);
  t.is(again.exitCode, 0, again.output);
  for (const kernel of again.record?.kernels ?? []) {
    t.true(kernel.cached);
    t.is(kernel.testedIn?.run, first.record?.id);
    for (const file of kernel.boots.flatMap((boot) => [boot.console, ...boot.ktap]))
      t.true(existsSync(path.join(again.resultsDir ?? "", file)), file);
  }
  t.deepEqual(cases(again, "harmless"), cases(first, "harmless"));
  const fresh = await rig.run("--patch", patch, "--fresh");
  t.true(Object.keys(cases(fresh, "baseline")).includes("kselftest.fake.one.other"));
});

test.serial(
  "a case that fails on the patched kernel alone is the series' regression",
  async (t) => {
    const rig = await rigFor(
      t,
      patchedTwo({ match: "\\./two", steps: tap("1..1", "not ok 1 only"), exit: 1 }),
    );
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 1, finished.output);
    const changed = finished.record?.comparisons[0]?.cases.filter(
      (each) => each.transition !== "same",
    );
    t.deepEqual(
      changed?.map((each) => `${each.name} ${each.transition}`),
      ["kselftest.fake.two.only regression"],
    );
    // Nothing of a run that blames is taken over: chance may have been in it.
    const again = await rig.run("--patch", await harmless(rig));
    t.is(again.exitCode, 1, again.output);
    t.true(again.record?.kernels.every((each) => each.testedIn === undefined));
  },
);

test.serial(
  "what fails once and passes on fresh guests is flaky, and not a regression",
  async (t) => {
    const fails = { match: "\\./two", steps: tap("1..1", "not ok 1 only"), exit: 1 };
    // The first guests are one of each kernel, in either order.
    const variants = [1, 2].map((start) => ({
      start,
      kernelContains: "patched",
      commands: [fails, ...(good.commands ?? [])],
    }));
    const rig = await rigFor(t, { ...good, variants });
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 0, finished.output);
    const [comparison] = finished.record?.comparisons ?? [];
    t.is(comparison?.verdict, "no-regression");
    t.deepEqual(comparison?.blames, []);
    const case_ = comparison?.cases.find((each) => each.transition === "flaky");
    // Once in nine does not rule chance out, and nine are enough to give up.
    t.deepEqual(case_?.baseline, Array<string>(9).fill("pass"));
    t.deepEqual(case_?.patched, ["fail", ...Array<string>(8).fill("pass")]);
    // Only the program in doubt was run again.
    t.deepEqual(finished.record?.kernels[1]?.boots[1]?.only, ["kselftest.fake.two"]);
    t.is(finished.record?.kernels[1]?.boots[1]?.cases.length, 1);
    // All nine are taken over together: the next run says the same, and starts no guest.
    const again = await rig.run("--patch", await harmless(rig));
    t.is(again.exitCode, 0, again.output);
    t.deepEqual(again.record?.comparisons, finished.record?.comparisons);
    t.true(again.record?.kernels.every((each) => each.testedIn !== undefined));
  },
);

test.serial("--on makes a series part of the baseline", async (t) => {
  const fails = [{ match: "\\./", steps: tap("1..1", "not ok 1 only"), exit: 1 }];
  const variants = [{ kernelContains: "base", commands: good.commands ?? [] }];
  const rig = await rigFor(t, { commands: fails, variants });
  const on = await rig.patch("base", "kernel/exit.c", "int base;\n");
  const finished = await rig.run("--on", on, "--patch", await harmless(rig));
  t.is(finished.exitCode, 0, finished.output);
  t.deepEqual(new Set(Object.values(cases(finished, "baseline"))), new Set(["pass"]));
  t.regex(finished.record?.kernel.description ?? "", / \+ base$/);
});

test.serial("a mutant that no case notices survives, and is the suite's fault", async (t) => {
  const fails = { match: "\\./one", steps: tap("1..1", "not ok 1 first"), exit: 1 };
  const variants = [{ kernelContains: "noticed", commands: [fails, ...(good.commands ?? [])] }];
  const rig = await rigFor(t, { ...good, variants });
  rig.command = "mutants";
  const noticed = await rig.patch("noticed", "kernel/pid.c", "int noticed;\n");
  const killed = await rig.run("--patch", noticed);
  t.is(killed.exitCode, 0, killed.output);
  // The first program killed it: the other one was not run.
  const boots = killed.record?.kernels[1]?.boots ?? [];
  t.deepEqual(
    boots.map((boot) => boot.only),
    [["kselftest.fake.one"]],
  );
  const both = await rig.run("--patch", noticed, "--patch", await harmless(rig));
  t.is(both.exitCode, 3, both.output);
});

test.serial("a mutant that was noticed need not be waited for", async (t) => {
  const first = { stdout: "KTAP version 1\n1..2\nnot ok 1 first\n" };
  const hangs = { match: "\\./one", steps: [first, { hang: true as const }] };
  const variants = [{ kernelContains: "noticed", commands: [hangs, ...(good.commands ?? [])] }];
  const rig = await rigFor(t, { ...good, variants });
  rig.command = "mutants";
  const finished = await rig.run(
    "--patch",
    await rig.patch("noticed", "kernel/pid.c", "int noticed;\n"),
  );
  t.is(finished.exitCode, 0, finished.output);
  t.deepEqual(cases(finished, "noticed"), { "kselftest.fake.one.first": "fail" });
});
