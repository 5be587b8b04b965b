import test from "ava";
import { compare, type CompareRequest } from "./compare.ts";
import { comparisonSchema } from "./comparison.ts";
import { countComparison } from "./compare-counts.ts";
import { repeats, request, type Results } from "../testing/comparisons.ts";

/** Failures that are known (known-failures.json) in a comparison. */

const entry = {
  case: "w.a*",
  reason: "known",
  link: "https://example.org/1",
  expires: "2027-01-01",
};

test("a known failure is told and blames nobody", (t) => {
  const before = { "w.a": "P", "w.b": "P" };
  const after = { "w.a": "F", "w.b": "P" };
  t.deepEqual(compare(request(before, after)).blames, ["series"]);
  const found = compare(request(before, after, { known: [entry] }));
  t.is(found.verdict, "no-regression");
  t.deepEqual(found.blames, []);
  t.like(found.cases[0], { transition: "regression", known: { reason: "known" } });
  t.like(countComparison(found), { known: 1, expectedRegressions: 1 });
  comparisonSchema.parse(found);
});

test("a known failure hides no other: another case, a skip, a lost case, a new splat", (t) => {
  const blamesOf = (after: Results, more: Partial<CompareRequest> = {}) =>
    compare(request({ "w.a": "P", "w.b": "P" }, after, { known: [entry], ...more })).blames;
  t.deepEqual(blamesOf({ "w.a": "F", "w.b": "F" }), ["series"]);
  t.deepEqual(blamesOf({ "w.a": "S", "w.b": "P" }), ["series"]);
  t.deepEqual(blamesOf({ "w.b": "P" }), ["series"]);
  const splat = repeats({ "w.a": "F", "w.b": "P" }, ["WARNING: x"]);
  t.deepEqual(blamesOf({}, { patched: splat }), ["series"]);
});

test("a series' own case that is a known failure is still not proved", (t) => {
  const own = { proves: ["w.*"], known: [entry] };
  const found = compare(request({ "w.a": "S", "w.b": "S" }, { "w.a": "F", "w.b": "P" }, own));
  t.is(found.verdict, "not-proved");
  t.deepEqual(found.blames, []);
});

test("a known failure that did not happen leaves no mark", (t) => {
  const found = compare(
    request({ "w.a": "P", "w.ab": "F" }, { "w.a": "P", "w.ab": "P" }, { known: [entry] }),
  );
  t.deepEqual(
    found.cases.map((each) => each.known),
    [undefined, undefined],
  );
});

test("a known failure that comes and goes blames nobody either", (t) => {
  const flaky = (known?: CompareRequest["known"]) =>
    compare(request({ "w.a": "PPP" }, { "w.a": "PFP" }, { known }));
  t.deepEqual(flaky().blames, ["suite"]);
  t.is(flaky().verdict, "flaky");
  t.deepEqual(flaky([entry]).blames, []);
  t.is(flaky([entry]).verdict, "no-regression");
  const often = (known?: CompareRequest["known"]) =>
    compare(request({ "w.a": "PPPPP" }, { "w.a": "FFFPF" }, { known }));
  t.deepEqual(often().blames, ["series"]);
  t.deepEqual(often([entry]).blames, []);
});
