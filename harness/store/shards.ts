import path from "node:path";
import { failureDetails } from "../model/failure.ts";
import { matrixSchemaVersion } from "../model/matrix.ts";
import type { Merged, ShardRun } from "../model/merged.ts";
import type { CellRequest } from "../model/request.ts";
import { listRuns, readRun } from "../store.ts";
import { harnessVersion } from "../version.ts";
import { createMatrix, listMatrices, readMatrix } from "./matrix.ts";
import { takeRun } from "./write.ts";

/**
 * Copies what shards left into one results folder. Gives all runs and cells that were found, readable
 * or not, and what could not be taken because another run of its id is there. `lastingOnly`: see takeRun.
 * Throws Failure "results-not-writable", "disk-full" (infra).
 */
export async function gatherShards(
  dirs: readonly string[],
  resultsDir: string,
  { lastingOnly, signal }: { readonly lastingOnly: boolean; readonly signal: AbortSignal },
): Promise<{ readonly found: readonly ShardRun[]; readonly conflicts: readonly string[] }> {
  const found: ShardRun[] = [];
  const conflicts: string[] = [];
  for (const dir of dirs) {
    const shard = path.basename(path.resolve(dir));
    for (const run of await listRuns(dir)) {
      signal.throwIfAborted();
      try {
        const record = await readRun(run.dir);
        if ((await takeRun(run.dir, resultsDir, lastingOnly)) === "conflict")
          conflicts.push(`${shard}: another run ${run.id} is there already, with other content`);
        // Uploaded twice, it is one run all the same.
        const isKnown = found.some((each) => "id" in each && each.id === run.id);
        if (!isKnown) found.push({ shard, id: run.id, record });
      } catch (thrown) {
        const { what, reason } = failureDetails(thrown);
        if (!reason.startsWith("run-record")) throw thrown;
        found.push({ shard, id: run.id, unreadable: what });
      }
    }
    found.push(...(await failedCells(dir, shard)));
  }
  return { found, conflicts };
}

/** The cells that a shard could not even begin. */
async function failedCells(dir: string, shard: string): Promise<ShardRun[]> {
  const found: ShardRun[] = [];
  for (const folder of await listMatrices(dir)) {
    const { record } = await readMatrix(folder, dir);
    for (const { arch, kernel, failure } of record.cells)
      if (failure) found.push({ shard, cell: { arch, kernel }, failure });
  }
  return found;
}

/** The whole as if one machine had run it: a matrix of all cells. */
export async function writeMatrix(
  merged: Merged,
  found: readonly ShardRun[],
  how: { readonly request: CellRequest; readonly resultsDir: string; readonly summary: string },
): Promise<void> {
  const runs = found.flatMap((each) => ("record" in each ? [each.record] : []));
  const began = runs.map(({ startedAt }) => startedAt).sort();
  const folder = await createMatrix(how.resultsDir);
  const isWhole = merged.cells.every(({ run, failure }) => run !== undefined || failure);
  await folder.save({
    schema: matrixSchemaVersion,
    id: folder.id,
    harness: runs[0]?.harness ?? (await harnessVersion()),
    argv: process.argv.slice(2),
    cwd: process.cwd(),
    request: how.request,
    startedAt: began[0] ?? new Date().toISOString(),
    // Of machines' time; they ran side by side.
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
    status: isWhole ? "complete" : "interrupted",
    exitStatus: merged.exitStatus,
    cells: merged.cells.map(({ arch, kernel, run, failure }) => ({
      arch,
      kernel,
      ...(run === undefined ? {} : { run }),
      ...(failure === undefined ? {} : { failure }),
    })),
  });
  await folder.writeSummary(how.summary);
}
