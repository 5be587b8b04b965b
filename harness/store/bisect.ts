import path from "node:path";
import { bisectRecordSchema, type BisectRecord } from "../model/bisect.ts";
import { Failure } from "../model/failure.ts";
import { RunFolder } from "../store.ts";
import { newFolder, replaceFile } from "./folder.ts";
import { readNamedRecord } from "./named-record.ts";
import { isAlive, thisProcess } from "./process.ts";

const names = { record: "bisect.json", log: "bisect.log" } as const;

/** Makes the folder of a new bisection; `word` tells others from it. Throws Failure "results-not-writable" (infra). */
export async function createBisect(resultsDir: string, word = "bisect"): Promise<BisectFolder> {
  const { id, dir } = await newFolder(resultsDir, [word]);
  return new BisectFolder(id, dir);
}

/** The folder of one bisection. */
export class BisectFolder {
  readonly id: string;
  /** Absolute. */
  readonly dir: string;
  /** What its kernels leave, summary.md and reproduce.sh, as a run's folder has them. */
  readonly files: RunFolder;
  #saving: Promise<void> = Promise.resolve();

  constructor(id: string, dir: string) {
    this.id = id;
    this.dir = dir;
    this.files = new RunFolder(id, dir);
  }

  /** Writes bisect.json, as RunFolder.save writes run.json. */
  save(record: BisectRecord): Promise<void> {
    const writer = record.status === "running" ? thisProcess() : undefined;
    // Made now: the caller goes on changing its record.
    const text = JSON.stringify({ ...record, process: writer }, null, 1) + "\n";
    const saved = this.#saving.then(() => replaceFile(path.join(this.dir, names.record), text));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** Writes bisect.log, which `git bisect replay` takes. */
  writeLog(text: string): Promise<void> {
    return replaceFile(path.join(this.dir, names.log), text);
  }
}

/**
 * A bisection that was begun before, by its id in a results folder or by its own folder.
 * Throws Failure usage "unknown-bisection", "bisection-under-way"; infra "bisection-record-corrupt".
 */
export async function readBisect(
  name: string,
  resultsDir: string,
): Promise<{ readonly record: BisectRecord; readonly folder: BisectFolder }> {
  const { dir, record } = await readNamedRecord(name, resultsDir, {
    file: names.record,
    schema: bisectRecordSchema,
    noun: "bisection",
    unknownHint: "give the id or the folder that `harness bisect` told at its start",
    corruptHint: "run the command anew: what its kernels said is in the cache",
  });
  if (record.status === "running" && record.process && isAlive(record.process)) {
    throw new Failure({
      reason: "bisection-under-way",
      blame: "usage",
      what: `${record.id} is still under way, in process ${record.process.pid}`,
      hint: "end that process first, or wait for it",
    });
  }
  return { record, folder: new BisectFolder(path.basename(dir), dir) };
}
