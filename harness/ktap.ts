import { Diagnostics } from "./ktap/diagnostics.ts";
import { caseName, lineVerdict, parseLine, type Line } from "./ktap/grammar.ts";
import { BoundedLines, isNotText, lineLimit, plainText } from "./ktap/lines.ts";
import { unique, type Names } from "./ktap/names.ts";
import type { KtapCase, KtapProblem, KtapReport } from "./ktap/report.ts";
import type { CaseVerdict } from "./model/verdict.ts";

export type { KtapReport } from "./ktap/report.ts";

/** More cases than any real program has; output that goes on is counted, not kept. */
const caseLimit = 20_000;

interface PendingCase {
  path: string[];
  readonly verdict: CaseVerdict;
  readonly reason?: string;
  readonly diagnostics: readonly string[];
  readonly underWay?: boolean;
}

/** One level of nesting. */
interface Level {
  readonly prefix: string;
  label: string | undefined;
  hasVersion: boolean;
  plan: number | undefined;
  skipAll: string | undefined;
  /** Test points so far. */
  count: number;
  readonly numbers: Set<number>;
  readonly names: Names;
  /** Label of the level that opens next below this one. */
  childLabel: string | undefined;
  /** The case that said it began ("RUN"). */
  running: string | undefined;
  cases: PendingCase[];
}

/**
 * Reads the output of one test program as it streams: TAP 12, 13 and 14, KTAP, and what the
 * kernel's tools/testing/selftests make of them. Memory is bounded, whatever the program prints.
 *
 * Nesting is by two or more spaces, or by "# " when a version line, a plan or the runner's
 * "# selftests: ..." opens it there; other comments stay comments. A test point that has subtests
 * is not a case: its subtests are. Only when it says "not ok" (or times out) and none of its
 * subtests explains that, it is one, so that nothing that failed is lost.
 *
 * Names do not depend on results: a description that occurs again in its level gets "#2", "#3"
 * ... in the order of the output; a test point without description is "case-<number>", or what
 * the harness of kselftest said before it ("# RUN name ..."), or, for kselftest's "ok 3 # SKIP
 * name", the text behind the directive.
 */
