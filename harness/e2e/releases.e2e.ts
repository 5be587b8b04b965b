import test from "ava";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { projectDir } from "../paths.ts";
import { harnessOn } from "../testing/real-run.ts";

/** Releases other than that of the main job: all that apt offers for the patches, one for the whole way. */
const other = process.env["HARNESS_E2E_OTHER_KERNEL"] ?? "apt:6.1";

interface State {
  readonly kernel: string;
  readonly series: string;
  readonly state: string;
}

test.serial(
  "the shipped series, their revisions and mutants apply to every kernel of apt's",
  async (t) => {
    const bin = path.join(projectDir, "build/harness/bin.js");
    const { stdout, output, exitCode } = await exec(process.execPath, [
      bin,
      "series",
      "check",
      "--json",
    ]);
    t.is(exitCode, 0, output);
    const states = JSON.parse(stdout) as readonly State[];
    t.deepEqual(
      states.filter(({ state }) => state === "broken"),
      [],
    );
    const kernels = new Set(states.map(({ kernel }) => kernel));
    t.true(kernels.size >= 2, [...kernels].join());
    for (const kernel of kernels) {
      const applying = states.filter((each) => each.kernel === kernel && each.state !== "missing");
      t.true(applying.length > 0, `nothing applies to ${kernel}`);
    }
  },
);

test.serial(
  "a compiler that is not installed is taken from the mirror, and configures",
  async (t) => {
    const bin = path.join(projectDir, "build/harness/bin.js");
    // Any that the host has not, and one of its distribution's releases has.
    const name = process.env["HARNESS_E2E_COMPILER"] ?? "gcc-10";
    const words = ["build", "--kernel", other, "--toolchain", name, "--config-only"];
    const { output, exitCode } = await exec(process.execPath, [bin, ...words]);
    t.is(exitCode, 0, output);
    t.regex(output, /every option is taken/);
  },
);

test.serial(`${other}, end to end`, async (t) => {
  const results = await mkdtemp(path.join(os.tmpdir(), "harness-e2e-"));
  t.teardown(() => rm(results, { recursive: true, force: true }));
  const series = ["wait6", "ptrace-get-syscall-info"].flatMap((name) => ["--series", name]);
  const suites = ["wait6", "ptrace-syscall-info"].flatMap((name) => ["--suite", name]);
  const { exitCode, record } = await harnessOn(
    ...["--kernel", other, "--output", results, "--fresh"],
    ...[...series, ...suites],
  );
  t.is(exitCode, 0, JSON.stringify(record.failures, null, 1));
  t.deepEqual(record.comparisons.map(({ series: name, verdict }) => `${name} ${verdict}`).sort(), [
    "ptrace-get-syscall-info proved",
    "wait6 proved",
  ]);
});
