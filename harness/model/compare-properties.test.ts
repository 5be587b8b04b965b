import test from "ava";
import fc from "fast-check";
import { compare } from "./compare.ts";
import type { RepeatResults } from "./comparison.ts";
import { caseVerdicts } from "./verdict.ts";

/** What holds of every comparison, whatever the verdicts. */

const verdict = fc.constantFrom(...caseVerdicts);
const side = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d"), verdict, { maxKeys: 4 })
  .map((cases): RepeatResults => ({
    cases: Object.entries(cases).map(([name, each]) => ({ name, verdict: each })),
    splats: [],
  }));
const plain = (baseline: RepeatResults[], patched: RepeatResults[]) =>
  compare({ series: "s", proves: [], control: false, baseline, patched });

test("a run compared with itself gives only `same`", (t) => {
  fc.assert(
    fc.property(side, (one) => {
      const comparison = plain([one, one], [one, one]);
      t.true(comparison.cases.every((each) => each.transition === "same"));
      t.is(comparison.cases.length, one.cases.length);
      t.false(comparison.blames.includes("series"));
    }),
  );
});

test("swapping the sides turns fixed into regression", (t) => {
  fc.assert(
    fc.property(side, side, (one, other) => {
      const forth = plain([one], [other]);
      const back = new Map(plain([other], [one]).cases.map((each) => [each.name, each]));
      for (const each of forth.cases) {
        const mirrored = back.get(each.name);
        t.deepEqual(mirrored?.patched, each.baseline);
        if (each.transition === "fixed") t.is(mirrored?.transition, "regression");
        if (each.transition === "same") t.is(mirrored?.transition, "same");
        if (each.transition === "gone")
          t.true(["new", "regression"].includes(String(mirrored?.transition)));
      }
    }),
  );
});

test("no case is lost, and a pass that is gone is always a regression", (t) => {
  fc.assert(
    fc.property(side, side, (one, other) => {
      // A kernel without any result was not seen at all; that is another matter.
      fc.pre(one.cases.length > 0 && other.cases.length > 0);
      const comparison = plain([one], [other]);
      const names = new Set([...one.cases, ...other.cases].map((each) => each.name));
      t.is(comparison.cases.length, names.size);
      const passing = new Set(
        other.cases.filter((each) => each.verdict === "pass").map((each) => each.name),
      );
      const lost = one.cases.filter((each) => each.verdict === "pass" && !passing.has(each.name));
      for (const each of lost) {
        t.is(comparison.cases.find((found) => found.name === each.name)?.transition, "regression");
      }
      if (lost.length > 0) t.is(comparison.verdict, "regression");
    }),
  );
});
