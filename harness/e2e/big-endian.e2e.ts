import test from "ava";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { projectDir } from "../paths.ts";
import { harnessOn } from "../testing/real-run.ts";

/** One architecture that is neither the host's nor little-endian, end to end, with its 31-bit ABI. */
const arch = "s390x";
const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";

test.serial(`what ${arch} needs is installed`, async (t) => {
  const bin = path.join(projectDir, "build/harness/bin.js");
  const words = [bin, "doctor", "--arch", arch, "--install", "--quiet"];
  const { exitCode, output } = await exec(process.execPath, words);
  t.is(exitCode, 0, output);
});

test.serial(`wait6 is proved on ${arch}`, async (t) => {
  const results = await mkdtemp(path.join(os.tmpdir(), "harness-e2e-"));
  t.teardown(() => rm(results, { recursive: true, force: true }));
  const { exitCode, record } = await harnessOn(
    ...["--arch", arch, "--kernel", kernel, "--output", results, "--fresh"],
    ...["--series", "wait6", "--suite", "wait6"],
  );
  t.is(exitCode, 0, JSON.stringify(record.failures, null, 1));
  const [comparison] = record.comparisons;
  t.is(comparison?.verdict, "proved");
  const proved = comparison?.cases.filter(({ proof }) => proof === "proved") ?? [];
  for (const end of ["", "@s390"])
    t.true(
      proved.some(({ name }) => (end === "" ? !name.includes("@") : name.endsWith(end))),
      `nothing is proved for ${end || arch}`,
    );
});
