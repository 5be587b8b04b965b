import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Emit } from "../model/event.ts";
import { Failure, failureDetails, type FailureDetails } from "../model/failure.ts";
import { applySeries, loadSeries, type PatchSet, type Series } from "../series.ts";
import type { ResolvedSource } from "../source.ts";
import { mutantFiles } from "./mutants.ts";

/** How one series, or one mutant of it, stands to one kernel. */
export interface SeriesState {
  readonly kernel: string;
  /** "wait6", "wait6@v1", or "wait6: mask-late" for a mutant. */
  readonly series: string;
  /**
   * "applies": as it is; "moved": all context lines match, at other line numbers; "broken": it does
   * not apply; "missing": it has no patches for this kernel.
   */
  readonly state: "applies" | "moved" | "broken" | "missing";
  /** Where the patches come from. */
  readonly origin?: string;
  /** Which hunks moved; what does not fit. */
  readonly notes: readonly string[];
  readonly failure?: FailureDetails;
}

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Applies series, and their mutants on top of them, to a kernel; nothing is built. Only the files
 * that they touch are copied. Throws what the source's tree() throws; what the patches do not do is
 * in the result.
 */
export async function checkSeries(
  source: ResolvedSource,
  names: readonly string[],
  context: Context,
): Promise<SeriesState[]> {
  const found: SeriesState[] = [];
  for (const series of await loadSeries({ names, notice: () => undefined })) {
    const state = await applied(source, [], series, series.name, context);
    found.push(state);
    if (state.state !== "applies" && state.state !== "moved") continue;
    const files = await mutantFiles(series.name, source.version).catch(noMutants);
    const base = series.control ? [] : [series];
    for (const file of files) {
      const name = `${series.name}: ${path.basename(file, ".patch")}`;
      const [mutant] = await loadSeries({ given: [file], notice: () => undefined });
      if (mutant) found.push(await applied(source, base, mutant, name, context));
    }
  }
  return found;
}

function noMutants(thrown: unknown): readonly string[] {
  if (thrown instanceof Failure && thrown.reason === "no-mutants") return [];
  throw thrown;
}

async function applied(
  source: ResolvedSource,
  base: readonly Series[],
  series: Series,
  name: string,
  { emit, signal }: Context,
): Promise<SeriesState> {
  signal.throwIfAborted();
  const notes: string[] = [];
  const row = { kernel: source.spec, series: name, notes };
  const options = {
    signal,
    emit: (event: Parameters<Emit>[0]) => {
      if (event.type === "notice") notes.push(event.text);
      else emit(event);
    },
  };
  const work = await mkdtemp(path.join(os.tmpdir(), "harness-series-"));
  try {
    const sets: [Series, PatchSet][] = [];
    for (const each of [...base, series]) sets.push([each, await each.patchesFor(source.version)]);
    const { dir } = await source.tree();
    let tree = path.join(work, "tree");
    const patches = sets.flatMap(([, set]) => set.patches);
    await copyFiles(dir, tree, new Set(patches.flatMap(({ files }) => files)));
    for (const [each, set] of sets) {
      const into = path.join(work, each.name);
      notes.length = 0;
      await applySeries(each, set, { dir: tree }, into, options);
      tree = into;
    }
    const origin = sets.at(-1)?.[1].origin ?? "";
    return { ...row, origin, state: notes.length > 0 ? "moved" : "applies" };
  } catch (thrown) {
    const failure = failureDetails(thrown);
    if (failure.reason === "no-patches-for-kernel") return { ...row, state: "missing", failure };
    if (failure.blame === "series") return { ...row, state: "broken", failure };
    throw thrown;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A tree of just these files, as far as they are there: a patch may add the others. */
async function copyFiles(from: string, into: string, files: ReadonlySet<string>): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const file of files) {
    const target = path.join(into, file);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(path.join(from, file), target).catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
    });
  }
}
