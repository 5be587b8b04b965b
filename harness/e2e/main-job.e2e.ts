import test from "ava";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { RunRecord } from "../model/run.ts";
import { projectDir } from "../paths.ts";
import { harnessOn, type RealRun } from "../testing/real-run.ts";

/**
 * The main job on real kernels, as a user runs it: the program itself, the host's own tools, the
 * host's own cache (the first time takes minutes, the next seconds).
 */
const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";

let results: string;
const harnessRun = (...args: string[]): Promise<RealRun> =>
  harnessOn("--kernel", kernel, "--output", results, ...args);
test.before(async () => {
  results = await mkdtemp(path.join(os.tmpdir(), "harness-e2e-"));
});
test.after.always(async () => {
  await rm(results, { recursive: true, force: true });
});

function passing(record: RunRecord, label: string): Set<string> {
  const boots = record.kernels.find((each) => each.label === label)?.boots ?? [];
  return new Set(
    boots.flatMap(({ cases }) =>
      cases.filter((each) => each.verdict === "pass").map((each) => each.name),
    ),
  );
}

test.serial(
  "the shipped series are proved, and the control shows that its suite can fail",
  async (t) => {
    const { exitCode, record } = await harnessRun("--fresh");
    t.is(exitCode, 0, JSON.stringify(record.failures, null, 1));
    t.is(record.status, "complete");
    t.deepEqual(record.comparisons.map(({ series, verdict }) => `${series} ${verdict}`).sort(), [
      "ptrace-get-syscall-info proved",
      "translate-pid proved",
      "wait6 proved",
    ]);
    for (const { series, cases } of record.comparisons) {
      const proved = cases.filter((each) => each.proof === "proved").map((each) => each.name);
      for (const abi of ["i386", "x32"]) {
        t.true(
          proved.some((name) => name.endsWith(`@${abi}`)),
          `${series} proves nothing for ${abi}`,
        );
      }
    }
    // The proof holds because of the kernels, not of the comparison: look at the cases themselves.
    t.false([...passing(record, "baseline")].some((name) => /^(wait6|translate-pid)\./.test(name)));
    t.true([...passing(record, "wait6")].some((name) => name.startsWith("wait6.")));
    t.false([...passing(record, "wait6")].some((name) => name.startsWith("translate-pid.")));
    t.true([...passing(record, "baseline")].some((name) => name.startsWith("kselftest.ptrace.")));
  },
);

test.serial("again with nothing changed, nothing is built or tested, and it is said", async (t) => {
  const { exitCode, record, seconds } = await harnessRun();
  t.is(exitCode, 0);
  t.deepEqual(new Set(record.kernels.map((each) => each.cached)), new Set([true]));
  t.true(record.kernels.every((each) => each.testedIn !== undefined));
  t.is(record.timings["make"], 0);
  t.is(record.timings["guest"], undefined);
  t.is(record.comparisons.length, 3);
  t.true(seconds < 60, `${seconds} s`);
});

test.serial("a patch that breaks wait4 is blamed, and the right cases are named", async (t) => {
  const patch = path.join(projectDir, "harness/e2e/wait4-loses-event-bits.patch");
  const { exitCode, record } = await harnessRun(
    "--fresh",
    "--patch",
    patch,
    "--suite",
    "ptrace-syscall-info",
    "--suite",
    "kselftest:seccomp",
  );
  t.is(exitCode, 1);
  const regressions = (record.comparisons[0]?.cases ?? [])
    .filter((each) => each.transition === "regression")
    .map((each) => each.name);
  t.true(
    regressions.some((name) => /seccomp/i.test(name)),
    regressions.join("\n"),
  );
  // What needs no event stop still passes.
  t.true(
    [...passing(record, record.kernels[1]?.label ?? "")].some((name) =>
      name.startsWith("ptrace-syscall-info."),
    ),
  );
});
