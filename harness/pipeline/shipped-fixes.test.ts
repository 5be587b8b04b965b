import test from "ava";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { makeKernelTree, temporaryDir } from "../testing/tree.ts";
import type { Plan } from "./plan.ts";
import { withShippedFixes } from "./shipped-fixes.ts";

test("a baseline that does not build is told which shipped fixes its tree lacks", async (t) => {
  const root = await temporaryDir();
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const tree = await makeKernelTree(path.join(root, "tree"));
  const file = path.join(root, "sparc-pids.patch");
  await writeFile(
    file,
    "diff --git a/kernel/pid.c b/kernel/pid.c\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n@@ -1 +1 @@\n-int pid;\n+int mended;\n",
  );
  const hintOf = async (blame: "baseline" | "infra", kernelArch: string, hint?: string) => {
    const plan = { arch: { kernelArch }, source: { tree: () => Promise.resolve({ dir: tree }) } };
    const failure = new Failure({ reason: "build-failed", blame, what: "w", evidence: "e", hint });
    const signal = new AbortController().signal;
    const told = await withShippedFixes(failure, plan as unknown as Plan, signal, root);
    t.true(told instanceof Failure);
    const { hint: now, ...others } = (told as Failure).details;
    t.deepEqual(others, { reason: "build-failed", blame, what: "w", evidence: "e" });
    return now;
  };
  const named = `patches of the harness that mend mainline here, for --on: ${path.relative("", file)}`;
  t.is(await hintOf("baseline", "sparc64"), named);
  t.is(await hintOf("baseline", "sparc64", "see the log"), `see the log; ${named}`);
  t.is(await hintOf("baseline", "mips", "see the log"), "see the log");
  t.is(await hintOf("infra", "sparc64", "see the log"), "see the log");
  const gone = {
    arch: { kernelArch: "sparc64" },
    source: { tree: () => Promise.reject(new Error("the tree is gone")) },
  };
  const failure = new Failure({ reason: "r", blame: "baseline", what: "w" });
  const signal = new AbortController().signal;
  t.is(await withShippedFixes(failure, gone as unknown as Plan, signal, root), failure);
  const bug = new Error("bug");
  const plan = {} as Plan;
  t.is(await withShippedFixes(bug, plan, new AbortController().signal, root), bug);
});
