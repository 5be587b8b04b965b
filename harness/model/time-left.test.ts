import test from "ava";
import { secondsLeft, type CellTime } from "./time-left.ts";

const cell = (state: CellTime["state"], expected: number | undefined, seconds = 0): CellTime => ({
  state,
  expected,
  seconds,
});

test("what is left is what the cells took before, less what they have had", (t) => {
  t.is(secondsLeft([cell("done", 100, 90), cell("running", 200, 50), cell("waiting", 300)]), 450);
  // One that takes longer than ever has nothing left that could be told.
  t.is(secondsLeft([cell("running", 200, 500), cell("waiting", 300)]), 300);
  t.is(secondsLeft([cell("done", 100, 90)]), 0);
});

test("a cell that was never run takes as long as others of its kind; before one has ended nothing is told", (t) => {
  t.is(secondsLeft([cell("done", undefined, 90), cell("waiting", undefined)]), 90);
  t.is(secondsLeft([cell("running", undefined, 5), cell("waiting", undefined)]), undefined);
  // A cell whose kernels were in the cache says nothing of one that is to be built.
  t.is(
    secondsLeft([cell("done", 10, 9), cell("waiting", 30), cell("waiting", undefined)]),
    undefined,
  );
  t.is(
    secondsLeft([
      cell("done", 10, 9),
      cell("done", undefined, 500),
      cell("running", undefined, 50),
    ]),
    450,
  );
});
