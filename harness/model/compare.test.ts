import test from "ava";
import { compare } from "./compare.ts";
import { countComparison } from "./compare-counts.ts";
import { again, concludes, repeats, request, type Conclusion } from "../testing/comparisons.ts";

const proves = { proves: ["w.*"] };
const control = { proves: ["w.*"], control: true };
const rows: readonly Conclusion[] = [
  {
    what: "nothing changed",
    request: request({ a: "P", b: "F" }, { a: "P", b: "F" }),
    verdict: "no-regression",
    blames: [],
    exit: 0,
  },
  {
    what: "a claim is proved",
    request: request({ a: "P", "w.x": "S" }, { a: "P", "w.x": "P" }, proves),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "a claim is proved and something else broke",
    request: request({ a: "P", "w.x": "S" }, { a: "F", "w.x": "P" }, proves),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a case that passes without the series proves nothing",
    request: request({ "w.x": "P" }, { "w.x": "P" }, proves),
    verdict: "not-proved",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "one of two claims is not kept",
    request: request({ "w.x": "S", "w.y": "S" }, { "w.x": "P", "w.y": "F" }, proves),
    verdict: "not-proved",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a claim is kept only sometimes",
    request: request({ "w.x": "SS" }, { "w.x": "PF" }, proves),
    verdict: "not-proved",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a claim that could not be tried in one boot, and is kept in the others",
    request: request({ "w.x": "SSS" }, { "w.x": "SPP" }, proves),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "a claim that was tried in no boot",
    request: request({ "w.x": "SSS" }, { "w.x": "SSS" }, proves),
    verdict: "not-proved",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a claim that is kept in one boot, fails in one and could not be tried in one",
    request: request({ "w.x": "SSS" }, { "w.x": "SPF" }, proves),
    verdict: "not-proved",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a case that was not seen on the baseline proves nothing",
    request: request({ "w.x": "M" }, { "w.x": "P" }, proves),
    verdict: "not-proved",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a glob that matches nothing",
    request: request({ a: "P" }, { a: "P" }, proves),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "a series that mends a crash",
    request: request({ "w.x": "C" }, { "w.x": "P" }, proves),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "the baseline dies in a case, and so does the patched kernel",
    request: request({ a: "P", b: "C" }, { a: "P", b: "C" }),
    verdict: "no-regression",
    blames: ["baseline"],
    exit: 4,
  },
  {
    what: "a control shows that the suite can fail",
    request: request(
      { a: "P", "w.x": "P", "w.y": "P" },
      { a: "P", "w.x": "F", "w.y": "S" },
      control,
    ),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "a control's case that fails or is skipped without the feature, now this, now that",
    request: request({ "w.x": "PPP" }, { "w.x": "FSF" }, control),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "a control's other cases must not regress",
    request: request({ a: "P", "w.x": "P" }, { a: "F", "w.x": "F" }, control),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a control's case that still passes: the suite cannot fail",
    request: request({ "w.x": "P", "w.y": "P" }, { "w.x": "F", "w.y": "P" }, control),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "a control's case that fails on the baseline",
    request: request({ "w.x": "F" }, { "w.x": "F" }, control),
    verdict: "not-proved",
    blames: ["baseline"],
    exit: 4,
  },
  {
    what: "a control's case that wavers on the baseline",
    request: request({ "w.x": "FPP" }, { "w.x": "FFF" }, control),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "a control's case that is skipped on the baseline",
    request: request({ "w.x": "S" }, { "w.x": "S" }, control),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "a control whose kernel dies is broken",
    request: request({ "w.x": "P" }, { "w.x": "C" }, control),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "flaky on the patched kernel only, which may be chance",
    request: request({ a: "PPP" }, { a: "PFP" }),
    verdict: "flaky",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "flaky on the patched kernel only, rarely in many repeats",
    request: request({ a: "PPPPPPPPP" }, { a: "PFPPPPPPP" }),
    verdict: "no-regression",
    blames: [],
    exit: 0,
  },
  {
    what: "flaky on the patched kernel only, too often for chance",
    request: request({ a: "PPPPP" }, { a: "PFFFF" }),
    verdict: "flaky",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a repeat of some programs says nothing of the others",
    request: request(
      {},
      {},
      {
        baseline: again({ "p.a": "PP", "q.b": "P" }, ["p"]),
        patched: again({ "p.a": "FF", "q.b": "P" }, ["p"]),
      },
    ),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a case that a repeat of its program did not report is missing there",
    request: request(
      {},
      {},
      {
        baseline: again({ "p.a": "PP" }, ["p"]),
        patched: again({ "p.a": "P" }, ["p"]),
      },
    ),
    verdict: "flaky",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "flaky on the baseline: nothing to do with the series",
    request: request({ a: "PFP" }, { a: "PPF" }),
    verdict: "no-regression",
    blames: [],
    exit: 0,
  },
  {
    what: "a flaky case does not hide a regression",
    request: request({ a: "PFP", b: "PPP" }, { a: "PPP", b: "FFF" }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a case that is there in one repeat only",
    request: request({ a: "PP", p: "--" }, { a: "PP", p: "-F" }),
    verdict: "flaky",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "a program that begins to contradict itself",
    request: request({ "p.a": "P" }, { "p.a": "P", p: "F" }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a new splat",
    request: request(
      { a: "P" },
      { a: "P" },
      { patched: repeats({ a: "P" }, ["WARNING at x.c:1"]) },
    ),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a splat that the baseline has too, at another address and pid",
    request: request(
      {},
      {},
      {
        baseline: repeats({ a: "P" }, ["hung task x:12 at do_wait+0x10/0x20 ffff888001234567"]),
        patched: repeats({ a: "P" }, ["hung task x:99 at do_wait+0x14/0x24 ffff888007654321"]),
      },
    ),
    verdict: "no-regression",
    blames: [],
    exit: 0,
  },
  {
    what: "no results of the patched kernel: its boot's failure says whose fault that is",
    request: request({ a: "P", "w.x": "S" }, {}, proves),
    verdict: "incomplete",
    blames: [],
    exit: 0,
  },
  {
    what: "a suite that the host failed to run",
    request: request(
      { "w.x": "S", "w.y": "P", "v.a": "P" },
      { "v.a": "P" },
      { ...proves, unseen: [{ side: "patched", suite: "w", why: "w: ssh was lost" }] },
    ),
    verdict: "incomplete",
    blames: [],
    exit: 0,
  },
  {
    what: "a regression beside a suite that the host failed to run",
    request: request(
      { "w.y": "P", "v.a": "P" },
      { "v.a": "F" },
      { unseen: [{ side: "patched", suite: "w", why: "w: ssh was lost" }] },
    ),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a repeat that the host failed to run is not flaky",
    request: request(
      { a: "PP" },
      { a: "P-" },
      {
        patched: [...repeats({ a: "P" }), { cases: [], splats: [] }],
        unseen: [{ side: "patched", why: "QEMU was killed" }],
      },
    ),
    verdict: "incomplete",
    blames: [],
    exit: 0,
  },
];

for (const row of rows) test(row.what, concludes, row);

test("each case's proof is told", (t) => {
  const comparison = compare(
    request(
      { "w.a": "S", "w.b": "P", "w.c": "S", other: "P" },
      { "w.a": "P", "w.b": "P", "w.c": "F", other: "P" },
      { proves: ["w.*", "nothing.*"] },
    ),
  );
  t.deepEqual(
    comparison.cases.map((each) => each.proof),
    ["proved", "passes-without", "not-proved", undefined],
  );
  t.deepEqual(comparison.unmatchedProves, ["nothing.*"]);
  const counts = countComparison(comparison);
  t.deepEqual([counts.proved, counts.passesWithout, counts.notProved], [1, 1, 1]);
});

test("a control's expected failures are counted apart", (t) => {
  const counts = countComparison(
    compare(request({ "w.x": "P", a: "P" }, { "w.x": "F", a: "F" }, control)),
  );
  t.is(counts.transitions.regression, 2);
  t.is(counts.expectedRegressions, 1);
});

test("reasons are those of the side that did not pass", (t) => {
  const comparison = compare({
    series: "s",
    proves: [],
    control: false,
    baseline: [{ cases: [{ name: "a", verdict: "skip", reason: "no x32" }], splats: [] }],
    patched: [{ cases: [{ name: "a", verdict: "pass" }], splats: [] }],
  });
  t.is(comparison.cases[0]?.baselineReason, "no x32");
  t.is(comparison.cases[0]?.patchedReason, undefined);
});
