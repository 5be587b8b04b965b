import test from "ava";
import { verdictsOf } from "../testing/comparisons.ts";
import { transitionOf } from "./compare.ts";
import type { Transition } from "./comparison.ts";

/** What becomes of one case, from its verdicts on both kernels. */

const transitionTable: [baseline: string, patched: string, Transition][] = [
  ["P", "P", "same"],
  ["P", "F", "regression"],
  ["P", "S", "regression"],
  ["P", "X", "regression"],
  ["P", "C", "regression"],
  ["P", "T", "regression"],
  ["P", "M", "regression"],
  ["P", "", "regression"],
  ["F", "P", "fixed"],
  ["S", "P", "fixed"],
  ["M", "P", "fixed"],
  ["F", "F", "same"],
  ["F", "T", "same"],
  ["S", "F", "same"],
  ["F", "", "gone"],
  ["S", "", "gone"],
  ["", "P", "new"],
  ["", "S", "new"],
  ["", "X", "new"],
  ["", "F", "regression"],
  ["", "C", "regression"],
  ["", "M", "regression"],
  ["PP", "PP", "same"],
  ["PP", "FF", "regression"],
  ["PF", "PP", "flaky"],
  ["PP", "PF", "flaky"],
  ["FF", "FP", "flaky"],
  ["ST", "TT", "flaky"],
  ["PP", "FS", "flaky"],
  ["PP", "FT", "regression"],
  ["PPP", "CTF", "regression"],
  ["PP", "FM", "flaky"],
  ["TF", "PP", "fixed"],
  ["FT", "TF", "same"],
];

for (const [baseline, patched, expected] of transitionTable) {
  test(`${baseline || "(not there)"} -> ${patched || "(not there)"} is ${expected}`, (t) => {
    t.is(transitionOf(verdictsOf(baseline), verdictsOf(patched)), expected);
  });
}
