import test from "ava";
import { clockDrift } from "./guest-clock.ts";

/** What is said of a guest's clock that counted `guest` seconds in ten. */
function drift(guest: number): string | undefined {
  // QEMU's start and the firmware are no guest's time.
  return clockDrift("sh4", { uptime: 0.5, lived: 2 }, { uptime: 0.5 + guest, lived: 12 })?.what;
}

test("a clock is judged by what passed between two readings, not by when the guest began", (t) => {
  t.is(drift(10), undefined);
  t.is(drift(9), undefined);
});

test("a clock that goes too fast, and one that goes too slow", (t) => {
  t.is(
    drift(19.2),
    "the sh4 guest's clock goes 1.92 times as fast as the host's: 19.2 s in 10.0 s",
  );
  t.regex(drift(5) ?? "", /goes 0\.50 times/);
});
