/**
 * Promise.all that waits for the others too before it passes a failure on, so that nothing runs on
 * unseen behind a caller that cleans up. Of several failures the first in the list is thrown.
 */
export async function allEnded<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  for (const each of await Promise.allSettled(work))
    if (each.status === "rejected") throw each.reason;
  return Promise.all(work);
}