export class KtapParser {
  readonly #lines = new BoundedLines((line, cut) => {
    this.#line(line, cut);
  });
  readonly #stack: Level[] = [newLevel("")];
  readonly #problems = new Map<KtapProblem["kind"], { text: string; times: number }>();
  readonly #program: string | undefined;
  #pending = new Diagnostics();
  #diagnosticsLeft = 512 << 10;
  #kept = 0;
  #isTap = false;
  #bailOut: string | undefined;
  #inYaml: { prefix: string; lines: string[] } | undefined;
  #last: { diagnostics: string[] } | undefined;

  /** `program`: its name, left out of case names where the kselftest runner put it. */
  constructor(program?: string) {
    this.#program = program;
  }

  push(chunk: Buffer | string): void {
    this.#lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  }

  /** The output is over; call it once. */
  end(): KtapReport {
    this.#lines.end();
    const top = this.#stack[0];
    if (!top) throw new Error("KtapParser.end() was called twice");
    this.#closeDeeper(0, true);
    this.#stack.length = 0;
    this.#addMissing(top, !top.cases.some((each) => each.underWay));
    if (this.#isTap && top.plan === undefined && top.count > 0) {
      this.#problem("no-plan", "there is no plan (1..N), so a lost result cannot be noticed");
    }
    const taken: Names = new Map();
    let underWay: string | undefined;
    const cases = top.cases.map((each): KtapCase => {
      const path =
        each.path.length > 1 && each.path[0] === this.#program ? each.path.slice(1) : each.path;
      const name = unique(taken, path.join("."));
      if (each.underWay) underWay = name;
      const { verdict, reason, diagnostics } = each;
      return { name, verdict, ...(reason ? { reason } : {}), diagnostics };
    });
    return {
      cases,
      problems: [...this.#problems].map(([kind, { text, times }]) => ({
        kind,
        text: times > 1 ? `${text} (and ${times - 1} more)` : text,
      })),
      ...(underWay === undefined ? {} : { underWay }),
      ...(this.#bailOut === undefined ? {} : { bailOut: this.#bailOut }),
      ...(top.skipAll === undefined ? {} : { skipAll: top.skipAll }),
      isTap: this.#isTap,
      rest: this.#pending.take(40),
    };
  }

  #line(bytes: Buffer, cut: boolean): void {
    const raw = bytes.toString("utf8");
    const text = plainText(raw).trimEnd();
    if (cut) this.#problem("long-line", `a line is longer than ${lineLimit} bytes`);
    if (isNotText(raw)) {
      this.#problem("not-text", "the output holds NUL bytes or invalid UTF-8");
    }
    if (text === "" || this.#yaml(text)) return;
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const level = this.#stack[depth];
      if (!level || !text.startsWith(level.prefix)) continue;
      const rest = text.slice(level.prefix.length);
      const line = parseLine(rest);
      if (line.type !== "diagnostic" && line.type !== "other" && line.type !== "label") {
        this.#take(line, level, depth, text);
        return;
      }
      if (this.#opens(line, rest, level)) return;
    }
    this.#noise(text);
  }

  /** A line that belongs to a case's diagnostics and says nothing else. */
  #noise(text: string): void {
    this.#pending.push(text.replace(/^\s*(# ?)+/, ""));
    if (this.#isTap && !/^\s*#/.test(text)) {
      this.#problem("not-tap", `a line is neither TAP nor a comment: ${text.slice(0, 80)}`);
    }
  }

  /** Does the line open a level below this one (or name the one to come)? */
  #opens(line: Line, rest: string, level: Level): boolean {
    if (line.type === "label") {
      // The runner's label stands before the comments it wraps, a subtest's may stand inside.
      if (line.wraps) this.#open(level, "# ").label = caseName(line.name);
      else if (level.prefix === "" || level.count > 0 || level.label !== undefined) {
        level.childLabel = caseName(line.name);
      } else level.label = caseName(line.name);
      return true;
    }
    const nested = /^( {2,}|# )(\S.*)$/.exec(rest);
    const prefix = nested?.[1];
    if (!nested?.[2] || prefix === undefined) return false;
    const inner = parseLine(nested[2]);
    const opens =
      inner.type === "version" ||
      inner.type === "plan" ||
      (prefix !== "# " && inner.type === "result" && inner.number !== undefined) ||
      (prefix !== "# " && inner.type === "label" && !inner.wraps);
    if (!opens) return false;
    const opened = this.#open(level, prefix);
    if (inner.type === "label") opened.label = caseName(inner.name);
    else this.#take(inner, opened, this.#stack.length - 1, nested[2]);
    return true;
  }

  #open(parent: Level, prefix: string): Level {
    const depth = this.#stack.indexOf(parent);
    this.#closeDeeper(depth, false);
    const opened = newLevel(parent.prefix + prefix);
    opened.label = parent.childLabel;
    parent.childLabel = undefined;
    this.#stack.push(opened);
    this.#isTap = true;
    return opened;
  }

  #take(line: Line, level: Level, depth: number, text: string): void {
    this.#isTap = true;
    switch (line.type) {
      case "version":
        if (level.hasVersion) this.#problem("second-version", "a second version line");
        level.hasVersion = true;
        break;
      case "plan":
        if (level.plan !== undefined) {
          this.#problem("second-plan", `a second plan: ${text.trim()} after 1..${level.plan}`);
          break;
        }
        level.plan = line.count;
        if (line.count === 0) level.skipAll = line.skip ?? "the plan is empty";
        break;
      case "running":
        level.running = caseName(line.name);
        break;
      case "bail":
        this.#bailOut ??= line.why || "without a reason";
        this.#problem("bail-out", `the program gave up: Bail out! ${line.why}`.trim());
        break;
      case "result":
        this.#result(line, level, depth);
        break;
      case "label":
      case "diagnostic":
      case "other":
        // #line() deals with these.
        break;
    }
  }

  #result(line: Line & { type: "result" }, level: Level, depth: number): void {
    const child = this.#stack[depth + 1];
    const subtests = this.#closeInto(depth, false);
    const number = line.number ?? level.count + 1;
    level.count++;
    if (number !== level.count || level.numbers.has(number)) {
      this.#problem("out-of-sequence", `result number ${number} where ${level.count} was due`);
    }
    if (level.plan !== undefined && level.count > level.plan) {
      this.#problem("beyond-plan", `more results than the plan 1..${level.plan} promises`);
    }
    if (this.#kept >= caseLimit) {
      this.#problem("too-many-cases", `more than ${caseLimit} results; the rest is not kept`);
      return;
    }
    level.numbers.add(number);
    const given =
      nonEmpty(line.name) ??
      child?.label ??
      level.running ??
      nonEmpty(caseName(line.directive ? line.comment : ""));
    level.running = undefined;
    const name = unique(level.names, given ?? `case-${number}`);
    if (given !== undefined && name !== given) {
      this.#problem("repeated-name", `more than one result is called "${given}"`);
    }
    let verdict = lineVerdict(line.ok, line.directive);
    let reason = line.comment;
    if (subtests.length === 0 && verdict === "pass" && child?.skipAll !== undefined) {
      verdict = "skip";
      reason = child.skipAll;
    }
    for (const each of subtests) each.path.unshift(name);
    level.cases.push(...subtests);
    if (subtests.length > 0 && !this.#parentCounts(name, verdict, subtests)) return;
    const diagnostics = this.#diagnostics(verdict === "pass" ? 5 : 40);
    const found = {
      path: [name],
      verdict,
      // What a passing case says behind its name is no reason for anything.
      reason: verdict === "pass" ? "" : reason.slice(0, 300),
      diagnostics,
    };
    level.cases.push(found);
    this.#last = found;
    this.#kept++;
  }

  /** Is a test point with subtests a case of its own, because they do not explain its verdict? */
  #parentCounts(name: string, verdict: CaseVerdict, subtests: readonly PendingCase[]): boolean {
    const failing = subtests.some(
      ({ verdict: each }) => each === "fail" || each === "timeout" || each === "missing",
    );
    if (failing && (verdict === "pass" || verdict === "skip")) {
      this.#problem("contradicts-subtests", `"${name}" is ok although a subtest of it is not`);
    }
    if (failing || (verdict !== "fail" && verdict !== "timeout")) return false;
    this.#problem("contradicts-subtests", `"${name}" is not ok although all its subtests are`);
    return true;
  }

  /** Closes the levels below `depth` whose result never came. */
  #closeDeeper(depth: number, atEnd: boolean): void {
    const level = this.#stack[depth];
    const child = this.#stack[depth + 1];
    if (!level || !child) return;
    const label = child.label;
    const subtests = this.#closeInto(depth, atEnd);
    if (subtests.length === 0) return;
    const number = level.count + 1;
    const name = unique(level.names, label ?? level.running ?? `case-${number}`);
    level.numbers.add(number);
    level.count++;
    level.running = undefined;
    for (const each of subtests) each.path.unshift(name);
    level.cases.push(...subtests);
    if (!atEnd) this.#problem("subtests-without-result", `"${name}" has subtests and no result`);
  }

  /** Takes the levels below `depth` off the stack; gives the cases of the one just below. */
  #closeInto(depth: number, atEnd: boolean): PendingCase[] {
    if (this.#stack.length - 1 > depth + 1) this.#closeDeeper(depth + 1, atEnd);
    if (this.#stack.length - 1 <= depth) return [];
    const child = this.#stack.pop();
    if (!child) return [];
    this.#addMissing(child, atEnd && !child.cases.some((each) => each.underWay));
    return child.cases;
  }

  /** Adds what the level's plan promised and nobody reported; the first was under way if the output ended here. */
  #addMissing(level: Level, atEnd: boolean): void {
    const planned = level.plan === undefined ? 0 : level.plan - level.count;
    if (planned > 0) {
      this.#problem("short-of-plan", `${level.count} of the ${level.plan} planned results came`);
    }
    const missing = Math.max(planned, level.running === undefined ? 0 : 1);
    let first = true;
    for (let number = 1, left = missing; left > 0; number++) {
      if (level.numbers.has(number)) continue;
      if (this.#kept >= caseLimit) {
        this.#problem("too-many-cases", `more than ${caseLimit} results; the rest is not kept`);
        return;
      }
      const name = unique(level.names, (first ? level.running : undefined) ?? `case-${number}`);
      level.cases.push({
        path: [name],
        verdict: "missing",
        reason: "planned, never reported",
        diagnostics: first && atEnd ? this.#diagnostics(40) : [],
        ...(first && atEnd ? { underWay: true } : {}),
      });
      this.#kept++;
      first = false;
      left--;
    }
  }

  /** A YAML block (TAP 13) belongs to the result before it. */
  #yaml(text: string): boolean {
    if (this.#inYaml) {
      const { prefix, lines } = this.#inYaml;
      if (text === `${prefix}...`) {
        if (this.#last) this.#last.diagnostics.push(...lines);
        this.#inYaml = undefined;
        return true;
      }
      if (text.startsWith(prefix)) {
        if (lines.length < 40 && this.#diagnosticsLeft > 0) {
          lines.push(text.slice(prefix.length, 400));
          this.#diagnosticsLeft -= 400;
        }
        return true;
      }
      this.#inYaml = undefined;
    }
    if (!text.endsWith("---")) return false;
    const block = /^((?:# )*\s+)---$/.exec(text);
    if (!block?.[1] || !this.#last) return false;
    this.#inYaml = { prefix: block[1], lines: [] };
    return true;
  }

  #diagnostics(limit: number): string[] {
    const lines = this.#pending.take(this.#diagnosticsLeft > 0 ? limit : 0);
    for (const line of lines) this.#diagnosticsLeft -= line.length;
    return lines;
  }

  #problem(kind: KtapProblem["kind"], text: string): void {
    const known = this.#problems.get(kind);
    if (known) known.times++;
    else this.#problems.set(kind, { text, times: 1 });
  }
}

/** Parses a whole output at once. */
export function parseKtap(output: Buffer | string, program?: string): KtapReport {
  const parser = new KtapParser(program);
  parser.push(output);
  return parser.end();
}

function newLevel(prefix: string): Level {
  return {
    prefix,
    label: undefined,
    hasVersion: false,
    plan: undefined,
    skipAll: undefined,
    count: 0,
    numbers: new Set(),
    names: new Map(),
    childLabel: undefined,
    running: undefined,
    cases: [],
  };
}

function nonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}
