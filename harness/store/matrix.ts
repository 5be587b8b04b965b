import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { matrixRecordSchema, type Matrix, type MatrixRecord } from "../model/matrix.ts";
import type { RunRecord } from "../model/run.ts";
import { readRun } from "../store.ts";
import { newFolder, replaceFile } from "./folder.ts";
import { readNamedRecord } from "./named-record.ts";
import { isRunName } from "./stamps.ts";

const names = { record: "matrix.json", summary: "summary.md" } as const;

/** Makes the folder of a new matrix, beside those of its runs. Throws Failure "results-not-writable" (infra). */
export async function createMatrix(resultsDir: string): Promise<MatrixFolder> {
  const { id, dir } = await newFolder(resultsDir, ["matrix"]);
  return new MatrixFolder(id, dir);
}

/** The folder of one matrix. */
export class MatrixFolder {
  readonly id: string;
  /** Absolute. */
  readonly dir: string;
  #saving: Promise<void> = Promise.resolve();

  constructor(id: string, dir: string) {
    this.id = id;
    this.dir = dir;
  }

  /** Writes matrix.json, as RunFolder.save writes run.json. */
  save(record: MatrixRecord): Promise<void> {
    // Made now: the caller goes on changing its record.
    const text = JSON.stringify(record, null, 1) + "\n";
    const saved = this.#saving.then(() => replaceFile(path.join(this.dir, names.record), text));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** Writes summary.md. Gives its absolute path. */
  async writeSummary(markdown: string): Promise<string> {
    const file = path.join(this.dir, names.summary);
    await replaceFile(file, markdown);
    return file;
  }
}

/**
 * A matrix that was run before, by its id in a results folder or by its own folder, with the runs of
 * its cells as far as they can be read.
 * Throws Failure usage "unknown-matrix", infra "matrix-record-corrupt".
 */
export async function readMatrix(
  name: string,
  resultsDir: string,
): Promise<Matrix & { readonly folder: MatrixFolder; readonly resultsDir: string }> {
  const { dir, record } = await readNamedRecord(name, resultsDir, {
    file: names.record,
    schema: matrixRecordSchema,
    noun: "matrix",
    unknownHint: "give the id or the folder of a run of several kernels or architectures",
    corruptHint: "the runs of its cells lie beside it and are whole; run the command anew",
  });
  const beside = path.dirname(dir);
  const runs: RunRecord[] = [];
  for (const { run } of record.cells) {
    const known = run === undefined ? undefined : await readCell(path.join(beside, run));
    if (known) runs.push(known);
  }
  return {
    record,
    runs,
    folder: new MatrixFolder(path.basename(dir), dir),
    resultsDir: beside,
  };
}

/** The folders of all matrices of a results folder, oldest first. */
export async function listMatrices(resultsDir: string): Promise<readonly string[]> {
  const entries = await readdir(resultsDir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(
      (entry) => isRunName(entry) && existsSync(path.join(resultsDir, entry.name, names.record)),
    )
    .map(({ name }) => path.resolve(resultsDir, name))
    .sort();
}

/** A cell whose run cannot be read is one that has still to be run. */
async function readCell(dir: string): Promise<RunRecord | undefined> {
  try {
    return await readRun(dir);
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}
