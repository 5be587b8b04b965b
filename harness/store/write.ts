import { cp, lstat, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../cache.ts";
import { Failure } from "../model/failure.ts";
import { names } from "./names.ts";

/** Writes a report outside of a run's folder, whole or not at all. Throws Failure "results-not-writable" (infra). */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeAtomically(file, text);
  } catch (thrown) {
    throw notWritable(file, thrown);
  }
}

/** What a run's folder holds for long, when its logs need not be kept. */
const lasting: readonly string[] = [names.record, names.summary, names.junit, names.reproduce];

/**
 * Copies a run that another machine left into a results folder, whole or not at all. `lastingOnly`:
 * without consoles, logs and configs. "conflict": a run of this id with another record is there; it stays.
 * Throws Failure "results-not-writable", "disk-full" (infra).
 */
export async function takeRun(
  from: string,
  resultsDir: string,
  lastingOnly: boolean,
): Promise<"taken" | "known" | "conflict"> {
  const to = path.resolve(resultsDir, path.basename(from));
  const record = path.join(to, names.record);
  if (await isFile(record)) {
    const [ours, theirs] = await Promise.all([
      readFile(record),
      readFile(path.join(from, names.record)),
    ]);
    return ours.equals(theirs) ? "known" : "conflict";
  }
  // Hidden, so that a copy that was broken off is no run.
  const making = path.resolve(resultsDir, `.${path.basename(from)}.making-${process.pid}`);
  try {
    await rm(making, { recursive: true, force: true });
    await cp(from, making, {
      recursive: true,
      filter: async (file) => {
        // A link in what another machine sent could lead anywhere.
        if ((await lstat(file)).isSymbolicLink()) return false;
        return file === from || !lastingOnly || lasting.includes(path.relative(from, file));
      },
    });
    await rename(making, to);
  } catch (thrown) {
    await rm(making, { recursive: true, force: true });
    throw notWritable(to, thrown);
  }
  return "taken";
}

/** What a file that cannot be written means. */
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

export async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
