import { PassThrough } from "node:stream";
import test from "ava";
import { compare } from "../model/compare.ts";
import type { RepeatResults } from "../model/comparison.ts";
import type { Event } from "../model/event.ts";
import { controls, evil } from "../testing/hostile-text.ts";
import { jsonReporter } from "./json.ts";
import { plainReporter } from "./plain.ts";
import { duration, outcomeSentence, verdictSentence } from "./sentences.ts";
import { terminalReporter } from "./terminal.ts";
import { cut, width, wrap } from "./width.ts";

/** What a run's events become: a terminal, a plain log, JSON. */

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

test("plain output: what is under way, once nothing else was said for a minute", (t) => {
  let text = "";
  let now = 0;
  const emit = plainReporter(
    (more) => (text += more),
    () => now,
  );
  emit({ type: "step-started", step: { id: "k", title: "build the kernel" } });
  for (now = 10_000; now <= 140_000; now += 10_000)
    emit({ type: "step-progress", id: "k", text: `${now / 1000} files` });
  t.deepEqual(text.split("\n"), [
    "00:00 start   build the kernel",
    "01:00 going   build the kernel: 60 files",
    "02:00 going   build the kernel: 120 files",
    "",
  ]);
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
