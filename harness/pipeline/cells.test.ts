import test from "ava";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import type { CellRequest } from "../model/request.ts";
import type { RunRecord } from "../model/run.ts";
import { createMatrix } from "../store/matrix.ts";
import { makeKernelTree, temporaryDir } from "../testing/tree.ts";
import { longestFirst, planCells, runCells, whenWhole, type CellContext } from "./cells.ts";
import type { Plan } from "./plan.ts";

test("cells that take longest begin first, with those never run before them", (t) => {
  t.deepEqual(longestFirst([10, undefined, 300, undefined, 20]), [1, 3, 2, 4, 0]);
  t.deepEqual(longestFirst([undefined, undefined]), [0, 1]);
  t.deepEqual(longestFirst([5, 5, 5]), [0, 1, 2]);
  t.deepEqual(longestFirst([]), []);
});

/** A mail that says of itself that others belong to it. */
const secondOfThree = `From: A <a@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH 2/3] wait: nothing

---
--- a/Makefile
+++ b/Makefile
@@ -1 +1,2 @@
 # nothing
+# more
--
2.39
`;

test("a kernel is looked up once and series are read once, for all architectures", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const kernel = `dir:${await makeKernelTree(dir, "6.1.0")}`;
  const patch = path.join(dir, "second.patch");
  await writeFile(patch, secondOfThree);
  const arches = ["x86_64", "s390x", "arm"];
  const request: CellRequest = {
    ...{ series: [], patches: [patch], areRevisions: false, suites: ["wait6"], kconfig: [] },
    ...{ toolchain: "auto", repeat: 1, timeoutScale: 1 },
    accel: "tcg",
  };
  const looked: string[] = [];
  const cells = arches.map((arch) => ({ arch, kernel }));
  const planned = await planCells(cells, request, {
    emit: (event) => {
      if (event.type === "step-finished") looked.push(event.id);
      if (event.type === "notice") looked.push(event.text);
    },
    signal: new AbortController().signal,
  });
  t.deepEqual(
    planned.map(({ arch, plan }) => [arch, "complete" in plan]),
    arches.map((arch) => [arch, true]),
  );
  t.deepEqual(looked, [`${patch} is patch 2 of 3; it is applied alone`, "source:resolve"]);
});

/** A plan that is whole when it is told so. */
function fetching() {
  let done: (() => void) | undefined;
  let fail: (() => void) | undefined;
  const plan = new Promise<Plan>((resolve, reject) => {
    done = () => {
      resolve({ source: { identity: "the tree" } } as Plan);
    };
    fail = () => {
      reject(new Error("no such package"));
    };
  });
  return { plan: { complete: () => plan }, done: () => done?.(), fail: () => fail?.() };
}

test("cells begin in their order, but for those for which something is still fetched", async (t) => {
  const [slow, quick, broken, other] = [fetching(), fetching(), fetching(), fetching()];
  const refused = new Failure({ reason: "no-compiler", blame: "infra", what: "none" });
  const cells = [slow, quick, broken, other].map(({ plan }) => ({ plan }));
  const began: number[] = [];
  const order = whenWhole([0, 4, 1, 2, 3], [...cells, { plan: refused }]);
  const next = async () => {
    const result = await order.next();
    if (result.done !== true) began.push(result.value);
  };
  await next();
  t.deepEqual(began, [4], "what is refused waits for nothing");
  quick.done();
  other.done();
  await next();
  t.deepEqual(began, [4, 1]);
  slow.done();
  await slow.plan.complete();
  await next();
  t.deepEqual(began, [4, 1, 0], "the first in order, now that it can");
  broken.fail();
  await next();
  await next();
  t.deepEqual(began.slice(3).sort(), [2, 3], "a plan that cannot be made is not lost");
  await next();
  t.is(began.length, 5);
});

test("a cell begins with the last kernel of the one before it", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const began: CellContext[] = [];
  const ends: (() => void)[] = [];
  const cells = ["x86_64", "s390x", "arm"].map((arch) => {
    const { plan, done } = fetching();
    done();
    return { arch, kernel: "dir:x", plan: plan as never };
  });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
  const matrix = runCells(cells, {
    request: {} as CellRequest,
    ...{ maxFailures: Infinity, harness: "test", argv: [], expected: () => undefined },
    emit: () => undefined,
    signal: new AbortController().signal,
    folder: await createMatrix(dir),
    runCell: async (_, context) => {
      began.push(context);
      await new Promise<void>((resolve) => ends.push(resolve));
      return { exitStatus: 0, failures: [], comparisons: [] } as unknown as RunRecord;
    },
  });
  await turn();
  t.is(began.length, 1);
  began[0]?.kernelsLeft(2);
  await turn();
  t.is(began.length, 1, "another kernel is to come");
  began[0]?.kernelsLeft(1);
  await turn();
  t.is(began.length, 2);
  for (const cell of [0, 0, 1, 1]) began[cell]?.kernelsLeft(0);
  await turn();
  t.is(began.length, 3, "each is counted once");
  t.false(began[0]?.workshop.isIdle);
  t.is(began[0]?.workshop.guests.free, 2);
  began[2]?.kernelsLeft(0);
  t.true(began[0]?.workshop.isIdle);
  t.is(began[0]?.workshop.guests.free, 4, "guests in place of a build");
  const removed: string[] = [];
  if (began[0])
    began[0].workshop.patchedTrees.remove = (tree) => Promise.resolve(void removed.push(tree));
  ends[2]?.();
  ends[0]?.();
  await turn();
  t.deepEqual(removed, [], "the cell that is left has the same kernel");
  ends[1]?.();
  t.is((await matrix).runs.length, 3);
  t.deepEqual(removed, ["the tree"]);
});
