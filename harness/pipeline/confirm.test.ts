import test from "ava";
import { compare, type CompareRequest } from "../model/compare.ts";
import type { BuiltSuite } from "../suite.ts";
import { request, type Results } from "../testing/comparisons.ts";
import { suspectPrograms } from "./confirm.ts";

const suite = (...programs: string[]): BuiltSuite => ({
  name: "w",
  fingerprint: "f",
  dir: "/nowhere",
  guestPath: "/suites/w",
  programs: programs.map((name) => ({
    name,
    abi: "",
    cwd: "/suites/w",
    command: `./${name}`,
    timeoutSeconds: 1,
  })),
  cached: true,
});

const suspects = (
  baseline: Results,
  patched: Results,
  more: Partial<CompareRequest> = {},
  round = 0,
) => suspectPrograms(compare(request(baseline, patched, more)), [suite("p", "q")], round);

test("a regression is looked at twice more", (t) => {
  const [before, after] = [
    { "w.p.a": "P", "w.q.a": "P" },
    { "w.p.a": "F", "w.q.a": "P" },
  ];
  t.deepEqual(suspects(before, after), ["w.p"]);
  t.deepEqual(suspects(before, after, {}, 1), ["w.p"]);
  t.deepEqual(suspects(before, after, {}, 2), []);
  t.deepEqual(suspects(before, before), []);
});

test("so is a claim that was not proved, of a series or of a control", (t) => {
  const proves = ["w.*"];
  t.deepEqual(suspects({ "w.p.a": "S" }, { "w.p.a": "F" }, { proves }), ["w.p"]);
  t.deepEqual(suspects({ "w.p.a": "S" }, { "w.p.a": "P" }, { proves }), []);
  const control = { proves, control: true };
  t.deepEqual(suspects({ "w.p.a": "F" }, { "w.p.a": "F" }, control), ["w.p"]);
  t.deepEqual(suspects({ "w.p.a": "P" }, { "w.p.a": "F" }, control), []);
  t.deepEqual(suspects({ "w.p.a": "F" }, { "w.p.a": "F" }), [], "not its own case");
});

test("and a baseline that died in a case", (t) => {
  t.deepEqual(suspects({ "w.q.a": "C" }, { "w.q.a": "C" }), ["w.q"]);
});

test("and a failure that is gone, if nobody claimed it: not a skipped case that runs now", (t) => {
  const [failed, passed] = [{ "w.p.a": "F" }, { "w.p.a": "P" }];
  t.deepEqual(suspects(failed, passed), ["w.p"]);
  t.deepEqual(suspects(failed, passed, { control: true }), ["w.p"]);
  t.deepEqual(suspects(failed, passed, { proves: ["w.*"] }), []);
  t.deepEqual(suspects({ "w.p.a": "S" }, passed), []);
  t.deepEqual(suspects({ "w.p.a": "FF" }, { "w.p.a": "PP" }, {}, 1), ["w.p"]);
  t.deepEqual(suspects({ "w.p.a": "FFF" }, { "w.p.a": "PPP" }, {}, 2), []);
  t.deepEqual(suspects({ "w.p.a": "FP" }, { "w.p.a": "PP" }, {}, 1), [], "flaky before: no news");
});

test("a case that wavers is run until it is decided", (t) => {
  const wavering = (round: number) =>
    suspects({ "w.p.a": "P".repeat(round + 1) }, { "w.p.a": `F${"P".repeat(round)}` }, {}, round);
  t.deepEqual(wavering(2), ["w.p"]);
  t.deepEqual(wavering(8), []);
});

test("... but not for a claim that failed once: it is not proved", (t) => {
  const wavering = (round: number) =>
    suspects(
      { "w.p.a": "S".repeat(round + 1) },
      { "w.p.a": `F${"P".repeat(round)}` },
      { proves: ["w.*"] },
      round,
    );
  t.deepEqual(wavering(1), ["w.p"]);
  t.deepEqual(wavering(2), []);
});
