import { PassThrough } from "node:stream";
import test from "ava";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { compare, type RepeatResults } from "./model/compare.ts";
import { compareRuns, repeatsOf } from "./model/compare-runs.ts";
import type { Event } from "./model/event.ts";
import {
  runRecordSchema,
  type BootRecord,
  type KernelRecord,
  type RunRecord,
} from "./model/run.ts";
import { caseNamed, caseReport, junitXml, markdownSummary, runReport } from "./report.ts";
import { jsonReporter } from "./report/json.ts";
import { plainReporter } from "./report/plain.ts";
import { duration, outcomeSentence, verdictSentence } from "./report/sentences.ts";
import { terminalReporter } from "./report/terminal.ts";
import { cut, width, wrap } from "./report/width.ts";

const evil = 'evil \u001b[31m\u009b2J \0 \ufffe | ` <b> & "q" ]]> \u202e';

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

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

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

const splats: RepeatResults["splats"] = [];
const claims = compare({
  series: `wait6 ${evil}`,
  proves: ["w.*"],
  control: true,
  baseline: [
    {
      cases: [
        { name: "w.a", verdict: "pass" },
        { name: "v.a", verdict: "pass" },
      ],
      splats,
    },
  ],
  patched: [
    {
      cases: [
        { name: "w.a", verdict: "skip" },
        { name: "v.a", verdict: "fail", reason: evil },
      ],
      splats,
    },
  ],
});

/** What a run says, with text from a hostile guest wherever there can be some. */
function events(steps = 2): Event[] {
  const ids = Array.from({ length: steps }, (_, i) => `step-${i}`);
  return [
    { type: "run-started", runId: "id", resultsDir: "/r" },
    ...ids.map((id): Event => ({
      type: "step-started",
      step: { id, title: `Build ${id} ${evil}` },
    })),
    ...ids.map((id): Event => ({ type: "step-progress", id, text: `CC ${evil.repeat(5)}` })),
    { type: "notice", text: `note ${evil}` },
    { type: "case-finished", kernel: "baseline", name: evil, verdict: "pass" },
    { type: "case-finished", kernel: "wait6", name: evil, verdict: "fail" },
    { type: "splat", kernel: "wait6", splat: { kind: "oops", title: evil, offset: 0 } },
    ...ids.map((id): Event => ({
      type: "step-finished",
      id,
      outcome: "done",
      seconds: 2,
      detail: evil,
    })),
    {
      type: "failure",
      kernel: "wait6",
      failure: { reason: "r", blame: "infra", what: evil, evidence: evil, hint: evil },
    },
    { type: "compared", comparison: claims },
    {
      type: "run-finished",
      runId: "id",
      resultsDir: "/r",
      status: "complete",
      exitStatus: 3,
      seconds: 61,
      report: "/r/summary.md",
    },
  ];
}

test("plain output: a line an event, no raw control characters, the verdict at the end", (t) => {
  let text = "";
  let now = 0;
  const emit = plainReporter(
    (more) => (text += more),
    () => (now += 1000),
  );
  events().forEach(emit);
  t.notRegex(text, controls);
  t.regex(text, /^\d\d:\d\d run id in \/r$/m);
  t.regex(text, /^\d\d:\d\d fail {4}evil/m);
  t.false(text.includes("CC "));
  t.true(text.endsWith("Report: /r/summary.md\n"));
  t.true(
    text.includes(
      "At fault: this machine, its tools or its network; the patch series (exit status 3). 1 min 01 s.",
    ),
  );
});

test("JSON output: one object a line, the events themselves, nothing a terminal would act on", (t) => {
  let text = "";
  const emit = jsonReporter((more) => (text += more));
  const sent = events();
  sent.forEach(emit);
  const lines = text.split("\n");
  t.is(lines.pop(), "");
  t.is(lines.length, sent.length);
  t.notRegex(lines.join(""), controls);
  const read = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(
    read.map(({ time: _time, ...event }) => event),
    JSON.parse(JSON.stringify(sent)),
  );
});

