import { z } from "zod";
import { Failure } from "./failure.ts";
import { cellRequestSchema } from "./request.ts";
import { blamesOf, failureSchema, runStatuses, type RunRecord } from "./run.ts";

/** Raised when a reader of the old shape would misread the new one. */
export const matrixSchemaVersion = 1;

/** One architecture and one kernel: what a command's selectors expand to. */
export interface Cell {
  readonly arch: string;
  /** --kernel as it was typed. */
  readonly kernel: string;
}

/** Each architecture with each kernel, each once, architecture by architecture: neighbours share a userland. */
export function expandCells(arches: readonly string[], kernels: readonly string[]): Cell[] {
  return [...new Set(arches)].flatMap((arch) =>
    [...new Set(kernels)].map((kernel) => ({ arch, kernel })),
  );
}

/**
 * The I-th of N parts of about the same size, that together are all cells, each once.
 * Throws Failure usage "bad-option-value" for what is not "I/N" with I from 1 to N.
 */
export function shardOf<T>(cells: readonly T[], shard: string): T[] {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(shard) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw new Failure({
      reason: "bad-option-value",
      blame: "usage",
      what: `--shard ${shard} is no part of a whole`,
      hint: "1/4 is the first of four parts, 4/4 the last",
    });
  }
  const from = (part: number) => Math.round((cells.length * part) / count);
  return cells.slice(from(index - 1), from(index));
}

/** One architecture and one kernel, with all series that are tested there: a run of its own. */
const cellRecordSchema = z.object({
  arch: z.string(),
  /** --kernel as it was typed. */
  kernel: z.string(),
  /** Id of the cell's run, in the same results folder, whose record says what became of it; absent until it begins. */
  run: z.string().optional(),
  /** Why there is no run. */
  failure: failureSchema.optional(),
});
export type CellRecord = z.infer<typeof cellRecordSchema>;

/** results/<matrix-id>/matrix.json: which runs belong together (docs/results.md). */
export const matrixRecordSchema = z.object({
  schema: z.literal(matrixSchemaVersion),
  id: z.string(),
  harness: z.string(),
  argv: z.array(z.string()),
  /** What relative paths in the request are relative to. */
  cwd: z.string(),
  /** What is asked of each cell; with its architecture and kernel, all that --resume needs. */
  request: cellRequestSchema,
  startedAt: z.string(),
  seconds: z.number(),
  status: z.enum(runStatuses),
  exitStatus: z.number(),
  cells: z.array(cellRecordSchema),
});
export type MatrixRecord = z.infer<typeof matrixRecordSchema>;

/** A matrix with its runs, in the order of the cells, as far as they were run. */
export interface Matrix {
  readonly record: MatrixRecord;
  readonly runs: readonly RunRecord[];
}

/** What people and events call a cell. */
export function cellName(cell: { readonly arch: string; readonly kernel: string }): string {
  return `${cell.arch} ${cell.kernel}`;
}

/** The runs of a matrix under names that tell them apart, for a table. */
export function matrixColumns({ runs }: Matrix): { name: string; record: RunRecord }[] {
  const arches = new Set(runs.map(({ arch }) => arch));
  return runs.map((record) => {
    const { version } = record.kernel;
    return { name: arches.size > 1 ? `${record.arch} ${version}` : version, record };
  });
}

/** Whether a cell's run says all it can say: a resumed matrix keeps it. */
export function isFinished(run: RunRecord | undefined): run is RunRecord {
  return run?.status === "complete" && !blamesOf(run).includes("infra");
}
