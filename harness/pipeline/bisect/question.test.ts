import test from "ava";
import { Failure } from "../../model/failure.ts";
import type { BootRecord } from "../../model/run.ts";
import type { CaseResult } from "../../model/verdict.ts";
import type { BuiltSuite } from "../../suite.ts";
import { answerOf, programsFor, suiteOf } from "./question.ts";

const program = "wait6.basic";
const boot = (...cases: CaseResult[]): BootRecord => ({
  repeat: 0,
  console: "console.log",
  ktap: [],
  splats: [],
  cases,
});
const ask = (...cases: CaseResult[]) => {
  const { answer, symptom } = answerOf("wait6.basic.echild", program, [boot(...cases)]);
  return `${answer} ${symptom}`;
};

test("a case answers by its own verdict", (t) => {
  for (const verdict of ["fail", "crash", "timeout", "xfail"] as const)
    t.is(ask({ name: "wait6.basic.echild", verdict }), `fail ${verdict}`);
  t.is(ask({ name: "wait6.basic.echild", verdict: "pass" }), "pass pass");
  t.is(ask({ name: "wait6.basic.echild", verdict: "skip" }), "none skip");
});

test("a program that came to its end before the case answers for it", (t) => {
  const crash: CaseResult = { name: program, verdict: "crash" };
  t.is(ask(crash), "fail crash");
  t.is(ask({ name: "wait6.basic.echild", verdict: "missing" }, crash), "fail crash");
  // The case was over by then.
  t.is(ask({ name: "wait6.basic.echild", verdict: "pass" }, crash), "pass pass");
});

test("a case that was not run says nothing, whatever the others say", (t) => {
  const other: CaseResult = { name: "wait6.basic.other", verdict: "crash" };
  t.is(ask(other), "none absent");
  t.is(ask(other, { name: "wait6.basic.echild", verdict: "missing" }), "none missing");
  t.is(ask({ name: program, verdict: "pass" }), "none absent");
});

test("the suite and the program of a case", (t) => {
  t.is(suiteOf({ kind: "case", name: "kselftest.ptrace.vmaccess.attach" }), "kselftest:ptrace");
  t.is(suiteOf({ kind: "case", name: "wait6.basic.echild@i386" }), "wait6");
  t.throws(() => suiteOf({ kind: "case", name: "nothing.basic" }), { instanceOf: Failure });
  const suite: BuiltSuite = {
    ...{ name: "wait6", fingerprint: "", dir: "", guestPath: "", cached: true },
    programs: ["basic", "basic.more"].flatMap((name) =>
      ["", "i386"].map((abi) => ({ name, abi, cwd: "", command: "", timeoutSeconds: 1 })),
    ),
  };
  const found = (name: string) => {
    const [only] = programsFor(name, [suite]);
    return only?.programs.map((each) => `${each.name}@${each.abi}`).join();
  };
  t.is(found("wait6.basic.echild"), "basic@");
  t.is(found("wait6.basic.more.echild@i386"), "basic.more@i386");
  t.throws(() => found("wait6.other.echild"), { instanceOf: Failure });
});
