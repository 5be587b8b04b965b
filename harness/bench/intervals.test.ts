import test from "ava";
import { covered, median } from "./intervals.ts";

test("time covered twice counts once", (t) => {
  t.is(covered([]), 0);
  t.is(
    covered([
      [0, 2],
      [1, 3],
      [5, 6],
    ]),
    4,
  );
  t.is(
    covered([
      [5, 6],
      [0, 10],
    ]),
    10,
  );
});

test("the median of odd and even counts", (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
  t.true(Number.isNaN(median([])));
});
