import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { indexName, names } from "./names.ts";

/** A run found on disk. */
export interface StoredRun {
  readonly id: string;
  /** Absolute. */
  readonly dir: string;
}

/** A run's record as the file system knows it, without reading it. */
export interface RunStamp extends StoredRun {
  /** Bytes of run.json. */
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** The stamps of all runs of a results folder, oldest first. Synchronous, since there can be thousands. */
export function runStamps(resultsDir: string): readonly RunStamp[] {
  if (!existsSync(resultsDir)) return [];
  const stamps: RunStamp[] = [];
  for (const entry of readdirSync(resultsDir, { withFileTypes: true })) {
    if (!isRunName(entry)) continue;
    const dir = path.resolve(resultsDir, entry.name);
    const found = statSync(path.join(dir, names.record), { throwIfNoEntry: false });
    if (found?.isFile())
      stamps.push({ id: entry.name, dir, size: found.size, mtimeMs: found.mtimeMs });
  }
  return stamps.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether an entry of a results folder can be a run: hidden ones are copies under way. */
export function isRunName(entry: Dirent): boolean {
  return entry.isDirectory() && !entry.name.startsWith(".");
}

/** Where the index of a results folder lies. */
export function indexFile(resultsDir: string): string {
  return path.join(path.resolve(resultsDir), indexName);
}
