import { randomBytes } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../cache.ts";
import { sha256 } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";

/**
 * Makes a new folder below a results folder. Its name is the id of what it holds: UTC time, the
 * words, four random digits, so that names sort by time and two made at once never meet.
 * Throws Failure "results-not-writable" (infra).
 */
export async function newFolder(
  resultsDir: string,
  words: readonly string[],
): Promise<{ readonly id: string; readonly dir: string }> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  for (;;) {
    const id = [time, ...words.map(safeName), randomBytes(2).toString("hex")].join("-");
    const dir = path.resolve(resultsDir, id);
    try {
      await mkdir(path.dirname(dir), { recursive: true });
      await mkdir(dir);
      return { id, dir };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "EEXIST" && (await isDirectory(dir))) continue;
      throw notWritable(dir, thrown);
    }
  }
}

/** Readers see the old file or the new one, never a part. Throws as newFolder does, or "disk-full". */
export async function replaceFile(file: string, text: string): Promise<void> {
  try {
    await writeAtomically(file, text);
  } catch (thrown) {
    throw notWritable(file, thrown);
  }
}

/**
 * A label as the name of a file: letters, digits, ".", "_", "@", "+" and "-". A label that has
 * others gets eight digits of its hash, so that two labels never share a folder.
 */
export function safeName(label: string): string {
  const safe = label.replace(/[^A-Za-z0-9._@+-]+/g, "-").slice(0, 80);
  if (safe === label && !/^\.*$/.test(safe)) return safe;
  return `${safe.replace(/^\.+/, "")}-${sha256(label).slice(0, 8)}`;
}

export function notWritable(file: string, thrown: unknown): Failure {
  const full = (thrown as NodeJS.ErrnoException).code === "ENOSPC";
  return new Failure({
    reason: full ? "disk-full" : "results-not-writable",
    blame: "infra",
    what: full ? `no space left to write ${file}` : `${file} cannot be written`,
    evidence: String(thrown),
    hint: full ? "free some space, or run `harness clean`" : "choose another place with --output",
  });
}

async function isDirectory(dir: string): Promise<boolean> {
  return stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
