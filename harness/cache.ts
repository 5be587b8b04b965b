import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import {
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  utimes,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import lockfile from "proper-lockfile";
import { removeTree } from "./disk.ts";
import { exec } from "./exec.ts";
import { Failure } from "./model/failure.ts";
import { sha256, sha256File } from "./fingerprint.ts";
import { cacheDir } from "./paths.ts";

/** The kinds of things that are kept; each is a folder of the cache. */
export const cacheKinds = [
  "downloads",
  "sources",
  "kernels",
  "objects",
  "userland",
  "headers",
  "suites",
  "images",
  "tests",
  "judgements",
  "probes",
  "syscalls",
  "toolchains",
] as const;
export type CacheKind = (typeof cacheKinds)[number];

export interface CacheRequest {
  readonly kind: CacheKind;
  readonly fingerprint: string;
  /**
   * How an entry is checked when it is read: "content" hashes every file again; "listing" compares
   * names and sizes only, for trees of many thousand files whose consumer notices damage by itself.
   */
  readonly verify: "content" | "listing";
  /** Told when another process works on the same entry, or when a damaged entry is made again. */
  readonly notice?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CacheEntry {
  /** The folder with the entry's files. Read-only by agreement: others share it. */
  readonly dir: string;
  /** Whether it was there already. */
  readonly cached: boolean;
}

/**
 * Gives the entry of this fingerprint, made by `produce` into an empty folder if it is not there
 * or is damaged. Written under a temporary name and renamed, so a half-made entry is never
 * believed; one process at a time makes an entry, others wait for it.
 * Throws what `produce` throws, and Failure "disk-full".
 */
export async function cached(
  request: CacheRequest,
  produce: (dir: string) => Promise<void>,
): Promise<CacheEntry> {
  const kindDir = path.join(cacheDir(), request.kind);
  const dir = path.join(kindDir, request.fingerprint);
  await mkdir(kindDir, { recursive: true });
  if (await isSound(dir)) return { dir, cached: true };
  return withLock(dir, request, async () => {
    if (await isSound(dir)) return { dir, cached: true };
    if ((await exists(dir)) || (await exists(manifestOf(dir)))) {
      request.notice?.(
        `cache: ${request.kind}/${request.fingerprint} is damaged or unfinished; it is made again`,
      );
      await rm(manifestOf(dir), { force: true });
      await removeTree(dir);
    }
    const making = `${dir}.making-${process.pid}-${randomBytes(4).toString("hex")}`;
    await mkdir(making);
    try {
      await produce(making);
      const manifest = await describe(making, request.verify);
      await rename(making, dir);
      await writeAtomically(manifestOf(dir), JSON.stringify(manifest));
    } catch (thrown) {
      await removeTree(making);
      throw await explainFullDisk(thrown, kindDir);
    }
    return { dir, cached: false };
  });
}

/** Whether the entry is there and sound; never makes it. */
export async function isCached(request: CacheRequest): Promise<CacheEntry | undefined> {
  const dir = path.join(cacheDir(), request.kind, request.fingerprint);
  return (await isSound(dir)) ? { dir, cached: true } : undefined;
}

/** Writes a file under a temporary name and renames it, so that a reader never sees half of it. */
export async function writeAtomically(file: string, data: string | Uint8Array): Promise<void> {
  const making = `${file}.making-${process.pid}-${randomBytes(4).toString("hex")}`;
  await writeFile(making, data);
  await rename(making, file);
}

export interface CleanRequest {
  /** All kinds when absent. */
  readonly kinds?: readonly (CacheKind | "ccache")[] | undefined;
  /** Only what was not used for so many days. */
  readonly days: number;
  readonly dryRun: boolean;
}

/**
 * Removes entries, damaged ones and what killed processes left half-made among them. An entry that
 * another process is making is left alone. Gives what was removed.
 */
export async function cleanCache(
  request: CleanRequest,
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const removed: { name: string; bytes: number }[] = [];
  const limit = Date.now() - request.days * 86_400_000;
  for (const kind of request.kinds ?? [...cacheKinds, "ccache"]) {
    const kindDir = path.join(cacheDir(), kind);
    const names = kind === "ccache" ? [""] : await readdir(kindDir).catch(() => []);
    for (const name of names) {
      const entry = path.join(kindDir, name);
      const stats = await stat(entry).catch(() => undefined);
      if (!stats || name.endsWith(".lock") || name.endsWith(manifestSuffix)) continue;
      if (request.days > 0 && Math.max(stats.mtimeMs, await lastUse(entry)) > limit) continue;
      if (await isLocked(entry)) continue;
      removed.push({ name: path.join(kind, name), bytes: await sizeOf(entry) });
      if (request.dryRun) continue;
      await rm(manifestOf(entry), { force: true });
      await removeTree(entry);
    }
  }
  return removed;
}

/** When an entry was last taken: its manifest's time, which cached() renews. */
async function lastUse(entry: string): Promise<number> {
  return (await stat(manifestOf(entry)).catch(() => undefined))?.mtimeMs ?? 0;
}

async function isLocked(entry: string): Promise<boolean> {
  // "<fingerprint>.making-..." belongs to the lock of its entry.
  const locked = entry.replace(/\.(making|work)-.*$/, "");
  return lockfile.check(locked, { realpath: false, stale: 15_000 }).catch(() => false);
}

async function sizeOf(entry: string): Promise<number> {
  const result = await exec("du", ["-sk", entry]);
  return Number(/^\d+/.exec(result.stdout)?.[0] ?? 0) * 1024;
}

const manifestSuffix = ".manifest.json";

interface Manifest {
  readonly verify: CacheRequest["verify"];
  readonly digest: string;
}

function manifestOf(dir: string): string {
  return `${dir}${manifestSuffix}`;
}

async function isSound(dir: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(manifestOf(dir), "utf8")) as Manifest;
    const sound = manifest.digest === (await describe(dir, manifest.verify)).digest;
    // The time of the last use, for cleanCache().
    if (sound) await utimes(manifestOf(dir), new Date(), new Date());
    return sound;
  } catch {
    return false;
  }
}

