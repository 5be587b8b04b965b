import { z } from "zod";
import { exitStatus, exitStatusFor, type FailureDetails } from "./failure.ts";
import { kernelLine } from "./history.ts";
import { formatKernelVersion, parseKernelVersion } from "./kernel-version.ts";
import { cellRequestSchema } from "./request.ts";
import type { RunRecord } from "./run.ts";

/** One cell as `harness matrix --json` plans it. */
const plannedCellSchema = z.looseObject({
  arch: z.string(),
  /** As on a command line: "apt:6.12". */
  kernel: z.string(),
  /** As on a command line: "all", or names; empty means all. */
  series: z.array(z.string()),
});
export type PlannedCell = z.infer<typeof plannedCellSchema>;

export const matrixPlanSchema = z.looseObject({
  request: cellRequestSchema,
  cells: z.array(plannedCellSchema),
});

/** A run that one of the shards left, what is there in its place, or why a cell of its has none. */
export type ShardRun =
  | {
      readonly shard: string;
      readonly cell: { readonly arch: string; readonly kernel: string };
      readonly failure: FailureDetails;
    }
  | { readonly shard: string; readonly id: string; readonly record: RunRecord }
  | { readonly shard: string; readonly id: string; readonly unreadable: string };

/** What became of a planned cell. */
export interface MergedCell {
  readonly arch: string;
  readonly kernel: string;
  readonly series: readonly string[];
  /** The run that tested it; the newest where there are several. */
  readonly run?: string;
  readonly exitStatus?: number;
  /** Why there is no run, as its shard said. */
  readonly failure?: FailureDetails;
  /** Why it is not as it should be; empty when it is. */
  readonly problems: readonly string[];
}

export interface Merged {
  readonly cells: readonly MergedCell[];
  /** What concerns no planned cell: records that cannot be read, runs that nobody planned. */
  readonly problems: readonly string[];
  /** The runs' exit statuses together; 3 where a cell has a problem. */
  readonly exitStatus: number;
}

/** In the order in which they decide: a verdict on a kernel is worth something when all else was sound. */
const statusOrder = [exitStatus.usage, exitStatus.infra, exitStatus.baseline, exitStatus.series];

/**
 * Puts the shards' runs in the place of the planned cells. A cell that no shard ran, or that was not
 * run to its end or by another version of the harness, has a problem: it is never taken for a pass.
 * `harness`: the version that all runs must be of; that of the newest run when undefined.
 */
export function mergeShards(
  planned: readonly PlannedCell[],
  found: readonly ShardRun[],
  harness?: string,
): Merged {
  const unreadable = found.flatMap((each) =>
    "unreadable" in each ? [`${each.shard}: ${each.id} cannot be read: ${each.unreadable}`] : [],
  );
  const readable = found.flatMap((each) => ("record" in each ? [each] : []));
  const newestFirst = readable.sort((a, b) => (a.id < b.id ? 1 : -1));
  const version = harness ?? newestFirst[0]?.record.harness;
  const used = new Set<string>();
  const cells = planned.map((cell): MergedCell => {
    const runs = newestFirst.filter(({ record }) => isOf(record, cell));
    for (const { id } of runs) used.add(id);
    const { arch, kernel, series } = cell;
    const [newest] = runs;
    if (!newest) {
      const failed = found.find(
        (each) => "failure" in each && each.cell.arch === arch && each.cell.kernel === kernel,
      );
      if (!failed || !("failure" in failed))
        return { arch, kernel, series, problems: ["no shard has a run of it"] };
      const { failure } = failed;
      const problems = [`no run: ${failure.what}`];
      return {
        arch,
        kernel,
        series,
        failure,
        exitStatus: exitStatusFor([failure.blame]),
        problems,
      };
    }
    const { record } = newest;
    return {
      arch,
      kernel,
      series,
      run: newest.id,
      exitStatus: record.exitStatus,
      problems: problemsOf(record, cell, version),
    };
  });
  const unplanned = newestFirst
    .filter(({ id }) => !used.has(id))
    .map(({ shard, id }) => `${shard}: ${id} is of no planned cell`);
  const problems = [...unreadable, ...unplanned];
  return { cells, problems, exitStatus: statusOf(cells, unreadable.length > 0) };
}

function isOf(record: RunRecord, cell: PlannedCell): boolean {
  return record.arch === cell.arch && isKernel(record.kernel, cell.kernel);
}

/** Whether a run's kernel is what the plan names: "apt:6.12", "6.12", "release:6.12.117", dir:, git:. */
function isKernel(kernel: RunRecord["kernel"], planned: string): boolean {
  if (kernel.spec === planned) return true;
  const text = /^\w+:/.test(planned) ? planned : `release:${planned}`;
  const version = parseKernelVersion(text.replace(/^\w+:v?/, ""));
  if (!version) return false;
  const exact = formatKernelVersion(version);
  if (version.patch > 0 && exact !== kernel.version) return false;
  return (
    kernelLine(kernel) === `${text.slice(0, text.indexOf(":"))}:${version.major}.${version.minor}`
  );
}

/** The series that a run built, compared, or failed at. */
function seriesOf(record: RunRecord): Set<string> {
  return new Set([
    ...record.kernels.flatMap(({ series }) => (series === undefined ? [] : [series])),
    ...record.comparisons.map(({ series }) => series),
    ...record.failures.flatMap(({ kernel }) => (kernel === undefined ? [] : [kernel])),
  ]);
}

function problemsOf(record: RunRecord, cell: PlannedCell, version: string | undefined): string[] {
  const problems: string[] = [];
  if (record.harness !== version)
    problems.push(`run by harness ${record.harness}, not ${version ?? "the same as the others"}`);
  // One that failed at a kernel came to its end: its failures say whose fault that is.
  const isTold = record.status === "failed" && record.failures.length > 0;
  if (record.status !== "complete" && !isTold) problems.push(`the run is ${record.status}`);
  const touched = seriesOf(record);
  const lacking = cell.series.filter((series) => series !== "all" && !touched.has(series));
  // Where the baseline did not build, or the like, that is said already.
  if (lacking.length > 0 && record.failures.length === 0)
    problems.push(`not run: ${lacking.join(", ")}`);
  return problems;
}

function statusOf(cells: readonly MergedCell[], isUnreadable: boolean): number {
  const isUnsound = isUnreadable || cells.some(({ problems }) => problems.length > 0);
  const statuses = cells.map((cell) => cell.exitStatus ?? exitStatus.infra);
  if (isUnsound) statuses.push(exitStatus.infra);
  return statusOrder.find((status) => statuses.includes(status)) ?? exitStatus.ok;
}