/** A terminal's screen, for the few sequences that the live view uses; anything else is an error. */
class Screen extends PassThrough {
  readonly isTTY = true;
  columns: number;
  rows: number;
  lines: string[] = [""];
  row = 0;
  /** First line of the screen; above is what has scrolled away and cannot be reached. */
  top = 0;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  override write(chunk: unknown): boolean {
    // eslint-disable-next-line no-control-regex -- terminal sequences are control characters
    const sequences = /\u001b\[(\d*)([A-Za-z])|\u001b\[\?25[hl]|\r|\n|[^\u001b\r\n]+/gy;
    for (const match of String(chunk).matchAll(sequences)) this.#take(match);
    const rest = String(chunk).replace(sequences, "");
    if (rest !== "") throw new Error(`the screen does not know ${JSON.stringify(rest)}`);
    return true;
  }

  #take([whole, number, letter]: RegExpMatchArray): void {
    if (whole === "\r") return;
    if (whole === "\n") {
      this.row++;
      this.lines[this.row] ??= "";
      this.top = Math.max(this.top, this.row - this.rows + 1);
    } else if (letter === "A") this.row = Math.max(this.top, this.row - Number(number ?? 1));
    else if (letter === "K") this.lines[this.row] = "";
    else if (letter === "m" || whole.startsWith("\u001b[?25")) return;
    else if (whole.startsWith("\u001b")) throw new Error(`the screen does not know ${whole}`);
    else {
      const line = (this.lines[this.row] ?? "") + whole;
      if (width(line) > this.columns) throw new Error(`a line of the frame is too long: ${line}`);
      this.lines[this.row] = line;
    }
  }
}

function onScreen(columns: number, rows: number): Screen & NodeJS.WriteStream {
  return new Screen(columns, rows) as unknown as Screen & NodeJS.WriteStream;
}

test("the live view stays within the terminal and leaves each finished line once", (t) => {
  // Wide enough for the lines that scroll by; they wrap in a real terminal, as any output does.
  const screen = onScreen(400, 10);
  const { emit, close } = terminalReporter({ stdout: screen, stderr: onScreen(400, 10) });
  const all = events(40);
  const finished = all.findIndex((event) => event.type === "step-finished");
  all.slice(0, finished).forEach(emit);
  t.true(screen.lines.length - screen.top <= 10);
  t.true(screen.lines.some((line) => /and \d\d more steps/.test(line)));
  all.slice(finished).forEach(emit);
  close();
  const count = (text: string) => screen.lines.filter((line) => line.includes(text)).length;
  for (let i = 0; i < 40; i++) t.is(count(`Build step-${i} `), 1, `step-${i}`);
  t.is(count("more steps"), 0);
  t.is(count("note evil"), 1);
  t.is(count("Report: /r/summary.md"), 1);
  t.notRegex(screen.lines.join("\n"), controls);
});

test("of several cells the live view tells how many are done, and counts the time left down", (t) => {
  const screen = onScreen(80, 10);
  let now = 0;
  const { emit, close } = terminalReporter({
    stdout: screen,
    stderr: onScreen(80, 10),
    now: () => now,
  });
  const shown = () => {
    emit({ type: "step-started", step: { id: String(now), title: "build" } });
    return screen.lines.find((line) => line.includes("cells"))?.trim();
  };
  emit({ type: "cells", done: 1, of: 3 });
  t.is(shown(), "0.0 s  1 of 3 cells done");
  emit({ type: "cells", done: 2, of: 3, secondsLeft: 200 });
  now = 60_000;
  t.is(shown(), "1 min 00 s  2 of 3 cells done, about 2 min 20 s left");
  now = 300_000;
  t.is(shown(), "5 min 00 s  2 of 3 cells done, about 0.0 s left");
  close();
});

test("lines under way are cut to the terminal's width", (t) => {
  const screen = onScreen(40, 10);
  const { emit, close } = terminalReporter({ stdout: screen, stderr: onScreen(40, 10) });
  // The screen throws when a line is longer than it is wide.
  emit({ type: "step-started", step: { id: "a", title: "文字 ".repeat(50) } });
  emit({ type: "step-progress", id: "a", text: "x".repeat(200) });
  emit({ type: "step-started", step: { id: "b", title: "short" } });
  t.true(screen.lines.some((line) => line.endsWith("…")));
  close();
  t.deepEqual(
    screen.lines.filter((line) => line !== ""),
    [],
  );
});

test("widths, cuts and wraps", (t) => {
  t.is(width("abc"), 3);
  t.is(width("文字e\u0301"), 5);
  t.is(cut("abcdef", 4), "abc…");
  t.is(cut("文字文字", 4), "文…");
  t.is(cut("abcd", 4), "abcd");
  t.deepEqual(wrap("  one two three", 9), ["  one two", "    three"]);
  t.deepEqual(wrap("", 10), [""]);
});

test("sentences", (t) => {
  t.is(duration(0.44), "0.4 s");
  t.is(duration(59.6), "1 min 00 s");
  t.is(duration(192), "3 min 12 s");
  t.is(duration(3720), "1 h 02 min");
  t.is(
    verdictSentence(claims),
    "2 cases compared, 1 of its 1 own case fail without the feature, as they must, 1 regression",
  );
  const clean = { status: "complete", exitStatus: 0, comparisons: [], failures: [] } as const;
  t.is(outcomeSentence(clean), "Nothing was compared.");
  t.is(outcomeSentence({ ...clean, exitStatus: 3 }), "The run failed (exit status 3).");
  t.is(
    outcomeSentence({ ...clean, status: "interrupted" }),
    "The run was interrupted: what follows is only a part.",
  );
});
