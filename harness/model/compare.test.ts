import test from "ava";
import fc from "fast-check";
import {
  compare,
  comparisonSchema,
  countComparison,
  transitionOf,
  type CompareRequest,
  type ComparisonVerdict,
  type RepeatResults,
  type Transition,
} from "./compare.ts";
import { exitStatusFor, type Blame } from "./failure.ts";
import { matchesGlob } from "./glob.ts";
import { caseVerdicts, isCaseOf, type CaseVerdict, type Splat } from "./verdict.ts";

const letters: Readonly<Record<string, CaseVerdict>> = {
  P: "pass",
  F: "fail",
  S: "skip",
  X: "xfail",
  C: "crash",
  T: "timeout",
  M: "missing",
};

/** One case a key; "PF": passed in the first repeat, failed in the second; "-": not there. */
type Results = Readonly<Record<string, string>>;

function repeats(results: Results, splats: readonly string[] = []): RepeatResults[] {
  const count = Math.max(1, ...Object.values(results).map((verdicts) => verdicts.length));
  return Array.from({ length: count }, (_, repeat) => ({
    cases: Object.entries(results).flatMap(([name, verdicts]) => {
      const verdict = letters[verdicts[repeat] ?? "-"];
      return verdict ? [{ name, verdict }] : [];
    }),
    splats: splats.map((title): Splat => ({ kind: "warning", title, offset: 0 })),
  }));
}

/** The first repeat ran everything, the others only these programs. */
function again(results: Results, only: readonly string[]): RepeatResults[] {
  const all = repeats({ ...results, filler: "--" });
  return all.map((repeat, index) => (index === 0 ? repeat : { ...repeat, only }));
}

function request(
  baseline: Results,
  patched: Results,
  more: Partial<CompareRequest> = {},
): CompareRequest {
  return {
    series: "s",
    proves: [],
    control: false,
    baseline: repeats(baseline),
    patched: repeats(patched),
    ...more,
  };
}

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
];

for (const [baseline, patched, expected] of transitionTable) {
  test(`${baseline || "(not there)"} -> ${patched || "(not there)"} is ${expected}`, (t) => {
    const list = (text: string) => text.split("").map((letter) => letters[letter] ?? "pass");
    t.is(transitionOf(list(baseline), list(patched)), expected);
  });
}

interface Row {
  readonly what: string;
  readonly request: CompareRequest;
  readonly verdict: ComparisonVerdict;
  readonly blames: readonly Blame[];
  readonly exit: number;
}

const proves = { proves: ["w.*"] };
const control = { proves: ["w.*"], control: true };
const exceptY = { proves: ["w.*"], except: ["w.y"] };
const rows: Row[] = [
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
    what: "a case that this kernel is too old for need not prove anything",
    request: request({ "w.x": "S", "w.y": "S" }, { "w.x": "P", "w.y": "S" }, exceptY),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "... but must not be broken",
    request: request({ "w.x": "S", "w.y": "P" }, { "w.x": "P", "w.y": "S" }, exceptY),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a kernel that is too old for all cases proves nothing",
    request: request({ "w.y": "S" }, { "w.y": "S" }, exceptY),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "an exception for cases that there are not is out of date",
    request: request({ "w.x": "S" }, { "w.x": "P" }, exceptY),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "a claim is kept only sometimes",
    request: request({ "w.x": "SS" }, { "w.x": "PF" }, proves),
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

for (const row of rows) {
  test(row.what, (t) => {
    const comparison = compare(row.request);
    t.is(comparison.verdict, row.verdict);
    t.deepEqual(comparison.blames, [...row.blames]);
    t.is(exitStatusFor(comparison.blames), row.exit);
    t.deepEqual(comparisonSchema.parse(comparison), comparison);
  });
}

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

test("a case belongs to the program and ABI that its name begins and ends with", (t) => {
  t.true(isCaseOf("w.mask", "w.mask.eintr"));
  t.true(isCaseOf("w.mask", "w.mask"), "the program itself");
  t.false(isCaseOf("w.mask", "w.masks.eintr"));
  t.false(isCaseOf("w.mask", "w.mask.eintr@i386"));
  t.true(isCaseOf("w.mask@i386", "w.mask.eintr@i386"));
  t.true(isCaseOf("w.mask@i386", "w.mask@i386"));
  t.false(isCaseOf("w.mask@i386", "w.mask.eintr@x32"));
  t.false(isCaseOf("w.mask@i386", "w.mask.eintr"));
});

test("globs: only * and ? are special", (t) => {
  t.true(matchesGlob("wait6.*", "wait6.basic.einval"));
  t.false(matchesGlob("wait6.*", "xwait6.basic"));
  t.false(matchesGlob("wait6.*", "wait6xbasic"));
  t.true(matchesGlob("a[1].?", "a[1].x"));
  t.false(matchesGlob("a[1].?", "a1.x"));
  t.true(matchesGlob("*", "anything (at) all"));
});

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
