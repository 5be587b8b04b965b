import test from "ava";
import fc from "fast-check";
import { chanceOfPassing, passesNeeded } from "./confidence.ts";

test("from three failures in three boots, one pass proves little and five are enough", (t) => {
  const seen = { fails: 3, boots: 3 };
  t.is(chanceOfPassing(seen, 0), 1);
  t.is(chanceOfPassing(seen, 1), 1 / 5);
  t.is(passesNeeded(seen, 0.99), 5);
  t.is(passesNeeded(seen, 0.5), 1);
});

test("a rate that is well known gives 1-(1-p)^n", (t) => {
  const seen = { fails: 300_000, boots: 1_000_000 };
  for (const passes of [1, 2, 5, 12])
    t.true(Math.abs(chanceOfPassing(seen, passes) - 0.7 ** passes) < 1e-4);
  // ln 0.01 / ln 0.7 = 12.9
  t.is(passesNeeded(seen, 0.99), 13);
});

test("few boots ask for more passes than their rate alone would", (t) => {
  // ln 0.01 / ln (2/3) = 11.4
  t.true(passesNeeded({ fails: 4, boots: 12 }, 0.99) > 12);
});

test("the number of passes is the smallest that gives the confidence", (t) => {
  const boots = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(
      boots,
      fc.nat(59),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (all, some, confidence) => {
        const seen = { fails: 1 + (some % all), boots: all };
        const needed = passesNeeded(seen, confidence);
        t.true(1 - chanceOfPassing(seen, needed) >= confidence);
        t.true(needed === 1 || 1 - chanceOfPassing(seen, needed - 1) < confidence);
      },
    ),
  );
});
