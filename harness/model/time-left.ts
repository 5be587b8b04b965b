/** How far one of several cells is. */
export interface CellTime {
  /** Seconds that it took in an earlier run; undefined where there was none. */
  readonly expected: number | undefined;
  readonly state: "waiting" | "running" | "done";
  /** Since it began, or those it took in all; 0 while it waits. */
  readonly seconds: number;
}

/**
 * Seconds that are left, roughly: what a cell took in an earlier run stands for it, and for one that
 * was never run the mean of those that were run for the first time now; an earlier run of another
 * cell may have found its kernels in the cache. Cells overlap, so that it is an upper bound more
 * often than not. undefined where it is not known yet.
 */
export function secondsLeft(cells: readonly CellTime[]): number | undefined {
  const first = cells.filter(({ expected }) => expected === undefined);
  const ended = first.filter(({ state, seconds }) => state === "done" && seconds > 0);
  const mean = ended.reduce((sum, { seconds }) => sum + seconds, 0) / ended.length;
  if (ended.length === 0 && first.some(({ state }) => state !== "done")) return undefined;
  return cells
    .filter(({ state }) => state !== "done")
    .reduce((sum, { expected, seconds }) => sum + Math.max(0, (expected ?? mean) - seconds), 0);
}
