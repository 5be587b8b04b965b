import { readFileSync } from "node:fs";
import path from "node:path";
import test from "ava";
import fc from "fast-check";
import { KtapParser, parseKtap, type KtapReport } from "./ktap.ts";
import { BoundedLines, lineLimit } from "./ktap/lines.ts";
import { projectDir } from "./paths.ts";

function fixture(name: string): Buffer {
  return readFileSync(path.join(projectDir, "harness/ktap", `${name}.log`));
}

/** "verdict name" for each case. */
function cases(report: KtapReport): string[] {
  return report.cases.map((each) => `${each.verdict} ${each.name}`);
}

function kinds(report: KtapReport): string[] {
  return report.problems.map((problem) => problem.kind).sort();
}

interface Expected {
  readonly cases: readonly string[];
  readonly problems?: readonly string[];
  readonly underWay?: string;
  readonly program?: string;
}

const table: Readonly<Record<string, Expected>> = {
  kselftest_runner_wraps_in_comments: {
    program: "seccomp_bpf",
    cases: [
      "pass global.kcmp",
      "fail global.mode_strict",
      "skip TRAP.ign",
      "timeout seccomp_benchmark",
    ],
  },
  comments_nest_by_a_version_line: {
    cases: [
      "pass wrapped.inner",
      "pass wrapped.other",
      "fail wrapped again.by its plan alone",
      "pass plain",
    ],
  },
  kunit_nests_by_four_spaces: {
    cases: [
      "pass sysctl_test.sysctl_test_dointvec_null_tbl_data",
      "fail sysctl_test.sysctl_test_dointvec_table_maxlen_unset",
      "pass example.example_simple_test",
      "skip example.example_skip_test",
    ],
  },
  ktap_nests_by_two_spaces: { cases: ["pass outer.inner.deep", "pass outer.leaf"] },
  tap14_names_subtests_from_outside: {
    cases: ["pass first.a", "pass second.a", "missing second.case-2"],
    problems: ["short-of-plan"],
    underWay: "second.case-2",
  },
  all_directives: {
    cases: [
      "pass plain",
      "fail broken",
      "skip skipped",
      "skip skipped the old way",
      "xfail expected",
      "xfail also expected",
      "xfail unfinished",
      "pass finished",
      "timeout slow",
      "fail odd",
      "pass reads test #3 of 5",
    ],
  },
  names_repeat: {
    cases: [
      "pass same name",
      "fail same name#2",
      "pass same name#2#2",
      "pass same name#3",
      "pass case-5",
    ],
    problems: ["repeated-name"],
  },
  stops_short_of_its_plan: {
    cases: ["pass first", "pass second", "missing case-3", "missing case-4"],
    problems: ["short-of-plan"],
    underWay: "case-3",
  },
  stops_in_a_case_that_said_it_runs: {
    cases: ["pass global.first", "missing global.hangs", "missing case-3"],
    problems: ["short-of-plan"],
    underWay: "global.hangs",
  },
  more_results_than_planned: {
    cases: ["pass promised", "pass surprise", "fail another"],
    problems: ["beyond-plan"],
  },
  plan_at_the_end: { cases: ["pass a", "pass b"] },
  no_plan: { cases: ["pass a", "pass b"], problems: ["no-plan"] },
  bails_out: {
    cases: ["pass a", "missing case-2", "missing case-3"],
    problems: ["bail-out", "short-of-plan"],
    underWay: "case-2",
  },
  skips_all_by_its_plan: { cases: [] },
  yaml_diagnostics: { cases: ["fail sum", "pass next"] },
  garbage_between_results: { cases: ["pass a", "pass b"], problems: ["not-tap"] },
  no_tap_at_all: { cases: [] },
  subtests_pass_but_their_parent_fails: {
    cases: ["pass leaks on exit.child", "fail leaks on exit", "fail claims to be fine.child"],
    problems: ["contradicts-subtests"],
  },
  addresses_and_pids_in_names: {
    cases: [
      "pass mapped at 0x* for pid *",
      "pass read 0x10 bytes with flags 0x20000000 from tid=*",
      "pass mapped at 0x* for pid *#2",
      "pass [*] Result (0) matches expectation (0)",
      "pass [1]",
      "pass PIDs in all namespaces as expected (*)",
    ],
    problems: ["repeated-name"],
  },
  escapes_nuls_and_invalid_utf8: {
    cases: ["pass green", "fail cleared", "pass nul \ufffd\ufffd \ufffd31m"],
    problems: ["not-text"],
  },
  outcomes_in_names_pass: {
    cases: [
      "pass pidfd check for NSpid test",
      "pass poll test",
      "pass poll test#2",
      "pass read works",
      "pass open",
      "pass a test of: things",
    ],
    problems: ["repeated-name"],
  },
  outcomes_in_names_fail: {
    cases: [
      "fail pidfd check for NSpid test",
      "fail poll test",
      "skip poll test#2",
      "fail read works",
      "fail open",
      "fail a test of: things",
    ],
    problems: ["repeated-name"],
  },
  kselftest_harness_prints_to_stderr_too: {
    cases: ["fail global.clone3_cap_checkpoint_restore"],
    problems: ["not-tap"],
  },
  no_newline_at_the_end: { cases: ["pass a", "pass last line without newline"] },
  empty: { cases: [] },
};

