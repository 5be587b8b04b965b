import test from "ava";
import { judged, type Outcome } from "./bisect.ts";

const outcome = (answer: Outcome["answer"], symptom: string): Outcome => ({
  answer,
  symptom,
  why: answer === "pass" ? "passes" : symptom,
  seconds: 1,
});
const pass = outcome("pass", "pass");
const fail = outcome("fail", "fail");
const crash = outcome("fail", "crash");
const noBoot = outcome("none", "boot-panic");

test("good after as many passes as are asked for, and not before", (t) => {
  t.is(judged([], ["fail"], 1), undefined);
  t.is(judged([pass, pass], ["fail"], 3), undefined);
  t.deepEqual(judged([pass], ["fail"], 1), { verdict: "good", why: "passes" });
  t.deepEqual(judged([pass, pass, pass], ["fail"], 3), { verdict: "good", why: "passes, 3 times" });
});

test("bad at the first failure, however often it passed before", (t) => {
  t.is(judged([pass, pass, fail], ["fail"], 9)?.verdict, "bad");
});

test("what fails otherwise than the bad end is skipped: it may be another fault", (t) => {
  t.is(judged([crash], ["fail"], 1)?.verdict, "skip");
  t.is(judged([crash], ["fail", "crash"], 1)?.verdict, "bad");
  t.is(judged([crash, fail], ["fail"], 1)?.verdict, "bad");
  // Where nothing is known of the bad end, every failure is bad.
  t.is(judged([crash], undefined, 1)?.verdict, "bad");
});

test("a kernel that says nothing is neither good nor bad", (t) => {
  t.is(judged([noBoot], undefined, 1)?.verdict, "skip");
  t.is(judged([pass, noBoot], ["fail"], 1)?.verdict, "skip");
});
