import test from "ava";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { resolveSource } from "../source.ts";
import { bisectionOn } from "../testing/real-run.ts";
import { brokenCase, makeKernelHistory } from "../testing/kernel-history.ts";

/**
 * A real kernel's history of 43 commits, of which one breaks a case, two do not build, one does not
 * boot, and one makes another case flaky: the culprit is found, and no commit is judged wrongly.
 */
const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";

test("the commit that breaks a case is found in a kernel's history", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-e2e-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const source = await resolveSource(kernel, { emit: () => undefined });
  const repository = path.join(dir, "linux");
  const commits = await makeKernelHistory((await source.tree()).dir, repository);
  const culprit = commits.findIndex(({ kind }) => kind === "culprit");
  const { exitCode, record } = await bisectionOn(
    ...["--git", repository, "--good", commits[0]?.id ?? "", "--bad", "HEAD"],
    ...["--case", brokenCase, "--output", path.join(dir, "results")],
  );
  t.is(exitCode, 0, JSON.stringify(record, null, 1));
  t.like(record.result, { kind: "culprit", commit: commits[culprit]?.id ?? "" });
  for (const { commit, role, verdict, why } of record.steps) {
    const made = commits.find(({ id }) => id === commit);
    if (!made || role === "revert") continue;
    const isSkipped = made.kind === "unbuildable" || made.kind === "unbootable";
    const truth = isSkipped ? "skip" : made.number < culprit ? "good" : "bad";
    t.is(verdict, truth, `${made.number}, ${made.kind}: ${why}`);
  }
});