for (const [name, expected] of Object.entries(table)) {
  test(`ktap/${name}.log`, (t) => {
    const report = parseKtap(fixture(name), expected.program);
    t.deepEqual(cases(report), expected.cases);
    t.deepEqual(kinds(report), expected.problems ?? []);
    t.is(report.underWay, expected.underWay);
  });

  test(`ktap/${name}.log, byte by byte, is the same`, (t) => {
    const whole = fixture(name);
    const parser = new KtapParser(expected.program);
    for (const byte of whole) parser.push(Buffer.from([byte]));
    t.deepEqual(parser.end(), parseKtap(whole, expected.program));
  });
}

test("diagnostics stay with the case they were printed for", (t) => {
  const wrapped = parseKtap(fixture("kselftest_runner_wraps_in_comments"), "seccomp_bpf");
  const failed = wrapped.cases.find((each) => each.verdict === "fail");
  t.true(failed?.diagnostics.some((line) => line.includes("Expected 0 (0) == 1 (1)")));
  t.is(wrapped.cases[2]?.reason, "no such feature");
  const yaml = parseKtap(fixture("yaml_diagnostics"));
  t.deepEqual(yaml.cases[0]?.diagnostics, ['message: "1 + 1"', "ok 7 this is text"]);
  const hanging = parseKtap(fixture("stops_in_a_case_that_said_it_runs"));
  t.deepEqual(hanging.cases[1]?.diagnostics, ["before the hang"]);
});

test("what was said outside of cases is kept for the program", (t) => {
  const report = parseKtap(fixture("no_tap_at_all"));
  t.false(report.isTap);
  t.is(report.rest.at(-1), "assertion failed: x == 3");
  t.is(parseKtap(fixture("skips_all_by_its_plan")).skipAll, "needs CONFIG_USERFAULTFD");
  t.is(parseKtap(fixture("bails_out")).bailOut, "cannot mount /proc");
});

test("names do not depend on results", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "b", "a#2", "test #1", ""), { maxLength: 12 }),
      fc.infiniteStream<boolean>(fc.boolean()),
      (descriptions, results) => {
        const text = (ok: () => boolean) =>
          descriptions.map((name, i) => `${ok() ? "ok" : "not ok"} ${i + 1} ${name}\n`).join("");
        const namesOf = (output: string) => parseKtap(output).cases.map((each) => each.name);
        const passing = namesOf(text(() => true));
        t.deepEqual(namesOf(text(() => results.next().value === true)), passing);
        t.is(new Set(passing).size, descriptions.length);
      },
    ),
  );
});

test("no output makes the parser fail, and all names are unique", (t) => {
  const line = fc.oneof(
    fc.constantFrom(
      "TAP version 13",
      "  KTAP version 1",
      "# TAP version 13",
      "1..3",
      "  1..2",
      "# 1..2",
      "# # 1..1",
      "    ok 1 x",
      "ok 1 a",
      "not ok 2 a # SKIP x",
      "# ok 1 b",
      "  not ok 3 c",
      "  ---",
      "  ...",
      "# Subtest: s",
      "#  RUN  r ...",
      "# selftests: d: p",
      "Bail out! x",
      "1..999999999999999",
    ),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      // Plans of a million and more are cut at the limit; keep the rest of the property quick.
      const report = parseKtap(lines.join("\n").replace(/9{10,}/g, "99"));
      t.is(new Set(report.cases.map((each) => each.name)).size, report.cases.length);
    }),
    { numRuns: 500 },
  );
});

test("a plan of a billion costs no more than the limit", (t) => {
  const report = parseKtap("1..1000000000\nok 1 a\n");
  t.is(report.cases.length, 20_000);
  t.true(kinds(report).includes("too-many-cases"));
});

test("a line is kept up to its limit, however it comes in", (t) => {
  const cuts = (chunks: readonly string[]) => {
    const found: [number, boolean][] = [];
    const lines = new BoundedLines((line, cut) => found.push([line.length, cut]));
    for (const chunk of chunks) lines.push(Buffer.from(chunk));
    lines.end();
    return found;
  };
  const long = "x".repeat(3000);
  t.deepEqual(cuts([`${long}\n`]), [[3000, false]]);
  t.deepEqual(cuts([long + long, "\n"]), [[lineLimit, true]]);
  t.deepEqual(cuts([`${long}${long}\nab\n`]), [
    [lineLimit, true],
    [2, false],
  ]);
  t.deepEqual(cuts([long, long, long, "\nend"]), [
    [lineLimit, true],
    [3, false],
  ]);
});

test("100 MB of output is read in bounded memory", (t) => {
  const line = "garbage without any meaning, printed again and again by a broken program\n";
  const chunk = Buffer.from(line.repeat(1000));
  const endless = Buffer.alloc(1 << 20, "x");
  const parser = new KtapParser();
  parser.push("1..2\nok 1 before\n");
  const before = process.memoryUsage().rss;
  let bytes = 0;
  let peak = before;
  while (bytes < 100e6) {
    const next = bytes < 20e6 ? chunk : endless;
    parser.push(next);
    bytes += next.length;
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  parser.push("\nok 2 after\n");
  const report = parser.end();
  t.deepEqual(cases(report), ["pass before", "pass after"]);
  t.true(kinds(report).includes("long-line"));
  t.true(JSON.stringify(report).length < 100_000);
  t.true(peak - before < 150e6, `${(peak - before) >> 20} MiB more`);
});
