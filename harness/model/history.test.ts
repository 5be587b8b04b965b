import test from "ava";
import fc from "fast-check";
import { drift, flakiness, kernelLine, standing, type Observation } from "./history.ts";
import type { CaseVerdict } from "./verdict.ts";

function seen(
  ...runs: (readonly [verdicts: CaseVerdict | CaseVerdict[], more?: Partial<Observation>])[]
): Observation[] {
  return runs.map(([verdicts, more], index) => ({
    run: `run${index}`,
    at: "",
    version: "6.12.1",
    identity: "same",
    verdicts: [verdicts].flat(),
    lost: false,
    ...more,
  }));
}

test("failing since: from the first failure after the last run that only passed", (t) => {
  const now = standing(seen(["fail"], ["pass"], ["fail"], ["crash"], ["timeout"]));
  t.like(now, { said: "failed", failingRuns: 3, silentRuns: 0 });
  t.is(now.firstFailing?.run, "run2");
  t.is(now.lastPassing?.run, "run1");
});

test("what says nothing neither ends a row of failures nor adds to it", (t) => {
  const now = standing(seen(["pass"], ["fail"], ["skip"], ["fail"], ["xfail"], ["skip"]));
  t.like(now, { said: "failed", failingRuns: 2, silentRuns: 2 });
  t.is(now.firstFailing?.run, "run1");
});

test("a planned case that is missing failed, unless the host is why", (t) => {
  t.like(standing(seen(["pass"], ["missing"])), { said: "failed", failingRuns: 1 });
  t.like(standing(seen(["pass"], ["missing", { lost: true }])), {
    said: "passed",
    failingRuns: 0,
    silentRuns: 1,
  });
});

test("a case that was only ever skipped says nothing", (t) => {
  t.deepEqual(standing(seen(["skip"], ["skip"])), {
    said: "nothing",
    failingRuns: 0,
    silentRuns: 2,
  });
});

test("flaky is what contradicts itself where nothing differs", (t) => {
  t.is(flakiness(seen(["pass"], ["fail"]))?.score, 1);
  t.is(flakiness(seen(["pass"], ["fail", { identity: "other" }])), undefined);
  t.is(flakiness(seen([["pass", "pass"]], [["fail", "fail"], { identity: "other" }]))?.score, 0);
  t.deepEqual(flakiness(seen([["pass", "fail", "pass", "skip"]])), {
    score: 2 / 3,
    passes: 2,
    failures: 1,
  });
  t.is(flakiness(seen(["pass"], ["missing", { lost: true }])), undefined);
});

test("a score is a probability whatever the runs were", (t) => {
  const verdict = fc.constantFrom<CaseVerdict>("pass", "fail", "skip", "crash", "missing");
  const run = fc.record({
    verdicts: fc.array(verdict, { maxLength: 4 }),
    identity: fc.constantFrom("a", "b"),
    lost: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(run), (runs) => {
      const found = seen(...runs.map((each) => [each.verdicts, each] as const));
      const score = flakiness(found)?.score ?? 0;
      t.true(score >= 0 && score <= 1);
      const now = standing(found);
      t.true(now.failingRuns <= found.length);
      t.is(now.failingRuns > 0, now.firstFailing !== undefined);
    }),
  );
});

test("drift is a change larger than a fifth and than the usual scatter", (t) => {
  t.is(drift([1, 1, 1, 1, 1]), undefined);
  t.like(drift([1, 1, 1, 2, 2, 2]), { now: 2, before: 1, drifted: true });
  t.like(drift([1, 1, 1, 1.1, 1.1, 1.1]), { drifted: false });
  // One slow run is no drift.
  t.like(drift([1, 1, 1, 1, 9, 1]), { now: 1, drifted: false });
  // It always was like that.
  t.like(drift([1, 3, 1, 3, 1, 3, 3, 3, 3]), { drifted: false });
  t.like(drift([4, 4, 4, 2, 2, 2]), { drifted: true });
});

test("kernels of another origin have a history of their own", (t) => {
  const kernel = { spec: "apt:newest", description: "D", version: "7.2.13", identity: "sha256:1" };
  t.is(kernelLine(kernel), "apt:7.2");
  t.is(kernelLine({ ...kernel, spec: "6.12", version: "6.12" }), "release:6.12");
  t.is(kernelLine({ ...kernel, spec: "dir:/a:b/linux" }), "dir:7.2");
  const instead = "7.2.13 with Debian's patches (linux-source-7.2 7.2.13-1), not vanilla 7.2.13";
  t.is(kernelLine({ ...kernel, spec: "7.2", description: instead }), "apt:7.2");
  t.is(
    kernelLine({ ...kernel, identity: "patched:1", description: "D + v2 + wait6" }),
    "apt:7.2 + wait6",
  );
});
