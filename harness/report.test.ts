import test from "ava";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { compare } from "./model/compare.ts";
import { controls, evil } from "./testing/hostile-text.ts";
import { compareRuns, repeatsOf } from "./model/compare-runs.ts";
import {
  runRecordSchema,
  type BootRecord,
  type KernelRecord,
  type RunRecord,
} from "./model/run.ts";
import { caseNamed, caseReport, junitXml, markdownSummary, runReport } from "./report.ts";

function boot(cases: BootRecord["cases"], more: Partial<BootRecord> = {}): BootRecord {
  return { repeat: 0, console: "c.log", ktap: [], splats: [], cases, ...more };
}

function kernel(label: string, boots: BootRecord[]): KernelRecord {
  return {
    label,
    fingerprint: "f",
    release: "6.12.117",
    cached: false,
    buildSeconds: 200,
    config: "config",
    buildLog: "build.log",
    boots,
  };
}

function record(more: Partial<RunRecord> = {}): RunRecord {
  const baseline = kernel("baseline", [
    boot([
      { name: "w.p.a", verdict: "skip", reason: "no wait6" },
      { name: "w.p.b", verdict: "pass" },
      { name: `w.p.${evil}`, verdict: "pass" },
    ]),
  ]);
  const patched = kernel("wait6", [
    boot(
      [
        { name: "w.p.a", verdict: "pass" },
        {
          name: "w.p.b",
          verdict: "fail",
          reason: evil,
          diagnostics: [evil, "second line"],
          console: [3, 9],
        },
        { name: `w.p.${evil}`, verdict: "crash", reason: "panic" },
      ],
      {
        splats: [{ kind: "warning", title: `WARNING ${evil}`, offset: 3 }],
        problems: [`w.p: ${evil}`],
      },
    ),
  ]);
  return runRecordSchema.parse({
    schema: 1,
    id: "20260101T000000Z-x86_64-6.12.117-abcd",
    harness: "0.1.0",
    argv: ["run", "--patch", "my series.mbox"],
    startedAt: "2026-01-01T00:00:00.000Z",
    seconds: 192,
    status: "complete",
    exitStatus: 3,
    arch: "x86_64",
    kernel: { spec: "apt:6.12", description: "Debian's", version: "6.12.117", identity: "i" },
    toolchain: "gcc 14",
    accelerator: { name: "tcg", why: "no /dev/kvm" },
    suites: ["w"],
    kernels: [baseline, patched],
    comparisons: [
      compare({
        series: "wait6",
        proves: ["w.p.a", "nothing.*"],
        control: false,
        baseline: repeatsOf(baseline),
        patched: repeatsOf(patched),
      }),
    ],
    failures: [
      {
        reason: "ssh-lost",
        blame: "infra",
        what: evil,
        evidence: evil,
        hint: "again",
        kernel: "wait6",
      },
    ],
    timings: {},
    ...more,
  });
}

function isWellFormed(xml: string): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the package it points to is not needed for one call
  return XMLValidator.validate(xml) === true;
}

test("JUnit is well-formed whatever a guest prints, and counts add up", (t) => {
  const xml = junitXml(record());
  t.true(isWellFormed(xml));
  t.notRegex(xml, controls);
  interface TestSuite {
    readonly name: string;
    readonly tests: string;
    readonly failures: string;
    readonly errors: string;
    readonly skipped: string;
    readonly testcase: { name: string; failure?: { message: string }; error?: { type: string } }[];
  }
  const parsed = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    isArray: (name) => name === "testcase" || name === "testsuite",
  }).parse(xml) as { testsuites: { testsuite: TestSuite[]; tests: string } };
  const suites = parsed.testsuites.testsuite;
  t.deepEqual(
    suites.map((suite) => suite.name),
    ["baseline: w", "wait6: w", "comparison of wait6", "failures"],
  );
  const [baseline, patched, comparison] = suites;
  t.like(baseline, { tests: "3", failures: "0", errors: "0", skipped: "1" });
  t.like(patched, { tests: "3", failures: "1", errors: "1", skipped: "0" });
  // w.p.b and the crash regressed, the splat is new, a glob matches nothing.
  t.like(comparison, { tests: "5", failures: "4", errors: "0" });
  t.is(patched?.testcase[2]?.error?.type, "crash");
  t.is(
    Number(parsed.testsuites.tests),
    suites.reduce((sum, suite) => sum + suite.testcase.length, 0),
  );
});

test("JUnit of any text is well-formed", (t) => {
  const nasty = fc.constantFrom(
    "<",
    "&",
    '"',
    "'",
    "\0",
    "\u001b",
    "\u009b",
    "\ufffe",
    "]]>",
    "\ud800",
    "a",
  );
  const sample = record();
  fc.assert(
    fc.property(fc.string({ unit: nasty }), (text) => {
      const failures: RunRecord["failures"] = [
        { reason: text, blame: "suite", what: text, evidence: text },
      ];
      const xml = junitXml({ ...sample, id: text, failures });
      t.true(isWellFormed(xml));
      t.notRegex(xml, controls);
      t.notRegex(xml, /="[^"]*</);
    }),
    { numRuns: 50 },
  );
});

