import { Failure } from "../model/failure.ts";
import { networkError } from "./download.ts";

/** Seconds for kernel.org to give a list of checksums, of which the greatest has some 1 MB. */
const timeoutSeconds = 15;

/** kernel.org (or the mirror) did not give what it was asked for, for a reason of the network. */
export class Unreachable extends Error {}

/**
 * The sha256 (hex) of each file that a sha256sums.asc of kernel.org names.
 * Throws Unreachable, and Failure infra "no-checksums" where there is no such list.
 */
export async function fetchChecksums(
  url: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const text = await fetchText(url, signal);
  if (text !== undefined) return parseChecksums(text);
  throw new Failure({
    reason: "no-checksums",
    blame: "infra",
    what: `there is no list of checksums at ${url}, and nothing is used unverified`,
    hint: "is the address right? look at HARNESS_KERNEL_ORG or HARNESS_CROSSTOOL",
  });
}

/** A small text of a server, asked for twice; undefined where it is not there. Throws Unreachable. */
export async function fetchText(
  url: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let why = "";
  for (let attempt = 0; attempt < 2; attempt++) {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    try {
      const response = await fetch(url, {
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      if (response.ok) return await response.text();
      await response.body?.cancel();
      if (response.status === 404 || response.status === 410) return undefined;
      why = `HTTP ${response.status} ${response.statusText}`.trim();
    } catch (thrown) {
      signal?.throwIfAborted();
      why = timeout.aborted ? `no answer within ${timeoutSeconds} s` : networkError(thrown);
      // Waiting twice for nobody helps nobody.
      if (timeout.aborted) break;
    }
  }
  throw new Unreachable(`${url}: ${why}`);
}

/** "<sha256>  <file>" lines of a sha256sums.asc; the signature's armour around them is passed over. */
export function parseChecksums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const match of text.matchAll(/^([0-9a-f]{64}) [ *](\S+)$/gm)) {
    if (match[1] !== undefined && match[2] !== undefined) sums.set(match[2], match[1]);
  }
  return sums;
}
