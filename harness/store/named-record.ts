import { readFile } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { Failure } from "../model/failure.ts";

/** A kind of folder beside runs, with a record in it. */
export interface RecordKind<T> {
  /** The record's file in the folder. */
  readonly file: string;
  readonly schema: z.ZodType<T>;
  /** "matrix": for reasons and texts. */
  readonly noun: string;
  /** What to do when there is no such folder ... */
  readonly unknownHint: string;
  /** ... and when its record is damaged. */
  readonly corruptHint: string;
}

/**
 * Reads a record by its id in a results folder or by its own folder (a name with a slash).
 * Throws Failure usage "unknown-<noun>", infra "<noun>-record-corrupt".
 */
export async function readNamedRecord<T>(
  name: string,
  resultsDir: string,
  kind: RecordKind<T>,
): Promise<{ readonly dir: string; readonly record: T }> {
  const dir = path.resolve(name.includes("/") ? name : path.join(resultsDir, name));
  const file = path.join(dir, kind.file);
  const text = await readFile(file, "utf8").catch((thrown: unknown) => {
    throw new Failure({
      reason: `unknown-${kind.noun}`,
      blame: "usage",
      what: `there is no ${kind.noun} "${name}"`,
      evidence: String(thrown),
      hint: kind.unknownHint,
    });
  });
  try {
    return { dir, record: kind.schema.parse(JSON.parse(text)) };
  } catch (thrown) {
    throw new Failure({
      reason: `${kind.noun}-record-corrupt`,
      blame: "infra",
      what: `${file} is no record of a ${kind.noun}`,
      evidence: String(thrown).slice(0, 2000),
      hint: kind.corruptHint,
    });
  }
}
