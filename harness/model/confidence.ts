/** In how many of a kernel's boots a case failed. */
export interface Seen {
  readonly fails: number;
  readonly boots: number;
}

/**
 * The chance that a kernel on which the case fails as often as it was seen to (on another kernel)
 * passes so many boots in a row: Laplace's rule of succession, once for each boot. For a failure
 * rate p that is well known it is (1-p)^passes; from few boots p is not well known, and the chance
 * is greater.
 */
export function chanceOfPassing({ fails, boots }: Seen, passes: number): number {
  let chance = 1;
  for (let passed = 0; passed < passes; passed++)
    chance *= (boots - fails + 1 + passed) / (boots + 2 + passed);
  return chance;
}

/** The boots that a kernel must pass before it is called good with this confidence (0 to below 1). */
export function passesNeeded(seen: Seen, confidence: number): number {
  let passes = 1;
  while (1 - chanceOfPassing(seen, passes) < confidence) passes++;
  return passes;
}

/**
 * The chance that two kernels alike share out their failures like this or worse: all boots put into
 * one heap, that so many of the second's or more fail (Fisher's exact test, one side).
 */
export function chanceOfSoMany(first: Seen, second: Seen): number {
  const boots = first.boots + second.boots;
  const fails = first.fails + second.fails;
  let chance = 0;
  for (let k = second.fails; k <= Math.min(fails, second.boots); k++)
    chance += Math.exp(
      logChoose(second.boots, k) + logChoose(first.boots, fails - k) - logChoose(boots, fails),
    );
  return Math.min(1, chance);
}

/** The logarithm of n over k, for k from 0 to n. */
function logChoose(n: number, k: number): number {
  let log = 0;
  for (let i = 0; i < k; i++) log += Math.log((n - i) / (i + 1));
  return log;
}
