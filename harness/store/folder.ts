import { randomBytes } from "node:crypto";
import { mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../cache.ts";
import { sha256 } from "../fingerprint.ts";
import { notWritable } from "./write.ts";

/**
 * Makes a new folder below a results folder. Its name is the id of what it holds: UTC time, the
 * words, four random digits, so that names sort by time and two made at once never meet.
 * Throws Failure "results-not-writable" (infra).
 */
export async function newFolder(
  resultsDir: string,
  words: readonly string[],
): Promise<{ readonly id: string; readonly dir: string }> {
  const time = await timeAfter(path.resolve(resultsDir));
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

/** Now, for a run's id; or after the newest run there is, if the clock has gone back: ids sort by time. */
async function timeAfter(resultsDir: string): Promise<string> {
  const entries = await readdir(resultsDir).catch(() => []);
  const times = entries.flatMap((name) => {
    const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(name) ?? [];
    return y ? [Date.parse(`${y}-${mo ?? ""}-${d ?? ""}T${h ?? ""}:${mi ?? ""}:${s ?? ""}Z`)] : [];
  });
  const newest = Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
  const time = Date.now() < newest ? newest + 1000 : Date.now();
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");
}

async function isDirectory(dir: string): Promise<boolean> {
  return stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
