import { Failure } from "../model/failure.ts";

/** A guest's /proc/uptime, in seconds, when QEMU had lived for `lived` seconds. */
export interface ClockReading {
  readonly uptime: number;
  readonly lived: number;
}

/** A clock that is off by more is none; one that loses ticks on a busy host is a little slower. */
const tolerance = 0.25;

/** Two readings lie so many seconds apart, at the least: /proc/uptime and ssh are good for 0.1 s. */
export const clockSeconds = 4;

/**
 * The failure ("guest-clock", infra's) of a guest whose clock is not the host's, or undefined. A kernel
 * that is configured for another frequency than its timer has runs twice as fast, say: that does not
 * show at boot (boot-failure.ts looks for clocks that run away), and every time a test measures is wrong.
 */
export function clockDrift(
  arch: string,
  first: ClockReading,
  last: ClockReading,
): Failure | undefined {
  const guest = last.uptime - first.uptime;
  const host = last.lived - first.lived;
  const rate = guest / host;
  if (Math.abs(rate - 1) <= tolerance) return undefined;
  return new Failure({
    reason: "guest-clock",
    blame: "infra",
    what: `the ${arch} guest's clock goes ${rate.toFixed(2)} times as fast as the host's: ${guest.toFixed(1)} s in ${host.toFixed(1)} s`,
    hint: `is the kernel configured for the machine's timer? kconfigs/arch/${arch}.config; on a very busy host, try again`,
  });
}
