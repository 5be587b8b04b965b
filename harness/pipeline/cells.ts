import {
  cellName,
  matrixSchemaVersion,
  type Cell,
  type CellRecord,
  type Matrix,
  type MatrixRecord,
} from "../model/matrix.ts";
import { inCell, type Emit } from "../model/event.ts";
import { exitStatusFor, Failure, failureDetails } from "../model/failure.ts";
import { blamesOf, type RunRecord } from "../model/run.ts";
import type { CellRequest } from "../model/request.ts";
import { secondsLeft, type CellTime } from "../model/time-left.ts";
import { loadSeries } from "../series.ts";
import { resolveSource, type ResolvedSource } from "../source.ts";
import type { MatrixFolder } from "../store/matrix.ts";
import { checkPlan, type CheckedPlan, type Plan } from "./plan.ts";
import { Workshop } from "./workshop.ts";

/** A cell that can be run, or why it cannot, or what came of it in an earlier try. */
export interface PlannedCell extends Cell {
  readonly plan: CheckedPlan | Failure | RunRecord;
}

/**
 * Plans cells. What is wrong with the command line is thrown (Failure usage) before anything is
 * built; what only one cell lacks is that cell's failure. A kernel is looked up once, and the series
 * are read once: all cells test the same ones, whatever becomes of a folder or branch meanwhile.
 */
