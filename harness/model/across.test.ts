import test from "ava";
import { compareAcross, compareRevisions } from "./across.ts";
import { runSchemaVersion, type KernelRecord, type RunRecord } from "./run.ts";
import type { CaseVerdict } from "./verdict.ts";

type Cases = Readonly<Record<string, CaseVerdict | readonly CaseVerdict[]>>;

function kernel(label: string, cases: Cases): KernelRecord {
  const repeats = Math.max(1, ...Object.values(cases).map((each) => [each].flat().length));
  const boots = Array.from({ length: repeats }, (_, repeat) => ({
    repeat,
    console: "",
    ktap: [],
    splats: [],
    cases: Object.entries(cases).flatMap(([name, verdicts]) => {
      const verdict = [verdicts].flat()[repeat];
      return verdict === undefined ? [] : [{ name, verdict }];
    }),
  }));
  return {
    label,
    fingerprint: "",
    release: "",
    cached: true,
    buildSeconds: 0,
    config: "",
    buildLog: "",
    boots: Object.keys(cases).length === 0 ? [] : boots,
  };
}

function run(kernels: readonly KernelRecord[]): RunRecord {
  return {
    schema: runSchemaVersion,
    id: "",
    harness: "",
    argv: [],
    startedAt: "",
    seconds: 0,
    status: "complete",
    exitStatus: 0,
    arch: "x86_64",
    kernel: { spec: "", description: "", version: "", identity: "" },
    toolchain: "",
    suites: [],
    kernels: [...kernels],
    comparisons: [],
    failures: [],
    timings: {},
  };
}

test("across releases: a row for each case that is not the same, others are counted", (t) => {
  const old = run([
    kernel("baseline", { "s.p.a": "skip", "s.p.b": "pass" }),
    kernel("wait6", { "s.p.a": "pass", "s.p.b": "fail", "s.p.gone": "pass" }),
  ]);
  const newer = run([
    kernel("baseline", { "s.p.a": "skip", "s.p.b": "pass" }),
    kernel("wait6", { "s.p.a": "pass", "s.p.b": "pass" }),
    kernel("other", { "s.p.a": "pass" }),
  ]);
  const tables = compareAcross([
    { name: "5.10", record: old },
    { name: "6.12", record: newer },
  ]);
  t.deepEqual(tables, [
    { label: "baseline", columns: ["5.10", "6.12"], differing: [], same: 2, absent: 0 },
    {
      label: "wait6",
      columns: ["5.10", "6.12"],
      differing: [{ name: "s.p.b", verdicts: [["fail"], ["pass"]] }],
      same: 1,
      absent: 1,
      asBaselines: 0,
    },
  ]);
});

test("a case that is not there on one kernel still differs between the others", (t) => {
  const tables = compareAcross(
    ([{ x: "pass" }, { x: "fail" }, { y: "pass" }] as const).map((cases, at) => ({
      name: String(at),
      record: run([kernel("baseline", cases)]),
    })),
  );
  t.deepEqual(tables[0]?.differing, [{ name: "x", verdicts: [["pass"], ["fail"], []] }]);
  t.is(tables[0]?.absent, 1);
});

test("what differs on the baselines in the same way is none of the series' doing", (t) => {
  const runs = (["fail", "pass"] as const).map((verdict) => ({
    name: verdict,
    record: run([
      kernel("baseline", { old: verdict, new: "skip" }),
      kernel("wait6", { old: verdict, new: verdict }),
    ]),
  }));
  const [baselines, wait6] = compareAcross(runs);
  t.deepEqual(
    baselines?.differing.map(({ name }) => name),
    ["old"],
  );
  t.deepEqual(
    wait6?.differing.map(({ name }) => name),
    ["new"],
  );
  t.is(wait6?.asBaselines, 1);
});

test("how often a case was run is no difference; that it wavers is one", (t) => {
  const tables = compareAcross([
    { name: "a", record: run([kernel("baseline", { x: ["pass", "pass"], y: ["pass", "fail"] })]) },
    { name: "b", record: run([kernel("baseline", { x: "pass", y: "pass" })]) },
  ]);
  t.deepEqual(
    tables[0]?.differing.map(({ name }) => name),
    ["y"],
  );
});

test("a kernel that was never booted has no column", (t) => {
  const tested = run([kernel("baseline", { x: "pass" })]);
  t.deepEqual(
    compareAcross([
      { name: "a", record: tested },
      { name: "b", record: run([kernel("baseline", {})]) },
    ]),
    [],
  );
});

test("revisions of a series stand beside one another, whatever else the run tested", (t) => {
  const record = run([
    kernel("baseline", { x: "skip" }),
    kernel("wait6@v1", { x: "fail", y: "pass", z: "pass" }),
    kernel("wait6@v2", { x: "pass", y: "fail", z: "pass" }),
    kernel("wait6", { x: "pass", y: "pass", z: "pass" }),
    kernel("translate-pid", { x: "skip" }),
  ]);
  t.deepEqual(compareRevisions(record), [
    {
      label: "wait6",
      columns: ["wait6@v1", "wait6@v2", "wait6"],
      differing: [
        { name: "x", verdicts: [["fail"], ["pass"], ["pass"]] },
        { name: "y", verdicts: [["pass"], ["fail"], ["pass"]] },
      ],
      same: 1,
      absent: 0,
    },
  ]);
});
