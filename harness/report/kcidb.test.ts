import test from "ava";
import type { RunRecord } from "../model/run.ts";
import { kcidbSchema } from "../testing/kcidb-schema.ts";
import { runRecord } from "../testing/records.ts";
import { kcidbReport } from "./kcidb.ts";

const evil = "evil \0 \u001b[31m . @ # \ud800 é";

function report(record: RunRecord) {
  // As it is read: what JSON cannot carry must not count.
  return kcidbSchema.parse(JSON.parse(JSON.stringify(kcidbReport(record, "harness_test"))));
}

const regressing = runRecord({
  baseline: { "s.p.a": "pass", "s.p.b": "skip", "s.p.c@i386": "xfail", [`s.p.${evil}`]: "missing" },
  series: { wait6: { "s.p.a": "timeout", "s.p.b": "pass", "s.p.c@i386": "crash" } },
  record: { arch: "Arch-64", toolchain: evil },
  boot: { splats: [{ kind: "hung-task", title: `INFO: task ${evil}`, offset: 3 }] },
});

test("a report is of the schema's shape whatever a guest printed, and everything hangs together", (t) => {
  const {
    checkouts = [],
    builds = [],
    tests = [],
    issues = [],
    incidents = [],
  } = report(regressing);
  t.is(checkouts.length, 2);
  t.is(builds.length, 2);
  t.is(tests.length, 7);
  const ids = (entries: readonly { id: string }[]) => new Set(entries.map((each) => each.id));
  for (const entries of [checkouts, builds, tests, issues, incidents])
    t.is(ids(entries).size, entries.length);
  for (const each of builds) t.true(ids(checkouts).has(each.checkout_id));
  for (const each of tests) t.true(ids(builds).has(each.build_id));
  for (const each of incidents) {
    t.true(ids(issues).has(each.issue_id));
    t.true(
      each.test_id === undefined
        ? ids(builds).has(each.build_id ?? "")
        : ids(tests).has(each.test_id),
    );
  }
});

test("verdicts keep their meaning", (t) => {
  const { tests = [] } = report(regressing);
  t.deepEqual(
    tests.map((each) => `${each.path ?? ""} ${each.status ?? ""}`),
    [
      "s.p.a PASS",
      "s.p.b SKIP",
      "s.p.c_i386 DONE",
      "s.p.evil_31m_._ ERROR",
      "s.p.a FAIL",
      "s.p.b PASS",
      "s.p.c_i386 FAIL",
    ],
  );
});

test("what the host lost is missed, not an error of the test", (t) => {
  const lost = { reason: "guest-lost", blame: "infra", what: "ssh", kernel: "baseline" } as const;
  const record = runRecord({
    baseline: { "s.p.a": "missing" },
    series: { wait6: { "s.p.a": "missing" } },
    record: { failures: [lost] },
  });
  const { tests = [], issues = [], incidents = [] } = report(record);
  t.deepEqual(
    tests.map(({ status }) => status),
    ["MISS", "ERROR"],
  );
  t.like(issues[0], { culprit: { code: false, tool: false, harness: true } });
  t.is(incidents[0]?.build_id, tests[0]?.build_id);
});

test("a regression is an issue, the same in every run, and its tests are the incidents", (t) => {
  const again = { ...regressing, id: "20270101T000000Z-x" };
  const found = [regressing, again].map((record) => {
    const { issues = [], incidents = [], tests = [] } = report(record);
    const issue = issues.find(({ comment }) => comment?.includes("s.p.a regresses"));
    const incident = incidents.find(({ issue_id }) => issue_id === issue?.id);
    t.is(tests.find(({ id }) => id === incident?.test_id)?.status, "FAIL");
    return { issue: issue?.id, incident: incident?.id };
  });
  t.is(found[0]?.issue, found[1]?.issue);
  t.not(found[0]?.incident, found[1]?.incident);
});

test("a series that does not apply is an invalid checkout, one that does not build a failed build", (t) => {
  const failure = (reason: string, blame: "series" | "infra") =>
    report(
      runRecord({
        baseline: { "s.p.a": "pass" },
        record: {
          failures: [{ reason, blame, what: "w", evidence: "e\0".repeat(20_000), kernel: "mine" }],
        },
      }),
    );
  const unapplied = failure("patch-does-not-apply", "series");
  t.like(unapplied.checkouts?.[1], { valid: false });
  t.is(unapplied.builds?.length, 1);
  const unbuilt = failure("build-failed", "series");
  t.like(unbuilt.checkouts?.[1], { valid: true });
  t.like(unbuilt.builds?.[1], { status: "FAIL" });
  t.like(failure("disk-full", "infra").builds?.[1], { status: "MISS" });
});
