import test, { type ExecutionContext } from "ava";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { BisectRecord } from "../model/bisect.ts";
import { resolveSource } from "../source.ts";
import { bisectionOn } from "../testing/real-run.ts";
import {
  brokenCase,
  flakyCase,
  makeKernelHistory,
  type Kind,
  type MadeCommit,
} from "../testing/kernel-history.ts";

/**
 * A real kernel's history of 43 commits, of which one breaks a case, two do not build, one does not
 * boot, and one makes another case flaky: both are found, and no commit is judged wrongly.
 */
const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";

let dir: string;
let commits: readonly MadeCommit[];
test.before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "harness-e2e-"));
  const source = await resolveSource(kernel, { emit: () => undefined });
  commits = await makeKernelHistory((await source.tree()).dir, path.join(dir, "linux"));
});
test.after.always(() => rm(dir, { recursive: true, force: true }));

test.serial("the commit that breaks a case is found in a kernel's history", async (t) => {
  await find(t, "culprit", brokenCase, commits.length - 1);
});

test.serial("so is the one that breaks a case in some boots only", async (t) => {
  // The other one's breaks this case too.
  const before = commits.findIndex(({ kind }) => kind === "culprit") - 1;
  const { seen } = await find(t, "flaky", flakyCase, before);
  t.true(seen !== undefined && seen.fails < seen.boots, JSON.stringify(seen));
});

async function find(
  t: ExecutionContext,
  kind: Kind,
  name: string,
  bad: number,
): Promise<BisectRecord> {
  const id = (number: number) => commits[number]?.id ?? "";
  const { exitCode, record } = await bisectionOn(
    ...["--git", path.join(dir, "linux"), "--good", id(0), "--bad", id(bad)],
    ...["--case", name, "--output", path.join(dir, "results")],
  );
  t.is(exitCode, 0, JSON.stringify(record, null, 1));
  const culprit = commits.findIndex((each) => each.kind === kind);
  t.like(record.result, { kind: "culprit", commit: id(culprit) });
  for (const step of record.steps) {
    const made = commits.find((each) => each.id === step.commit);
    if (!made || step.role === "revert") continue;
    t.log(told(step, made));
    const isSkipped = made.kind === "unbuildable" || made.kind === "unbootable";
    const truth = isSkipped ? "skip" : made.number < culprit ? "good" : "bad";
    t.is(step.verdict, truth, `${made.number}, ${made.kind}: ${step.why}`);
  }
  return record;
}

/** What a step took: "step: commit 21 (mend) bad, 24.1 s, of which make 11.3 s, 1 boot". */
function told(step: BisectRecord["steps"][number], { number, kind }: MadeCommit): string {
  const boots = step.outcomes.filter(({ askedIn }) => askedIn === undefined).length;
  const seconds = `${step.seconds.toFixed(1)} s, of which make ${step.buildSeconds.toFixed(1)} s`;
  return `${step.role}: commit ${number} (${kind}) ${step.verdict}, ${seconds}, ${boots} boots`;
}
