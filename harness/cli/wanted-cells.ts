import path from "node:path";
import { loadArches } from "../arch.ts";
import { exitStatus } from "../model/failure.ts";
import { expandCells, isFinished, shardOf, type Cell } from "../model/matrix.ts";
import type { CellRequest } from "../model/request.ts";
import type { RunRecord } from "../model/run.ts";
import type { PlannedCell } from "../pipeline/cells.ts";
import { defaultResultsDir } from "../store.ts";
import { readMatrix, type MatrixFolder } from "../store/matrix.ts";
import { cellRequest, type BuildArguments } from "./run-options.ts";

const newest = "apt:newest";

/** What the command line asks for. */
interface Wanted {
  readonly cells: readonly Cell[];
  readonly request: CellRequest;
  readonly resultsDir: string;
  /** Cells of an earlier try that are as they should be, and its folder. */
  readonly kept: readonly PlannedCell[];
  readonly folder?: MatrixFolder;
}

interface Selectors extends BuildArguments {
  readonly arch: string[];
  readonly kernel: string[] | undefined;
  readonly suite?: string[] | undefined;
  readonly repeat?: number;
  readonly shard: string | undefined;
  readonly output?: string | undefined;
  readonly resume?: string | undefined;
  readonly "only-failed"?: string | undefined;
}

/**
 * The cells that run's selectors mean: those of --arch and --kernel, or what an earlier run left
 * undone (the process then goes to the folder it was started in, for relative paths).
 * Throws Failure usage "bad-option-value", "unknown-matrix".
 */
export async function wantedCells(args: Selectors): Promise<Wanted> {
  const resultsDir = path.resolve(args.output ?? defaultResultsDir);
  const earlier = args.resume ?? args["only-failed"];
  if (earlier !== undefined) {
    const isKept = args.resume === undefined ? hasNothingWrong : isFinished;
    return resumedCells(earlier, resultsDir, isKept);
  }
  const arches = args.arch.includes("all")
    ? (await loadArches()).map(({ name }) => name)
    : args.arch;
  const all = expandCells(arches, args.kernel ?? [newest]);
  return {
    cells: args.shard === undefined ? all : shardOf(all, args.shard),
    request: cellRequest(args, { suites: args.suite ?? [], repeat: args.repeat ?? 1 }),
    resultsDir,
    kept: [],
  };
}

/** The cells of an earlier run, asked for as they were then. */
async function resumedCells(
  name: string,
  resultsDir: string,
  isKept: (run: RunRecord | undefined) => run is RunRecord,
): Promise<Wanted> {
  const { record, runs, folder, ...place } = await readMatrix(name, resultsDir);
  process.chdir(record.cwd);
  const cells: Cell[] = [];
  const kept: PlannedCell[] = [];
  for (const { arch, kernel, run } of record.cells) {
    const known = runs.find(({ id }) => id === run);
    if (isKept(known)) kept.push({ arch, kernel, plan: known });
    else cells.push({ arch, kernel });
  }
  return { cells, request: record.request, resultsDir: place.resultsDir, kept, folder };
}

function hasNothingWrong(run: RunRecord | undefined): run is RunRecord {
  return isFinished(run) && run.exitStatus === exitStatus.ok;
}
