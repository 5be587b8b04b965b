import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync, type BigIntStats } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { writeAtomically } from "../cache.ts";
import { sha256 } from "../fingerprint.ts";
import { cacheDir } from "../paths.ts";

/** A file of a listing: its path below the tree, and what is in it. */
export interface ListedFile {
  readonly name: string;
  readonly kind: "file" | "executable" | "link";
  /** sha256 (hex) of a file's bytes; of a link the target itself. */
  readonly content: string;
}

/** What a folder held, by content. */
export interface Listing {
  readonly files: readonly ListedFile[];
  /** sha256 over names, kinds and contents. */
  readonly digest: string;
}

/** What a file looked like when it was hashed: stat fields that a write changes, then the sha256. */
type Remembered = readonly [stamp: string, sha256: string];
interface Memory {
  readonly shape: 1;
  readonly files: Record<string, Remembered>;
}

/** A file written this shortly before it was read may be written again without its times changing. */
const racyMilliseconds = 2000;

/**
 * Lists these files of a folder by content. A kernel's 86,000 files take seconds to read, so what was
 * read is remembered with the file's size, times, inode and mode, and read again only when one of
 * those differs. The folder itself is only read.
 */
export async function listByContent(
  dir: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Listing> {
  const memoryFile = path.join(cacheDir(), "sources", `listing-${sha256(dir)}.json`);
  const known = await recall(memoryFile);
  const files: ListedFile[] = [];
  const remembered: Record<string, Remembered> = {};
  let changed = false;
  let busySince = performance.now();
  for (const name of [...new Set(names)].sort()) {
    // Synchronous calls are several times faster here; the rest of the program still gets its turn.
    if (performance.now() - busySince > 20) {
      await breathe();
      signal?.throwIfAborted();
      busySince = performance.now();
    }
    const file = path.join(dir, name);
    const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) {
      files.push({ name, kind: "link", content: readlinkSync(file) });
    } else if (stats?.isFile()) {
      const stamp = stampOf(stats);
      const old = known[name];
      let content = old?.[0] === stamp ? old[1] : undefined;
      if (content === undefined) {
        const racy = Date.now() - Number(stats.ctimeMs) < racyMilliseconds;
        content = createHash("sha256").update(readFileSync(file)).digest("hex");
        if (!racy) {
          remembered[name] = [stamp, content];
          changed = true;
        }
      } else remembered[name] = [stamp, content];
      files.push({ name, kind: stats.mode & 0o100n ? "executable" : "file", content });
    }
  }
  if (changed || Object.keys(remembered).length !== Object.keys(known).length) {
    await mkdir(path.dirname(memoryFile), { recursive: true });
    await writeAtomically(memoryFile, JSON.stringify({ shape: 1, files: remembered }));
  }
  const lines = files.map(({ name, kind, content }) => `${kind} ${content} ${name}`);
  return { files, digest: sha256(lines.join("\0")) };
}

/** All files and links below a folder, but for what version control keeps there. */
export function walk(dir: string): string[] {
  const names: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of readdirSync(path.join(dir, relative), { withFileTypes: true })) {
      if (entry.name === ".git") continue;
      const name = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(name);
      else if (entry.isFile() || entry.isSymbolicLink()) names.push(name);
    }
  };
  visit("");
  return names;
}

function stampOf(stats: BigIntStats): string {
  return [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino, stats.mode].join(" ");
}

async function recall(file: string): Promise<Record<string, Remembered>> {
  try {
    const memory = JSON.parse(await readFile(file, "utf8")) as Memory;
    return (memory.shape as number) === 1 ? memory.files : {};
  } catch {
    return {};
  }
}
