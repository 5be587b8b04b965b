import type { CaseVerdict } from "../model/verdict.ts";

/** What a line of TAP 12, 13, 14 or KTAP is, once its nesting is taken off. */
export type Line =
  | { readonly type: "version" }
  | { readonly type: "plan"; readonly count: number; readonly skip?: string }
  | {
      readonly type: "result";
      readonly ok: boolean;
      readonly number?: number;
      readonly name: string;
      readonly directive?: Directive;
      /** What stands behind the directive, or behind a # that is none. */
      readonly comment: string;
    }
  | { readonly type: "bail"; readonly why: string }
  /** "# Subtest: x" (TAP 14, KUnit) or "# selftests: dir: x" (the kselftest runner): a name for what follows. */
  | { readonly type: "label"; readonly name: string; readonly wraps: boolean }
  /** "#  RUN  x ..." (kselftest_harness.h): the case that is under way. */
  | { readonly type: "running"; readonly name: string }
  | { readonly type: "diagnostic"; readonly text: string }
  | { readonly type: "other" };

export type Directive = "SKIP" | "TODO" | "XFAIL" | "TIMEOUT" | "ERROR";

const version = /^K?TAP version \d+\s*$/i;
const plan = /^1\.\.(\d{1,15})\s*(?:#\s*SKIP\S*\s*(.*))?$/i;
const result = /^(not )?ok\b(?:[ \t]+(\d{1,15})(?=\s|$))?(.*)$/;
const bail = /^Bail out!\s*(.*)$/i;
const subtest = /^# Subtest:\s*(\S.*)$/;
const selftest = /^# selftests: (?:\S+: )?(\S+)\s*$/;
const running = /^#\s+RUN\s+(\S.*?)(?:\s+\.\.\.)?\s*$/;
// TAP takes "skip", "skipped" and "todo" in any case; the others are KTAP's, which writes them large.
const directive =
  /^(?:([Ss][Kk][Ii][Pp])\w*|([Tt][Oo][Dd][Oo])|(XFAIL|TIMEOUT|ERROR))(?![A-Za-z0-9=_])[:,]?\s*(.*)$/;
const commentStart =
  /(?:^|\s)#(?=\s|$|[Ss][Kk][Ii][Pp]|[Tt][Oo][Dd][Oo]\b|(?:XFAIL|TIMEOUT|ERROR)\b)/;

/** Classifies a line. Takes it without its nesting, terminal sequences and line end. */
export function parseLine(text: string): Line {
  switch (text.charCodeAt(0)) {
    case 0x23: {
      const label = subtest.exec(text);
      if (label?.[1]) return { type: "label", name: label[1], wraps: false };
      const wrapped = selftest.exec(text);
      if (wrapped?.[1]) return { type: "label", name: wrapped[1], wraps: true };
      const started = running.exec(text);
      if (started?.[1]) return { type: "running", name: started[1] };
      return { type: "diagnostic", text: text.replace(/^# ?/, "") };
    }
    case 0x31: {
      const match = plan.exec(text);
      if (!match) return { type: "other" };
      const skip = match[2];
      return { type: "plan", count: Number(match[1]), ...(skip === undefined ? {} : { skip }) };
    }
    case 0x4b:
    case 0x54:
    case 0x6b:
    case 0x74:
      return version.test(text) ? { type: "version" } : { type: "other" };
    case 0x42:
    case 0x62: {
      const match = bail.exec(text);
      return match ? { type: "bail", why: match[1] ?? "" } : { type: "other" };
    }
    case 0x6e:
    case 0x6f:
      return parseResult(text) ?? { type: "other" };
    default:
      return { type: "other" };
  }
}

function parseResult(text: string): Line | undefined {
  const match = result.exec(text);
  if (!match) return undefined;
  const rest = match[3] ?? "";
  // Without a number only the bare forms are results: "ok then" is what programs say to people.
  if (match[2] === undefined && !/^(\s*$|\s+-(\s|$)|\s+#)/.test(rest)) return undefined;
  const { description, comment } = splitDescription(rest.replace(/^\s+-(?=\s|$)/, ""));
  const found = directive.exec(comment);
  const { name, outcome } = splitOutcome(description);
  return {
    type: "result",
    ok: match[1] === undefined,
    ...(match[2] === undefined ? {} : { number: Number(match[2]) }),
    name,
    ...(found
      ? { directive: (found[1] ?? found[2] ?? found[3] ?? "").toUpperCase() as Directive }
      : {}),
    comment: (found ? (found[4] ?? "") : comment).trim() || outcome,
  };
}

/**
 * A description ends at a "# " or at a # with a directive; "\#" and the # of "test #3" belong to
 * it, since cases are numbered that way.
 */
function splitDescription(rest: string): { description: string; comment: string } {
  const at = commentStart.exec(rest);
  const description = at ? rest.slice(0, at.index) : rest;
  const comment = at ? rest.slice(at.index).replace(/^\s*#/, "") : "";
  return { description, comment: comment.trim() };
}

/**
 * Some programs write the outcome into the description, where it would make the name depend on
 * it: "pidfd poll test: Passed" (all of pidfd's), "read works [OK]", "open: failed".
 */
function splitOutcome(description: string): { name: string; outcome: string } {
  const match =
    /^(.*\S test):\s+(\S.*)$/.exec(description) ??
    /^(.*\S)(?::\s+|\s+\[)(ok|pass|passed|fail|failed|skip|skipped)[\].!]?\s*$/i.exec(description);
  if (!match?.[1]) return { name: caseName(description), outcome: "" };
  return { name: caseName(match[1]), outcome: match[2] ?? "" };
}

/**
 * The stable form of a description: one space for any white space, "\#" and "\\" as what they
 * stand for, "selftests: dir: prog" as prog, and what differs from boot to boot as a star:
 * addresses (0x and eleven hexadecimal digits or more: flags have fewer), the number of "pid 123" or
 * "tid=123", and of clone3's selftests the process id with which they begin ("[123] ...") and those
 * that they end with ("PIDs in all namespaces as expected (123,42,1)").
 * At most 200 characters.
 */
export function caseName(description: string): string {
  return description
    .replace(/\\([#\\])/g, "$1")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^selftests: (?:\S+: )?(?=\S+$)/, "")
    .replace(/^\[\d+\] (?=\S)/, "[*] ")
    .replace(/\b0x[0-9a-f]{11,}\b/gi, "0x*")
    .replace(/\b([pt]g?id)([ =:]+)\d+\b/gi, "$1$2*")
    .replace(/\b(pids\b[^()]*)\(\d[\d, ]*\)/gi, "$1(*)")
    .slice(0, 200)
    .trim();
}

/** The verdict of a result line. XFAIL and a failing TODO are expected failures. */
export function lineVerdict(ok: boolean, found: Directive | undefined): CaseVerdict {
  switch (found) {
    case "SKIP":
      return "skip";
    case "XFAIL":
      return "xfail";
    case "TODO":
      return ok ? "pass" : "xfail";
    case "TIMEOUT":
      return "timeout";
    case "ERROR":
      return "fail";
    case undefined:
      return ok ? "pass" : "fail";
  }
}
