import test from "ava";
import type { Splat } from "./verdict.ts";
import { concludes, repeats, request, type Conclusion } from "../testing/comparisons.ts";

/** What a series need not prove: exceptions of an architecture or a release, and programs that are left out. */

const exceptY = { proves: ["w.*"], except: ["w.y"] };
/** The patched kernel complains, and an exception says of what it may warn. */
const warned = (
  titles: readonly string[],
  {
    kind = "warning",
    before = "S",
    after = "F",
  }: { kind?: Splat["kind"]; before?: string; after?: string } = {},
) =>
  request(
    { "w.x": "S", "w.y": before },
    {},
    {
      ...exceptY,
      exceptWarnings: [{ cases: ["w.y"], warnings: ["WARNING in slow_*"] }],
      patched: repeats({ "w.x": "P", "w.y": after }, titles).map((repeat) => ({
        ...repeat,
        splats: repeat.splats.map((splat) => ({ ...splat, kind })),
      })),
    },
  );
const leftOut = ["w.b", "w.c"];
const rows: readonly Conclusion[] = [
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
    what: "an exception that a control takes away all the same is no regression",
    request: request(
      { "w.x": "P", "w.y": "P" },
      { "w.x": "F", "w.y": "S" },
      { proves: ["w.*"], except: ["w.y"], control: true },
    ),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "a whole claim of several may be an exception",
    request: request(
      { "w.x": "S", "w.y": "S" },
      { "w.x": "P", "w.y": "S" },
      { proves: ["w.x", "w.y"], except: ["w.y"] },
    ),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "a kernel that is too old for all cases proves nothing",
    request: request({ "w.y": "S" }, { "w.y": "S" }, exceptY),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "what the kernel warns of when an excepted case runs for the first time is not the series'",
    request: warned(["WARNING in slow_step"]),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "... but any other warning is",
    request: warned(["WARNING in slow_step", "WARNING in do_wait"]),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "... and so is whatever is worse than a warning",
    request: warned(["WARNING in slow_step"], { kind: "oops" }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "... and so is the warning where the baseline ran the case without it",
    request: warned(["WARNING in slow_step"], { before: "F" }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "... and where neither kernel ran the case",
    request: warned(["WARNING in slow_step"], { after: "S" }),
    verdict: "regression",
    blames: ["series"],
    exit: 1,
  },
  {
    what: "an exception for cases that there are not is out of date",
    request: request({ "w.x": "S" }, { "w.x": "P" }, exceptY),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "what is left out on an architecture need not prove anything there",
    request: request(
      { "w.a.x": "S", "w.b": "S", "w.c": "S" },
      { "w.a.x": "P", "w.b": "S", "w.c": "S" },
      { proves: ["w.*", "w.b.x", "w.c.y*"], except: ["w.?.z*"], leftOut },
    ),
    verdict: "proved",
    blames: [],
    exit: 0,
  },
  {
    what: "... but what is run must",
    request: request(
      { "w.a.x": "S", "w.b": "S" },
      { "w.a.x": "P", "w.b": "S" },
      { proves: ["w.*", "w.a.y"], leftOut },
    ),
    verdict: "not-proved",
    blames: ["suite"],
    exit: 3,
  },
  {
    what: "where all is left out nothing is proved",
    request: request({ "w.b": "S" }, { "w.b": "S" }, { proves: ["w.*.x"], leftOut }),
    verdict: "no-regression",
    blames: [],
    exit: 0,
  },
];

for (const row of rows) test(row.what, concludes, row);
