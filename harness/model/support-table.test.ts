import test from "ava";
import fc from "fast-check";
import { runRecord, type Described } from "../testing/records.ts";
import {
  supportTables,
  withClaims,
  type Cell,
  type Claims,
  type Feature,
} from "./support-table.ts";
import type { CaseVerdict } from "./verdict.ts";

const feature: Feature = {
  title: "wait6",
  cases: ["wait6.*"],
  abi: "native",
  series: "wait6",
  upstream: "tracehook",
};

const x86 = { name: "x86_64", abis: ["x86_64", "i386"] };

/** The cell of x86_64 on the only release. */
function cellOf(runs: readonly Described[], of = feature): Cell | undefined {
  const records = runs.map((run, day) => runRecord({ day, ...run }));
  const [table] = supportTables(records, [of], [x86]);
  return table?.rows[0]?.cells[0];
}

const skips = { "wait6.p.a": "skip", "wait6.p.b": "skip" } as const;
const passes = { "wait6.p.a": "pass", "wait6.p.b": "pass" } as const;
const fails = { "wait6.p.a": "pass", "wait6.p.b": "fail" } as const;
const withSeries = (series: Described["baseline"], baseline: Described["baseline"] = skips) => ({
  baseline,
  series: { wait6: series },
});

test("a cell says what was seen, and on which run", (t) => {
  t.is(cellOf([{ baseline: passes }])?.state, "native");
  t.is(cellOf([withSeries(passes)])?.state, "series");
  t.is(cellOf([withSeries(fails)])?.state, "no");
  t.is(cellOf([withSeries(passes, fails)])?.state, "series");
  t.is(cellOf([{ baseline: fails }])?.state, "no");
  t.is(cellOf([{ baseline: { "wait6.p.a": ["pass", "fail"] } }])?.state, "flaky");
  t.like(cellOf([withSeries(passes)])?.evidence, {
    kernel: "wait6",
    passed: 2,
    version: "6.12.117",
  });
});

test("what was not run does not work: skipped, missing, another suite, an arch without runs", (t) => {
  t.is(cellOf([{ baseline: skips }])?.state, "not-run");
  t.is(cellOf([{ baseline: { "wait6.p.a": "pass", "wait6.p.b": "missing" } }])?.state, "partly");
  t.is(cellOf([{ baseline: { "s.p.a": "pass" } }])?.state, "not-run");
  t.is(cellOf([{ baseline: passes, arch: "arm64" }])?.state, "not-run");
  t.deepEqual(cellOf([{ baseline: passes, arch: "arm64" }]), { state: "not-run" });
});

test("a run that was cut short shows no more than a part, and a failure all the same", (t) => {
  const lost = { reason: "guest-lost", blame: "infra", what: "" } as const;
  t.is(cellOf([{ baseline: passes, record: { status: "interrupted" } }])?.state, "partly");
  t.is(cellOf([{ baseline: passes, record: { failures: [lost] } }])?.state, "partly");
  t.is(cellOf([{ baseline: fails, record: { failures: [lost] } }])?.state, "no");
  const other = { ...lost, kernel: "another" };
  t.is(cellOf([{ baseline: passes, record: { failures: [other] } }])?.state, "native");
  t.is(cellOf([{ baseline: skips, record: { status: "interrupted" } }])?.state, "not-run");
});

test("cases that only another kernel of the run has were not run here", (t) => {
  const cell = cellOf([withSeries({ "wait6.p.a": "pass" })]);
  t.like(cell, { state: "partly" });
  t.is(cell?.evidence?.missing, 1);
});

test("a program that died on another kernel before its cases is no case that was not run here", (t) => {
  const beside = (name: string, died: string, of = feature) =>
    cellOf(
      [
        {
          baseline: { [name]: "skip" },
          series: { wait6: { [name]: "pass" }, "translate-pid": { [died]: "crash" } },
        },
      ],
      of,
    );
  t.is(beside("wait6.p.a", "wait6.p")?.state, "series");
  t.is(beside("wait6.p.a", "wait6.p")?.evidence?.missing, 0);
  t.is(beside("wait6.pp.a", "wait6.p")?.state, "partly", "another program");
  const compat = { ...feature, abi: "compat" } as const;
  t.is(beside("wait6.p.a@i386", "wait6.p@i386", compat)?.state, "series");
  t.is(beside("wait6.p.a@i386", "wait6.p@x32", compat)?.state, "partly", "another ABI");
});

test("the newest whole run counts: neither an older one nor a newer part of one", (t) => {
  t.is(cellOf([{ baseline: passes }, { baseline: fails }])?.state, "no");
  t.is(cellOf([{ baseline: fails }, { baseline: passes }])?.state, "native");
  const part = { baseline: passes, record: { status: "interrupted" } } as const;
  t.is(cellOf([{ baseline: fails }, part])?.state, "no");
});

test("what a control does to a kernel, mutants and a series on top of another show nothing", (t) => {
  t.is(cellOf([{ ...withSeries(passes), controls: ["wait6"] }])?.state, "not-run");
  t.is(cellOf([{ baseline: passes, record: { argv: ["mutants"] } }]), undefined);
  t.is(cellOf([{ baseline: passes, kernel: { identity: "patched:1" } }]), undefined);
});

