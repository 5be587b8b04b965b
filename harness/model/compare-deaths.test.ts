import test from "ava";
import { concludes, repeats, request, type Conclusion } from "../testing/comparisons.ts";
import { compare } from "./compare.ts";
import type { RepeatResults } from "./comparison.ts";

/** Kernels that die in the middle of a program, and what is lacking and heard then. */

const ofProgram = (results: readonly RepeatResults[]) =>
  results.map((repeat) => ({ ...repeat, programs: ["p"] }));
const cut = ofProgram(repeats({ "p.a": "PPP", "p.case-2": "M--", "p.b": "-FF" }));
const whole = ofProgram(repeats({ "p.a": "PPP", "p.b": "FFF" }));
const alwaysCut = ofProgram(repeats({ "p.a": "PPP", "p.case-2": "MMM" }));
const silentThen = ofProgram(repeats({ "p.a": "P--", "p.case-2": "M--" }));
const heard = (results: Parameters<typeof repeats>[0]) => repeats(results, ["WARNING at x.c:1"]);

const claims = { proves: ["w.*"] };

const rows: readonly Conclusion[] = [
  {
    what: "cases that a program did not come to once are not cases of their own",
    request: request({}, {}, { baseline: whole, patched: cut }),
    verdict: "flaky",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "... but are where it never came to them",
    request: request({}, {}, { baseline: whole, patched: alwaysCut }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "... or came to no case at all in the other repeats",
    request: request({}, {}, { baseline: whole, patched: silentThen }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "a new splat says nothing where the baseline dies now and then",
    request: request({ a: "CPP" }, {}, { patched: heard({ a: "PPP" }) }),
    verdict: "incomplete",
    blames: ["baseline"],
    exit: 4,
  },
  {
    what: "... but does where it dies each time, of something that can be told apart",
    request: request({ a: "CCC", b: "PPP" }, {}, { patched: heard({ a: "CCC", b: "PPP" }) }),
    verdict: "regression",
    blames: ["baseline", "series"],
    exit: 4,
  },
  {
    what: "what the patched kernel died in blames nobody where the baseline dies elsewhere each time",
    request: request(
      { a: "CF", b: "FC", c: "PP", "w.x": "SS" },
      { a: "FM", b: "CC", c: "MM", "w.x": "MC" },
      claims,
    ),
    verdict: "incomplete",
    blames: ["baseline"],
    exit: 4,
  },
  {
    what: "... but does where the baseline dies in one case only, each time",
    request: request({ a: "CC", b: "PP", "w.x": "SS" }, { a: "CC", b: "CC", "w.x": "PP" }, claims),
    verdict: "regression",
    blames: ["baseline", "series"],
    exit: 4,
  },
  {
    what: "a regression is one whatever the baseline dies of now and then",
    request: request({ a: "CPP", b: "PPP" }, {}, { patched: heard({ a: "PPP", b: "FFF" }) }),
    verdict: "regression",
    blames: ["baseline", "series"],
    exit: 4,
  },
];

for (const row of rows) test(row.what, concludes, row);

test("what is not compared for it is said, and what was heard is kept", (t) => {
  const dies = compare(request({ a: "CPP" }, {}, { patched: heard({ a: "PPP" }) }));
  t.deepEqual(dies.newSplats, ["warning: WARNING at x.c:1"]);
  t.deepEqual(dies.incomplete, ["a fair comparison: the baseline, too, dies now and then (a)"]);
  t.deepEqual(compare(request({ a: "CPP" }, { a: "PPP" })).incomplete, []);
});

test("a name that only stands for what was not come to is not listed", (t) => {
  const { cases } = compare(request({}, {}, { baseline: cut, patched: whole }));
  t.deepEqual(cases.map(({ name }) => name).sort(), ["p.a", "p.b"]);
});
