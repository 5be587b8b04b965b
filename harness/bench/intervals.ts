/** A span of time, in seconds. */
export type Interval = readonly [from: number, to: number];

/** Seconds that lie in at least one of the intervals: two at once count once. */
export function covered(intervals: readonly Interval[]): number {
  let total = 0;
  let reach = -Infinity;
  for (const [from, to] of [...intervals].sort(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, reach));
    reach = Math.max(reach, to);
  }
  return total;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
