import test from "ava";
import { parseKtap } from "../ktap.ts";
import { programVerdicts, suiteFailure, type ProgramExit, type ProgramRun } from "./verdicts.ts";

const exited = (code: number): ProgramExit => ({ how: "exited", code });
const killed: ProgramExit = { how: "killed", signal: "SIGSEGV" };
const timedOut: ProgramExit = { how: "timed-out", seconds: 45 };
const died: ProgramExit = { how: "kernel-died", why: "Kernel panic - not syncing: x" };

function run(output: string, exit: ProgramExit, abi?: string): ProgramRun {
  return { suite: "s", program: "p", abi, parsed: parseKtap(output, "p"), exit };
}

const table: [what: string, output: string, exit: ProgramExit, expected: string[]][] = [
  ["all is well", "1..2\nok 1 a\nok 2 b\n", exited(0), ["pass s.p.a", "pass s.p.b"]],
  ["a failure explains exit 1", "1..1\nnot ok 1 a\n", exited(1), ["fail s.p.a"]],
  [
    "a failure stays one when the program exits with 0",
    "1..1\nnot ok 1 a\n",
    exited(0),
    ["fail s.p.a"],
  ],
  ["exit 1 without a failure", "1..1\nok 1 a\n", exited(1), ["pass s.p.a", "fail s.p"]],
  ["killed after all was reported", "1..1\nok 1 a\n", killed, ["pass s.p.a", "fail s.p"]],
  [
    "killed in the middle",
    "1..2\nok 1 a\n",
    killed,
    ["pass s.p.a", "missing s.p.case-2", "fail s.p"],
  ],
  ["all skipped, exit 4", "1..1\nok 1 a # SKIP no\n", exited(4), ["skip s.p.a"]],
  ["exit 4 although nothing was skipped", "1..1\nok 1 a\n", exited(4), ["pass s.p.a", "skip s.p"]],
  ["exit 3 is an unexpected pass", "1..1\nok 1 a\n", exited(3), ["pass s.p.a", "fail s.p"]],
  ["short of the plan", "1..2\nok 1 a\n", exited(0), ["pass s.p.a", "missing s.p.case-2"]],
  ["bailed out", "1..1\nok 1 a\nBail out! why\n", exited(0), ["pass s.p.a", "fail s.p"]],
  ["no TAP, exit 0", "hello\n", exited(0), ["pass s.p"]],
  ["no TAP, exit 1", "hello\n", exited(1), ["fail s.p"]],
  ["no TAP, exit 2", "", exited(2), ["xfail s.p"]],
  ["no TAP, exit 3", "", exited(3), ["fail s.p"]],
  ["no TAP, exit 4", "", exited(4), ["skip s.p"]],
  ["no TAP, exit 127", "", exited(127), ["fail s.p"]],
  ["no TAP, killed", "", killed, ["fail s.p"]],
  ["no TAP, timed out", "", timedOut, ["timeout s.p"]],
  ["no TAP, kernel died", "", died, ["crash s.p"]],
  ["an empty plan skips", "1..0 # SKIP no config\n", exited(0), ["skip s.p"]],
  ["an empty plan does not hide exit 1", "1..0 # SKIP no config\n", exited(1), ["fail s.p"]],
  [
    "timed out in a case",
    "1..3\nok 1 a\n",
    timedOut,
    ["pass s.p.a", "timeout s.p.case-2", "missing s.p.case-3"],
  ],
  ["timed out after the last case", "1..1\nok 1 a\n", timedOut, ["pass s.p.a", "timeout s.p"]],
  [
    "the kernel died in a case that said it runs",
    "1..3\n#  RUN   a ...\nok 1 a\n#  RUN   b ...\n",
    died,
    ["pass s.p.a", "crash s.p.b", "missing s.p.case-3"],
  ],
  [
    "the kernel died in a subtest",
    "1..2\n  1..2\n  ok 1 x\n",
    died,
    ["pass s.p.case-1.x", "crash s.p.case-1.case-2", "missing s.p.case-2"],
  ],
  ["the kernel died without a plan", "ok 1 a\n", died, ["pass s.p.a", "crash s.p"]],
];

for (const [what, output, exit, expected] of table) {
  test(what, (t) => {
    const results = programVerdicts(run(output, exit));
    t.deepEqual(
      results.map((each) => `${each.verdict} ${each.name}`),
      expected,
    );
    for (const each of results) {
      if (each.verdict === "crash") t.is(each.reason, "Kernel panic - not syncing: x");
      if (each.verdict === "timeout") t.is(each.reason, "no end within 45 s");
      if (each.name === "s.p" && each.verdict === "fail") t.truthy(each.reason);
    }
  });
}

test("other ABIs are named behind the case", (t) => {
  const names = programVerdicts(run("1..1\nok 1 a.b\n", exited(1), "x32")).map((r) => r.name);
  t.deepEqual(names, ["s.p.a.b@x32", "s.p@x32"]);
});

test("a program without TAP leaves its last words", (t) => {
  const [result] = programVerdicts(run("boom at line 3\n", exited(1)));
  t.deepEqual(result?.diagnostics, ["boom at line 3"]);
  t.is(result?.reason, "exit status 1");
});

test("output that cannot be relied on is the suite's fault", (t) => {
  const short = suiteFailure(run("1..3\nok 1 a\n", exited(0)));
  t.is(short?.blame, "suite");
  t.true(short?.what.includes("1 of the 3 planned results came"));
  t.is(suiteFailure(run("", exited(127)))?.reason, "program-not-executed");
  t.is(suiteFailure(run("1..1000000\nok 1 a\n", exited(0)))?.reason, "malformed-ktap");
  // Cut short by something else than the program itself, or merely sloppy.
  t.is(suiteFailure(run("1..3\nok 1 a\n", timedOut)), undefined);
  t.is(suiteFailure(run("1..3\nok 1 a\n", died)), undefined);
  t.is(suiteFailure(run("1..3\nok 1 a\n", killed)), undefined);
  t.is(suiteFailure(run("1..3\nBail out!\n", exited(1))), undefined);
  t.is(suiteFailure(run("ok 7 a\nrubbish\n", exited(0))), undefined);
});
