import type { Database, Statement } from "node-sqlite3-wasm";
import { fingerprint } from "../fingerprint.ts";
import { failureDetails } from "../model/failure.ts";
import { kernelLine } from "../model/history.ts";
import type { KernelRecord, RunRecord } from "../model/run.ts";
import { caseVerdicts } from "../model/verdict.ts";
import { rows } from "./rows.ts";
import { readRunSync, runStamps, type RunStamp } from "../store.ts";

/** What bringing the index up to date came to. */
export interface Taken {
  /** Runs that were read, whole or not. */
  readonly read: number;
  /** Runs that were taken out: gone from disk, or changed and read again. */
  readonly dropped: number;
  /** Results of cases that came in. */
  readonly results: number;
  /** Runs that are in no history because their record cannot be read. */
  readonly unreadable: readonly string[];
}

/** Makes the tables agree with the runs of a folder: reads what is new or has changed, drops what is gone. */
export function takeRuns(database: Database, resultsDir: string): Taken {
  const known = new Map(
    rows<{ id: number; name: string; size: number; mtime_ms: number }>(
      database,
      "select id, name, size, mtime_ms from runs",
    ).map((row) => [row.name, row]),
  );
  const stale: number[] = [];
  const fresh: RunStamp[] = [];
  for (const stamp of runStamps(resultsDir)) {
    const old = known.get(stamp.id);
    known.delete(stamp.id);
    if (old?.size === stamp.size && old.mtime_ms === stamp.mtimeMs) continue;
    if (old) stale.push(old.id);
    fresh.push(stamp);
  }
  stale.push(...[...known.values()].map(({ id }) => id));
  let results = 0;
  if (stale.length + fresh.length > 0) {
    database.exec("begin");
    try {
      for (const run of stale) drop(database, run);
      results = read(database, fresh);
      database.exec("commit");
    } catch (thrown) {
      if (database.inTransaction) database.exec("rollback");
      throw thrown;
    }
  }
  const unreadable = rows<{ name: string; problem: string }>(
    database,
    "select name, problem from runs where problem like 'unreadable:%' order by name",
  ).map(({ name, problem }) => `${name}: ${problem.slice("unreadable: ".length)}`);
  return { read: fresh.length, dropped: stale.length, results, unreadable };
}

function drop(database: Database, run: number): void {
  const ofRun = "kernel in (select id from kernels where run = ?)";
  database.run(`delete from results where ${ofRun}`, [run]);
  database.run(`delete from programs where ${ofRun}`, [run]);
  database.run("delete from kernels where run = ?", [run]);
  database.run("delete from runs where id = ?", [run]);
}

function read(database: Database, stamps: readonly RunStamp[]): number {
  const writer = new Writer(database);
  try {
    for (const stamp of stamps) {
      let record: RunRecord | undefined;
      let problem: string | undefined;
      try {
        record = readRunSync(stamp.dir);
      } catch (thrown) {
        const { what, evidence } = failureDetails(thrown);
        problem = `unreadable: ${what}${evidence === undefined ? "" : ` (${evidence.split("\n")[0] ?? ""})`}`;
      }
      // Kernels that are wrong on purpose have no history.
      if (record?.argv[0] === "mutants") problem = "mutants";
      writer.run(stamp, record, problem);
    }
    return writer.results;
  } finally {
    writer.end();
  }
}

class Writer {
  readonly #database: Database;
  readonly #insertResult: Statement;
  readonly #subjects = new Map<string, number>();
  readonly #cases = new Map<string, number>();
  results = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#insertResult = database.prepare("insert into results values (?, ?, ?, ?, ?)");
    const cases = rows<{ id: number; name: string }>(database, "select id, name from cases");
    for (const { id, name } of cases) this.#cases.set(name, id);
  }

  end(): void {
    this.#insertResult.finalize();
  }

  run(stamp: RunStamp, record: RunRecord | undefined, problem: string | undefined): void {
    const id = this.#insert(
      "insert into runs (name, size, mtime_ms, at, version, problem) values (?, ?, ?, ?, ?, ?)",
      [
        stamp.id,
        stamp.size,
        stamp.mtimeMs,
        record?.startedAt ?? "",
        record?.kernel.version ?? "",
        problem ?? null,
      ],
    );
    if (!record || problem !== undefined) return;
    for (const kernel of record.kernels) {
      // What was taken over from an earlier run is that run's, and was seen once.
      if (kernel.testedIn === undefined) this.#kernel(id, record, kernel);
    }
  }

  #kernel(run: number, record: RunRecord, kernel: KernelRecord): void {
    const subject = this.#subject(record, kernel);
    const [firstBoot] = kernel.boots;
    const id = this.#insert(
      "insert into kernels (run, subject, identity, lost, boot_seconds) values (?, ?, ?, ?, ?)",
      [
        run,
        subject,
        identityOf(record, kernel),
        wasLost(record, kernel) ? 1 : 0,
        firstBoot?.bootSeconds ?? null,
      ],
    );
    const counts = new Map<number, number>();
    for (const [nth, boot] of kernel.boots.entries()) {
      for (const { name, verdict } of boot.cases) {
        const number = this.#case(name);
        const earlier = counts.get(number) ?? 0;
        counts.set(number, earlier + 1);
        this.#insertResult.run([number, subject, id, earlier, caseVerdicts.indexOf(verdict)]);
        this.results++;
      }
      for (const [name, seconds] of Object.entries(boot.programSeconds ?? {})) {
        this.#insert("insert into programs values (?, ?, ?, ?, ?)", [
          name,
          subject,
          id,
          nth,
          seconds,
        ]);
      }
    }
  }

  #subject(record: RunRecord, kernel: KernelRecord): number {
    const values = [record.arch, kernelLine(record.kernel), kernel.series ?? ""];
    const key = JSON.stringify(values);
    let id = this.#subjects.get(key);
    if (id === undefined) {
      const [found] = rows<{ id: number }>(
        this.#database,
        "select id from subjects where arch = ? and kernel = ? and series = ?",
        values,
      );
      id =
        found?.id ??
        this.#insert("insert into subjects (arch, kernel, series) values (?, ?, ?)", values);
      this.#subjects.set(key, id);
    }
    return id;
  }

  #case(name: string): number {
    let id = this.#cases.get(name);
    if (id === undefined) {
      id = this.#insert("insert into cases (name) values (?)", [name]);
      this.#cases.set(name, id);
    }
    return id;
  }

  #insert(sql: string, values: (string | number | null)[]): number {
    return Number(this.#database.run(sql, values).lastInsertRowid);
  }
}

/** The same for results that should agree: all that the record knows of what can change them. */
function identityOf(record: RunRecord, kernel: KernelRecord): string {
  return fingerprint({
    kernel: kernel.fingerprint,
    // Suites, image and driver are the harness's; a changed checkout is a version of its own each time.
    harness: record.harness.endsWith("-dirty)") ? record.id : record.harness,
    accelerator: record.accelerator?.name ?? "",
  });
}

function wasLost(record: RunRecord, kernel: KernelRecord): boolean {
  if (record.status !== "complete") return true;
  return record.failures.some(
    (failure) => failure.blame === "infra" && (failure.kernel ?? kernel.label) === kernel.label,
  );
}