test("native and compat are different features", (t) => {
  const baseline = { "wait6.p.a": "pass", "wait6.p.a@i386": "fail" } as const;
  t.is(cellOf([{ baseline }])?.state, "native");
  t.is(cellOf([{ baseline }], { ...feature, abi: "compat" })?.state, "no");
});

test("what is about further ABIs does not concern an architecture with one", (t) => {
  const compat = { ...feature, abi: "compat" } as const;
  const arches = [
    { name: "riscv64", abis: ["riscv64"] },
    { name: "arm64", abis: ["arm64", "arm"] },
  ];
  const states = (of: Feature) =>
    supportTables([runRecord({ baseline: passes })], [of], arches)[0]?.rows.map(
      ({ arch, cells }) => `${arch} ${cells[0]?.state ?? ""}`,
    );
  t.deepEqual(states(compat), ["riscv64 no-abi", "arm64 not-run", "x86_64 not-run"]);
  t.deepEqual(states(feature), ["riscv64 not-run", "arm64 not-run", "x86_64 native"]);
});

test("releases are tables of their own, newest first, with a column for each kselftest folder", (t) => {
  const kselftest = { baseline: { "kselftest.ptrace.x": "pass" } } as const;
  const tables = supportTables(
    [
      runRecord({ ...kselftest, kernel: { version: "6.1.9", spec: "apt:6.1" } }),
      runRecord({ ...kselftest, kernel: { version: "6.12.5" }, day: 1 }),
      runRecord({ ...kselftest, kernel: { version: "6.12.5", spec: "6.12.5" }, day: 2 }),
    ],
    [feature],
    [{ name: "arm64", abis: [0] }, x86],
  );
  t.deepEqual(
    tables.map(({ kernel, spec }) => [kernel, spec]),
    [
      ["apt:6.12", "apt:6.12"],
      ["release:6.12", "release:6.12.5"],
      ["apt:6.1", "apt:6.1"],
    ],
  );
  t.deepEqual(
    tables[0]?.features.map(({ title }) => title),
    ["wait6", "kselftest ptrace"],
  );
  t.deepEqual(
    tables[0]?.rows.map(({ arch, cells }) => [arch, cells.map(({ state }) => state).join(" ")]),
    [
      ["arm64", "not-run not-run"],
      ["x86_64", "not-run native"],
    ],
  );
});

test("no cell works unless a case passed and none failed in the run it names", (t) => {
  const verdict = fc.constantFrom<CaseVerdict>("pass", "fail", "skip", "missing", "crash", "xfail");
  const verdicts = fc.dictionary(fc.constantFrom("wait6.p.a", "wait6.p.b", "v.x"), verdict);
  const run = fc.record({ baseline: verdicts, series: fc.record({ wait6: verdicts }) });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 4 }), (runs) => {
      const cell = cellOf(runs);
      if (cell?.state !== "native" && cell?.state !== "series") return;
      const record = runs
        .map((each, day) => runRecord({ day, ...each }))
        .find(({ id }) => id === cell.evidence?.run);
      const kernel = record?.kernels.find(({ label }) => label === cell.evidence?.kernel);
      const seen = kernel?.boots.flatMap(({ cases }) => cases) ?? [];
      const own = seen.filter(({ name }) => name.startsWith("wait6."));
      t.true(own.some((each) => each.verdict === "pass"));
      t.true(own.every((each) => ["pass", "skip", "xfail"].includes(each.verdict)));
      t.is(cell.state === "native", cell.evidence?.kernel === "baseline");
    }),
  );
});

test("the tree's claims stand beside what was measured; disagreements are marked", (t) => {
  const claims = (kconfig?: boolean, documentation?: boolean): Claims =>
    new Map([["tracehook", new Map([["x86", { kconfig, documentation }]])]]);
  const claimed = (run: Described, said: Claims, of = feature) => {
    const [table] = supportTables([runRecord(run)], [of], [x86]);
    return table && withClaims(table, said, () => "x86").rows[0]?.cells[0]?.claim;
  };
  t.like(claimed({ baseline: passes }, claims(true, true)), { claimed: true, disagrees: false });
  t.like(claimed({ baseline: fails }, claims(true, true)), { claimed: true, disagrees: true });
  t.like(claimed({ baseline: passes }, claims(false, false)), { claimed: false, disagrees: true });
  t.like(claimed({ baseline: skips }, claims(true)), { disagrees: false });
  // The tree contradicts itself.
  t.deepEqual(claimed({ baseline: passes }, claims(true, false)), {
    claimed: true,
    where: "tracehook: Kconfig: yes, Documentation/features: no",
    disagrees: true,
  });
  // For a kernel that is older than the feature the claim is not about it.
  t.is(claimed({ baseline: fails }, claims(true), { ...feature, since: "6.13" }), undefined);
  t.true(claimed({ baseline: fails }, claims(true), { ...feature, since: "6.12" })?.claimed);
});