export async function planCells(
  cells: readonly Cell[],
  request: CellRequest,
  context: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<readonly PlannedCell[]> {
  const planned: PlannedCell[] = [];
  const sources = new Map<string, Promise<ResolvedSource>>();
  const resolve = (spec: string) => {
    const source = sources.get(spec) ?? resolveSource(spec, context);
    sources.set(spec, source);
    return source;
  };
  let series: ReturnType<typeof loadSeries> | undefined;
  const notice = (text: string) => {
    context.emit({ type: "notice", text });
  };
  const load: typeof loadSeries = (wanted) => (series ??= loadSeries({ ...wanted, notice }));
  for (const cell of cells) {
    context.signal.throwIfAborted();
    const emit = cells.length === 1 ? context.emit : inCell(context.emit, cellName(cell));
    const plan = await checkPlan(
      { ...request, ...cell },
      { ...context, emit, resolve, load },
    ).catch((thrown: unknown) => {
      if (thrown instanceof Failure && thrown.blame !== "usage") return thrown;
      throw thrown;
    });
    planned.push({ ...cell, plan });
  }
  return planned;
}

/** What a cell is given beside its plan. */
export interface CellContext {
  readonly emit: Emit;
  readonly workshop: Workshop;
  /** To be told how many kernels the cell has left to build, the one that it begins included. */
  readonly kernelsLeft: (count: number) => void;
  /** To be told the run's id as soon as it has one. */
  readonly began: (id: string) => Promise<void>;
}

export interface CellsContext {
  readonly request: CellRequest;
  /** No further cell begins once so many have not ended well. */
  readonly maxFailures: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly folder: MatrixFolder;
  /** Seconds that a cell took in an earlier run. */
  readonly expected: (cell: Cell) => number | undefined;
  readonly harness: string;
  readonly argv: readonly string[];
  /** Runs one cell as a run of its own. */
  readonly runCell: (plan: Plan, context: CellContext) => Promise<RunRecord>;
}

/**
 * Runs cells side by side: kernels are built one after the other, over all cells, while the guests
 * of those that are built run. Never throws for what a cell says: that is in its run's record, or,
 * where there is no run, in the matrix's.
 */
export async function runCells(
  cells: readonly PlannedCell[],
  context: CellsContext,
): Promise<Matrix> {
  const { emit, signal, folder } = context;
  const started = performance.now();
  const record: MatrixRecord = {
    schema: matrixSchemaVersion,
    id: folder.id,
    harness: context.harness,
    argv: [...context.argv],
    cwd: process.cwd(),
    request: context.request,
    startedAt: new Date().toISOString(),
    seconds: 0,
    status: "running",
    exitStatus: 0,
    cells: cells.map(({ arch, kernel, plan }) => ({
      arch,
      kernel,
      ...("id" in plan ? { run: plan.id } : {}),
    })),
  };
  const save = () => {
    record.seconds = (performance.now() - started) / 1000;
    return folder.save(record);
  };
  emit({ type: "run-started", runId: folder.id, resultsDir: folder.dir });
  await save();
  await using workshop = new Workshop(cells.length);
  const clocks = cells.map((cell) => new CellClock(context.expected(cell)));
  const tell = () => {
    const times = clocks.map((clock) => clock.time());
    const done = times.filter(({ state }) => state === "done").length;
    const left = secondsLeft(times);
    const soFar = { type: "cells", done, of: times.length } as const;
    emit(left === undefined ? soFar : { ...soFar, secondsLeft: left });
  };
  tell();
  let failures = 0;
  const unended = new Set(cells);
  const runCell = async (
    planned: PlannedCell,
    cell: CellRecord,
    clock: CellClock | undefined,
    kernelsLeft: (count: number) => void,
  ): Promise<RunRecord | undefined> => {
    const { plan } = planned;
    let tree: string | undefined;
    clock?.begin();
    try {
      if ("id" in plan) return plan;
      if (failures >= context.maxFailures) return undefined;
      const whole = await wholePlan(plan);
      tree = whole.source.identity;
      const run = await context.runCell(whole, {
        emit: inCell(emit, cellName(cell)),
        workshop,
        kernelsLeft,
        began: async (id) => {
          cell.run = id;
          await save();
        },
      });
      if (run.exitStatus !== 0) failures++;
      return run;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      failures++;
      cell.failure = failureDetails(thrown);
      emit({ type: "failure", failure: cell.failure, kernel: cellName(cell) });
      return undefined;
    } finally {
      kernelsLeft(0);
      clock?.end();
      tell();
      unended.delete(planned);
      const isWanted = [...unended].some(({ kernel }) => kernel === planned.kernel);
      if (tree !== undefined && !isWanted) await workshop.patchedTrees.remove(tree);
    }
  };
  const under = new Array<Promise<RunRecord | undefined>>(cells.length);
  const order = longestFirst(cells.map((cell) => context.expected(cell)));
  for await (const index of whenWhole(order, cells)) {
    const cell = record.cells[index];
    const planned = cells[index];
    if (!cell || !planned || signal.aborted) break;
    // The next one begins with this one's last kernel: its userland takes the CPUs which that leaves idle.
    await new Promise<void>((resolve) => {
      let isBuilt = false;
      const kernelsLeft = (count: number) => {
        if (count <= 1) resolve();
        if (count > 0 || isBuilt) return;
        isBuilt = true;
        workshop.cellIsBuilt();
      };
      under[index] = runCell(planned, cell, clocks[index], kernelsLeft);
    });
  }
  const runs = (await Promise.all(under)).filter((each) => each !== undefined);
  const isWhole = record.cells.every(({ run, failure }) => run !== undefined || failure);
  record.status = isWhole && !signal.aborted ? "complete" : "interrupted";
  record.exitStatus = exitStatusFor([
    ...(signal.aborted ? (["infra"] as const) : []),
    ...record.cells.flatMap(({ failure }) => (failure ? [failure.blame] : [])),
    ...runs.flatMap(blamesOf),
  ]);
  await save();
  return { record, runs };
}

/** The plan of a cell that is to be run; throws the Failure where there is none. */
export async function wholePlan(plan: CheckedPlan | Failure): Promise<Plan> {
  if (plan instanceof Failure) throw plan;
  return plan.complete();
}

/**
 * Cells in that order, but for those whose plan is not whole yet: what they need is fetched while
 * others are built.
 */
export async function* whenWhole(
  order: readonly number[],
  cells: readonly Pick<PlannedCell, "plan">[],
): AsyncGenerator<number> {
  const whole = new Set<number>();
  const completed = new Map<number, Promise<unknown>>();
  for (const index of order) {
    const plan = cells[index]?.plan;
    // What is wrong is told when the cell is run.
    const done = plan && "complete" in plan ? plan.complete().catch(() => undefined) : undefined;
    completed.set(
      index,
      Promise.resolve(done).then(() => whole.add(index)),
    );
  }
  while (completed.size > 0) {
    await Promise.race(completed.values());
    const next = order.find((index) => completed.has(index) && whole.has(index));
    if (next === undefined) continue;
    completed.delete(next);
    yield next;
  }
}

/**
 * In which order cells begin, from the seconds that each is expected to take: what begins last has
 * nothing left to run beside it. What was never run may be the longest of all; equals keep their
 * order.
 */
export function longestFirst(expected: readonly (number | undefined)[]): readonly number[] {
  const seconds = (index: number) => expected[index] ?? Number.MAX_VALUE;
  return [...expected.keys()].sort((one, other) => seconds(other) - seconds(one));
}

/** When a cell began and ended. */
class CellClock {
  #began: number | undefined;
  #ended: number | undefined;
  readonly #expected: number | undefined;

  constructor(expected: number | undefined) {
    this.#expected = expected;
  }

  begin(): void {
    this.#began = performance.now();
  }

  end(): void {
    this.#ended = performance.now();
  }

  time(): CellTime {
    const expected = this.#expected;
    if (this.#began === undefined) return { expected, state: "waiting", seconds: 0 };
    const seconds = ((this.#ended ?? performance.now()) - this.#began) / 1000;
    return { expected, state: this.#ended === undefined ? "running" : "done", seconds };
  }
}
