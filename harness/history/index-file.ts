import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import lockfile from "proper-lockfile";
import sqlite from "node-sqlite3-wasm";
import type { Database } from "node-sqlite3-wasm";
import { indexFile } from "../store.ts";
import { createTables, tablesVersion } from "./tables.ts";
import { takeRuns, type Taken } from "./take-runs.ts";

/** An index that agrees with the runs on disk. */
export interface OpenIndex {
  readonly database: Database;
  /** What was read to make it agree. */
  readonly taken: Taken;
  /** Why it is kept in memory only, where it is. */
  readonly remark?: string;
}

/**
 * Opens the index of a results folder, brings it up to date with the runs there, and hands it to
 * `work`. It is a cache: one that is missing, damaged (its checksum says so) or of another version
 * is made anew from the run.json files, and where the folder cannot be written it is made in memory.
 * Processes take turns.
 * `anew`: make it from nothing whatever there is.
 */
export async function withIndex<T>(
  resultsDir: string,
  work: (index: OpenIndex) => T,
  { anew = false }: { readonly anew?: boolean } = {},
): Promise<T> {
  const file = indexFile(resultsDir);
  if (!isWritable(path.dirname(file))) {
    return inMemory(resultsDir, work, `${path.dirname(file)} cannot be written`);
  }
  const release = await lock(file);
  try {
    let open: OpenIndex;
    try {
      open = (anew ? undefined : refreshed(file, resultsDir)) ?? rebuilt(file, resultsDir);
    } catch (thrown) {
      remove(file);
      return inMemory(resultsDir, work, String(thrown));
    }
    try {
      return work(open);
    } finally {
      open.database.close();
    }
  } finally {
    await release();
  }
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function inMemory<T>(resultsDir: string, work: (index: OpenIndex) => T, remark: string): T {
  const database = new sqlite.Database();
  try {
    database.exec(createTables);
    const taken = takeRuns(database, resultsDir);
    return work({ database, taken, remark: `the index is not kept: ${remark}` });
  } finally {
    database.close();
  }
}

/** One process at a time; a lock that a killed process left is stale after 5 s. */
async function lock(file: string): Promise<() => Promise<void>> {
  const release = await lockfile.lock(file, {
    realpath: false,
    // SQLite's own lock is called <file>.lock.
    lockfilePath: `${file}.busy`,
    stale: 5_000,
    retries: { retries: 200, minTimeout: 20, maxTimeout: 200 },
    onCompromised: () => undefined,
  });
  // Left by a process that was killed with the index open: nobody else can hold it now.
  rmSync(sqliteLock(file), { recursive: true, force: true });
  rmSync(sqliteLock(`${file}.new`), { recursive: true, force: true });
  return () => release().catch(() => undefined);
}

function sqliteLock(file: string): string {
  return `${file}.lock`;
}

/** The index that is there, brought up to date; undefined when it will not do. */
function refreshed(file: string, resultsDir: string): OpenIndex | undefined {
  if (!isWhole(file)) return undefined;
  const database = new sqlite.Database(file);
  try {
    if (database.get("select version from meta")?.["version"] !== tablesVersion) {
      database.close();
      return undefined;
    }
    quick(database);
    const taken = takeRuns(database, resultsDir);
    if (taken.read + taken.dropped > 0) writeChecksum(file);
    return { database, taken };
  } catch {
    if (database.isOpen) database.close();
    return undefined;
  }
}

function rebuilt(file: string, resultsDir: string): OpenIndex {
  const making = `${file}.new`;
  rmSync(making, { recursive: true, force: true });
  const database = new sqlite.Database(making);
  let taken: Taken;
  try {
    quick(database);
    database.exec(createTables);
    taken = takeRuns(database, resultsDir);
  } finally {
    database.close();
  }
  renameSync(making, file);
  writeChecksum(file);
  return { database: new sqlite.Database(file), taken };
}

/** No journal on disk and no waiting for it: whatever a crash leaves, the checksum tells. */
function quick(database: Database): void {
  database.exec(
    "pragma journal_mode = memory; pragma synchronous = off; pragma cache_size = -32000",
  );
}

/** A damaged index could give wrong answers where SQLite sees nothing wrong. */
function isWhole(file: string): boolean {
  try {
    return existsSync(file) && readFileSync(checksumFile(file), "utf8") === checksum(file);
  } catch {
    return false;
  }
}

function writeChecksum(file: string): void {
  writeFileSync(checksumFile(file), checksum(file));
}

function checksum(file: string): string {
  return createHash("sha1").update(readFileSync(file)).digest("hex");
}

function checksumFile(file: string): string {
  return `${file}.sha1`;
}

function remove(file: string): void {
  for (const each of [file, checksumFile(file), `${file}.new`])
    rmSync(each, { recursive: true, force: true });
}
