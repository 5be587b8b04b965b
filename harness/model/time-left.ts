/** How far one of several cells is. */
export interface CellTime {
  /** Seconds that it took in an earlier run; undefined where there was none. */
  readonly expected: number | undefined;
  readonly state: "waiting" | "running" | "done";
  /** Since it began, or those it took in all; 0 while it waits. */
  readonly seconds: number;
}

/**
 * Seconds that are left, roughly: what a cell took in an earlier run stands for it, and the mean of
 * what is known for one that was never run. Cells overlap, so that it is an upper bound more often
 * than not. undefined where nothing is known yet.
 */
export function secondsLeft(cells: readonly CellTime[]): number | undefined {
  const known = cells.flatMap(({ expected, state, seconds }) =>
    expected !== undefined ? [expected] : state === "done" && seconds > 0 ? [seconds] : [],
  );
  if (known.length === 0) return undefined;
  const mean = known.reduce((sum, each) => sum + each, 0) / known.length;
  return cells
    .filter(({ state }) => state !== "done")
    .reduce((sum, { expected, seconds }) => sum + Math.max(0, (expected ?? mean) - seconds), 0);
}
