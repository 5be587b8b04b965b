import { mkdir, mkdtemp } from "node:fs/promises";
import path from "node:path";
import { cached } from "../cache.ts";
import { copyTree, removeTree } from "../disk.ts";
import { fingerprint } from "../fingerprint.ts";

export interface UapiHeaders {
  /** What the tree holds, its patches included. */
  readonly identity: readonly (string | undefined)[];
  /** The make target that leaves the tree's headers in the object tree's usr/include. */
  readonly target: string;
  /** Runs make for the target with this object tree; throws when it fails. */
  readonly make: (objects: string) => Promise<void>;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Where `make headers` leaves them, and what of that is one architecture's own. */
const include = "usr/include";
const ofTheArch = "asm";

/**
 * Leaves a tree's headers for userland in `objects`/usr/include. All but asm/ are the same for every
 * architecture, and make (scripts/Makefile.headersinst) starts several processes for each of nearly a
 * thousand: 77 CPU seconds where those take long to start. So they are kept, and make, which then finds
 * them up to date, adds asm/ and takes away what this architecture does not export: 7 seconds.
 */
export async function installUapiHeaders(headers: UapiHeaders, objects: string): Promise<void> {
  const { dir } = await cached(
    {
      kind: "headers",
      fingerprint: fingerprint({ recipe: 1, tree: headers.identity, target: headers.target }),
      verify: "content",
      notice: headers.notice,
      signal: headers.signal,
    },
    async (into) => {
      const work = await mkdtemp(`${into}.work-`);
      try {
        await headers.make(work);
        const made = path.join(work, include);
        await mkdir(made, { recursive: true });
        await removeTree(path.join(made, ofTheArch));
        // Times tell make what is up to date.
        await copyTree(made, into);
      } finally {
        await removeTree(work);
      }
    },
  );
  const place = path.join(objects, include);
  await mkdir(path.dirname(place), { recursive: true });
  await copyTree(dir, place);
  await headers.make(objects);
}