test("the summary says the verdict first, and everything that is wrong", (t) => {
  const text = markdownSummary(record());
  const [first] = text.split("\n");
  t.is(
    first,
    "# At fault: this machine, its tools or its network; the test suite; the patch series (exit status 3).",
  );
  t.notRegex(text, controls);
  const words = text
    .replace(/```text\n[^]*?\n```/g, "")
    .replace(/(`+)[^`](?:.*?[^`])?\1(?!`)/g, "");
  t.notRegex(words, /(?<!\\)</);
  for (const expected of [
    "## `wait6`: REGRESSION",
    "### Regressions: 2",
    "### Proved: 1",
    "| `w.p.a` | skip | pass | `no wait6` |",
    "nothing.*",
    "harness run --patch 'my series.mbox'",
    "sh reproduce.sh",
    "Try: again",
  ]) {
    t.true(text.includes(expected), expected);
  }
  // Every row of a table has as many cells as its head.
  for (const table of text.split("\n\n").filter((part) => part.startsWith("|"))) {
    const cells = table.split("\n").map((row) => row.split(/(?<!\\)\|/).length);
    t.is(new Set(cells).size, 1, table);
  }
});

test("a run's summary and one case of it are shown without raw escapes", async (t) => {
  const shown = runReport(record(), "/r");
  t.true(shown.some((line) => line.includes("wait6: built in 3 min 20 s, 1 boot, 1 pass, 1 fail")));
  t.is(shown.at(-1), "Report: /r");
  t.notRegex(shown.join("\n"), controls);

  const asked: unknown[] = [];
  const lines = await caseReport(record(), "w.p.b", async (file, range) => {
    asked.push([file, range]);
    return Buffer.from("[ 1.0] \u001b[31mWARNING\r\n");
  });
  t.deepEqual(asked, [["c.log", [3, 9]]]);
  t.true(lines.includes("  wait6: regression"));
  t.true(lines.includes("baseline: pass"));
  t.true(lines.includes("wait6: fail"));
  t.true(lines.includes("  > [ 1.0] \\x1b[31mWARNING"));
  t.notRegex(lines.join("\n"), controls);
});

test("a case is found by its end, if only one has it", (t) => {
  t.is(caseNamed(record(), "w.p.a"), "w.p.a");
  t.is(caseNamed(record(), "b"), "w.p.b");
  t.deepEqual(caseNamed(record(), "zzz"), []);
  const twice = record({
    kernels: [
      kernel("baseline", [
        boot([
          { name: "x.a", verdict: "pass" },
          { name: "y.a", verdict: "pass" },
        ]),
      ]),
    ],
    comparisons: [],
  });
  t.deepEqual(caseNamed(twice, "a"), ["x.a", "y.a"]);
});

test("two runs are compared kernel by kernel", (t) => {
  const older = record({
    kernels: [kernel("baseline", [boot([{ name: "w.a", verdict: "pass" }])])],
  });
  const newer = record({
    kernels: [kernel("baseline", [boot([{ name: "w.a", verdict: "fail" }])]), kernel("extra", [])],
    toolchain: "gcc 15",
    failures: [],
  });
  const { comparisons, remarks } = compareRuns({ ...older, failures: [] }, newer);
  t.is(comparisons.length, 1);
  t.is(comparisons[0]?.verdict, "regression");
  t.true(remarks.includes("toolchain differs: gcc 14 and gcc 15"));
  t.true(remarks.some((remark) => remark.endsWith(": extra")));
  t.is(compareRuns(older, older).comparisons[0]?.cases[0]?.transition, "same");
});

test("what a run did not come to is no regression", (t) => {
  const whole = record({
    kernels: [
      kernel("baseline", [
        boot([
          { name: "w.a", verdict: "pass" },
          { name: "v.a", verdict: "pass" },
        ]),
      ]),
    ],
    failures: [],
    suites: ["w", "v"],
  });
  const part = {
    ...whole,
    kernels: [kernel("baseline", [boot([{ name: "w.a", verdict: "pass" }])])],
  };
  const verdictOf = (run: RunRecord) => compareRuns(whole, run).comparisons[0]?.verdict;
  t.is(verdictOf(part), "regression");
  t.is(verdictOf({ ...part, suites: ["w"] }), "incomplete");
  t.is(verdictOf({ ...part, status: "interrupted" }), "incomplete");
  t.is(
    verdictOf({ ...part, failures: [{ reason: "x", blame: "infra", what: "ssh lost" }] }),
    "incomplete",
  );
});

test("boots of one repeat are one set of results", (t) => {
  const results = repeatsOf(
    kernel("k", [
      boot([{ name: "a", verdict: "crash" }]),
      boot([{ name: "b", verdict: "pass" }]),
      boot([{ name: "a", verdict: "pass" }], { repeat: 1 }),
    ]),
  );
  t.deepEqual(
    results.map(({ cases }) => cases.map((each) => `${each.name} ${each.verdict}`)),
    [["a crash", "b pass"], ["a pass"]],
  );
});
