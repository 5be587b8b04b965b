import test from "ava";
import { longestFirst } from "./cells.ts";

test("cells that take longest begin first, with those never run before them", (t) => {
  t.deepEqual(longestFirst([10, undefined, 300, undefined, 20]), [1, 3, 2, 4, 0]);
  t.deepEqual(longestFirst([undefined, undefined]), [0, 1]);
  t.deepEqual(longestFirst([5, 5, 5]), [0, 1, 2]);
  t.deepEqual(longestFirst([]), []);
});