async function describe(dir: string, verify: CacheRequest["verify"]): Promise<Manifest> {
  const lines: string[] = [];
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    // lstat is synchronous: of a kernel tree's 86,000 files it takes 0.4 s so, 3 s one await each.
    const file = path.join(entry.parentPath, entry.name);
    const relative = path.relative(dir, file);
    if (entry.isFile()) {
      const what = verify === "content" ? await sha256File(file) : String(lstatSync(file).size);
      lines.push(`${relative} ${what}`);
    } else lines.push(relative);
  }
  return { verify, digest: sha256(lines.sort().join("\n")) };
}

async function withLock<T>(dir: string, request: CacheRequest, work: () => Promise<T>): Promise<T> {
  let waiting = false;
  for (;;) {
    request.signal?.throwIfAborted();
    try {
      // A process that dies leaves its lock behind; it is stale after 15 s without an update.
      const release = await lockfile.lock(dir, {
        realpath: false,
        stale: 15_000,
        update: 3_000,
        onCompromised: () => undefined,
      });
      try {
        return await work();
      } finally {
        await release().catch(() => undefined);
      }
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ELOCKED") throw thrown;
      if (!waiting) {
        waiting = true;
        request.notice?.(
          `cache: waiting for another harness process that makes ${path.basename(dir).slice(0, 12)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

async function explainFullDisk(thrown: unknown, dir: string): Promise<unknown> {
  const space = await statfs(dir).catch(() => undefined);
  const free = space ? space.bavail * space.bsize : Infinity;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ENOSPC" && free > 64 << 20) return thrown;
  return new Failure({
    reason: "disk-full",
    blame: "infra",
    what: `no space left in ${dir}`,
    evidence: thrown instanceof Failure ? (thrown.evidence ?? thrown.what) : String(thrown),
    hint: "free some space, or run `harness clean`, or point XDG_CACHE_HOME at a larger disk",
  });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
