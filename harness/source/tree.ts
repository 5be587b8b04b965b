import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { cached } from "../cache.ts";
import { removeTree } from "../disk.ts";
import { fingerprint } from "../fingerprint.ts";
import { inStep, type Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import {
  formatKernelVersion,
  parseKernelVersion,
  type KernelVersion,
} from "../model/kernel-version.ts";

/** A kernel's source, unpacked. */
interface KernelTree {
  /** The folder with the kernel's top Makefile. Shared by all runs: read-only by agreement. */
  readonly dir: string;
  /** As the tree's Makefile states it (of a source without a tree yet: as it is announced). */
  readonly version: KernelVersion;
  /** Names the content: equal identities are equal trees. For fingerprints. */
  readonly identity: string;
  /** For people, such as "6.1.192 with Debian's patches (linux-source-6.1 6.1.192-2), not vanilla 6.1". */
  readonly description: string;
  /** What the user asked for. */
  readonly spec: string;
}

/** A kernel source that is known to exist: which it is, without a tree on disk yet. */
export interface ResolvedSource extends Omit<KernelTree, "dir"> {
  /**
   * Gives the tree: downloaded and unpacked once, kept in the cache. Callers at the same time get the same one.
   * Throws Failure infra "download-failed", "checksum-mismatch", "corrupt-tarball", "disk-full" …
   */
  tree(): Promise<KernelTree>;
}

export interface SourceOptions {
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /**
   * Address of kernel.org's /pub/linux/kernel or of a mirror of it; else $HARNESS_KERNEL_ORG, else
   * https://cdn.kernel.org/pub/linux/kernel.
   */
  readonly kernelOrg?: string | undefined;
}

/** The note that lies beside every cached tree, for `harness list kernels`. */
export const treeNote = "source.json";

/** Makes the tree of a source in the folder `into` (which does not exist yet). `scratch` is its own to use. */
type MakeTree = (place: {
  readonly into: string;
  readonly scratch: string;
  readonly progress: (text: string) => void;
}) => Promise<void>;

/** Completes a source with tree(): cached under its identity and checked to be the kernel it claims to be. */
export function resolvedSource(
  source: Omit<KernelTree, "dir">,
  options: SourceOptions,
  make: MakeTree,
): ResolvedSource {
  let tree: Promise<KernelTree> | undefined;
  return {
    ...source,
    tree: () => (tree ??= unpackedTree(source, options, make)),
  };
}

/** The cache key of a source's tree. */
export function treeFingerprint(identity: string): string {
  return fingerprint({
    // Decides every byte of the tree.
    identity,
    // Of the cached folder (linux/ and its note); raised when that changes.
    layout: 1,
  });
}

async function unpackedTree(
  source: Omit<KernelTree, "dir">,
  { emit, signal }: SourceOptions,
  make: MakeTree,
): Promise<KernelTree> {
  const step = { id: "source", title: `source of ${formatKernelVersion(source.version)}` };
  const entry = await inStep(
    emit,
    step,
    (progress) =>
      cached(
        {
          kind: "sources",
          fingerprint: treeFingerprint(source.identity),
          verify: "listing",
          notice: (text) => {
            emit({ type: "notice", text });
          },
          signal,
        },
        async (dir) => {
          const into = path.join(dir, "linux");
          const scratch = path.join(dir, "scratch");
          await make({ into, scratch, progress });
          await removeTree(scratch);
          signal?.throwIfAborted();
          checkVersion(await readKernelVersion(into), source);
          await writeFile(path.join(dir, treeNote), JSON.stringify(source, null, 2));
        },
      ),
    ({ cached: found }) => ({ outcome: found ? "cached" : "done", detail: source.description }),
  );
  const dir = path.join(entry.dir, "linux");
  return { ...source, version: (await readKernelVersion(dir)) ?? source.version, dir };
}

function checkVersion(version: KernelVersion | undefined, source: Omit<KernelTree, "dir">): void {
  const claimed = source.version;
  if (
    version?.major === claimed.major &&
    version.minor === claimed.minor &&
    // Ubuntu's package 6.8.0-50.51 holds 6.8.12: no patch level is claimed there.
    (claimed.patch === 0 || version.patch === claimed.patch)
  )
    return;
  const expected = formatKernelVersion(claimed);
  throw new Failure({
    reason: "wrong-source",
    blame: "infra",
    what: `the source of ${source.spec} is not the kernel it should be`,
    evidence: `expected ${expected}, its Makefile says ${version ? formatKernelVersion(version) : "nothing of the kind"}`,
    hint: "if this comes from a mirror, try another one",
  });
}

/** The version that a kernel's top Makefile states; undefined when it is no kernel's. */
export function parseMakefileVersion(makefile: string): KernelVersion | undefined {
  const field = (name: string) =>
    new RegExp(`^${name}[ \\t]*=[ \\t]*(\\S*)`, "m").exec(makefile)?.[1] ?? "";
  const [major, minor] = [field("VERSION"), field("PATCHLEVEL")];
  if (!/^\d+$/.test(major) || !/^\d+$/.test(minor)) return undefined;
  const patch = /^\d+$/.test(field("SUBLEVEL")) ? field("SUBLEVEL") : "0";
  return parseKernelVersion(`${major}.${minor}.${patch}${field("EXTRAVERSION")}`);
}

/** The version of the tree in this folder; undefined when it has no kernel's Makefile. */
async function readKernelVersion(dir: string): Promise<KernelVersion | undefined> {
  return readFile(path.join(dir, "Makefile"), "utf8").then(parseMakefileVersion, () => undefined);
}

/**
 * The version of the kernel tree that a user points to.
 * Throws Failure usage "not-a-kernel-tree", which names what is missing.
 */
export async function requireKernelTree(dir: string): Promise<KernelVersion> {
  const parts = ["Makefile", "Kconfig", "arch", "kernel"];
  const found = await Promise.all(parts.map((part) => exists(path.join(dir, part))));
  const missing = parts.filter((_, index) => !found[index]);
  const version = await readKernelVersion(dir);
  if (missing.length === 0 && version) return version;
  throw new Failure({
    reason: "not-a-kernel-tree",
    blame: "usage",
    what: `${dir} is not a Linux source tree`,
    evidence:
      missing.length > 0
        ? `missing there: ${missing.join(", ")}`
        : "its Makefile states no VERSION and PATCHLEVEL",
    hint: "give the folder that holds the kernel's top Makefile",
  });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
