import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "ava";
import { exec } from "./exec.ts";
import { defaultSuites, listSuites, selftestsDir, withNeededSuites } from "./suite.ts";
import { describedArches } from "./syscalls.ts";

test("a suite brings along those whose programs it uses, once", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "suites-"));
  t.teardown(() => rm(dir, { recursive: true }));
  for (const name of ["judge", "judged", "alone"]) {
    await mkdir(path.join(dir, name));
    await writeFile(path.join(dir, name, "Makefile"), "");
  }
  await writeFile(path.join(dir, "judge/needs"), "judged\n");
  t.deepEqual(withNeededSuites(["judge"], dir), ["judge", "judged"]);
  t.deepEqual(withNeededSuites(["judged", "judge", "kselftest"], dir), [
    "judged",
    "judge",
    "kselftest",
  ]);
  t.deepEqual(withNeededSuites(["alone"], dir), ["alone"]);
});

test("what is run when no suite is named needs nothing that is not", (t) => {
  t.deepEqual(withNeededSuites(defaultSuites()), defaultSuites());
});

test("what a suite needs is there", (t) => {
  for (const name of withNeededSuites(listSuites())) t.true(listSuites().includes(name), name);
});

test("the tracer's tests name the architectures whose system calls are described", async (t) => {
  for (const name of ["tracer", "strace"]) {
    const { stdout } = await exec("make", [
      "-s",
      "-C",
      path.join(selftestsDir, name),
      "list-host-arches",
    ]);
    t.deepEqual(stdout.trim().split("\n").sort(), describedArches());
  }
});
