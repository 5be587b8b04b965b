import test from "ava";
import { AvaTap } from "./ava-tap.ts";

function through(...lines: readonly string[]): string[] {
  const written: string[] = [];
  const tap = new AvaTap((text) => written.push(text));
  for (const line of lines) tap.line(line);
  tap.end();
  return written.join("").split("\n").slice(0, -1);
}

test("a test's first word in its log becomes the directive of its result", (t) => {
  t.deepEqual(through("TAP version 13", "ok 1 - a", "#   SKIP no x32", "ok 2 - b"), [
    "TAP version 13",
    "ok 1 - a # SKIP no x32",
    "ok 2 - b",
  ]);
});

test("an expected failure is a failing TODO", (t) => {
  t.deepEqual(through("ok 1 - a", "#   XFAIL nobody can"), ["not ok 1 - a # TODO nobody can"]);
});

test("a test that failed stays one that failed, whatever it logged", (t) => {
  t.deepEqual(through("not ok 1 - a", "#   SKIP me", "  ---", "  ..."), [
    "not ok 1 - a",
    "#   SKIP me",
    "  ---",
    "  ...",
  ]);
});

test("other words in a log are no directives, nor are those of a later line", (t) => {
  t.deepEqual(through("ok 1 - a", "#   seen 3", "#   SKIP late"), [
    "ok 1 - a",
    "#   seen 3",
    "#   SKIP late",
  ]);
});
