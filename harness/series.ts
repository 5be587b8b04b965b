import path from "node:path";
import { projectDir } from "./paths.ts";
import { readGivenSeries } from "./series/given.ts";
import type { Series } from "./series/patch-set.ts";
import {
  earlierRevisions,
  kernelFolders,
  readFeatures,
  readShippedSeries,
  shippedNames,
} from "./series/shipped.ts";
import type { KernelVersion } from "./model/kernel-version.ts";
import type { Feature } from "./model/support-table.ts";

export { applySeries, markTouched, type PatchedTree } from "./series/apply.ts";
export { patchSet, type Patch, type PatchSet, type Series } from "./series/patch-set.ts";
export { filesOf } from "./series/reach.ts";

/** Where the series lie that ship with the harness. */
const shippedDir = path.join(projectDir, "patches");

/** Where the mutants lie: wrong patches that the suites must notice. */
export const mutantsDir = path.join(shippedDir, "mutants");

interface SeriesRequest {
  /** --series: names of shipped series. */
  readonly names?: readonly string[];
  /** --patch: files, mailboxes and folders of the user's. */
  readonly given?: readonly string[];
  /** The given ones are revisions of one series, oldest first, whatever their titles are. */
  readonly areRevisions?: boolean;
  /** Told what of the user's input is left out, and why. */
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** The folder of the shipped series; the project's patches/ unless told. */
  readonly dir?: string;
}

/**
 * The series that a command line asks for, in its order, each once and under a name of its own.
 * Throws Failure usage "unknown-series", "bad-series", "no-such-patch", "patch-empty",
 * "not-a-patch", "patch-incomplete", "patch-writes-outside".
 */
export async function loadSeries(request: SeriesRequest): Promise<Series[]> {
  const { names = [], given = [], notice, signal, dir = shippedDir } = request;
  const series: Series[] = [];
  for (const name of new Set(names)) series.push(await readShippedSeries(dir, name, signal));
  const read: Series[] = [];
  for (const each of new Set(given)) read.push(await readGivenSeries(each, { notice, signal }));
  for (const each of request.areRevisions ? asRevisions(read) : namedByRevision(read))
    series.push({ ...each, name: freeName(each.name, series) });
  return series;
}

/** v1 and v2 of one title are told apart by just that. */
function namedByRevision(read: readonly Series[]): Series[] {
  return read.map((each) => {
    const revisions = read
      .filter(({ name }) => name === each.name)
      .map(({ revision = 1 }) => revision);
    const isOneOfSeveral = new Set(revisions).size > 1;
    return isOneOfSeveral ? { ...each, name: `${each.name}@v${each.revision ?? 1}` } : each;
  });
}

function asRevisions(read: readonly Series[]): Series[] {
  const [first] = read;
  return read.map((each, index) => ({ ...each, name: `${first?.name ?? ""}@v${index + 1}` }));
}

/** Two series of one title are told apart by a number. */
function freeName(name: string, taken: readonly Series[]): string {
  let free = name;
  for (let number = 2; taken.some((each) => each.name === free); number++)
    free = `${name}-${number}`;
  return free;
}

/** The names of all shipped series; with their earlier revisions ("wait6@v1") where wanted. */
export async function shippedSeriesNames(
  options: { readonly revisions?: boolean; readonly dir?: string } = {},
): Promise<string[]> {
  const { dir = shippedDir } = options;
  const names = await shippedNames(dir);
  if (!options.revisions) return names;
  const all = await Promise.all(
    names.map(async (name) => [...(await earlierRevisions(path.join(dir, name), name)), name]),
  );
  return all.flat();
}

/** The kernels from which on a shipped series has patches, oldest first. */
export function kernelsOfSeries(name: string, dir = shippedDir): Promise<KernelVersion[]> {
  return kernelFolders(path.join(dir, name));
}

/** The features of all shipped series: what the support tables show. */
export async function shippedFeatures(dir = shippedDir): Promise<Feature[]> {
  const names = await shippedNames(dir);
  return (await Promise.all(names.map((name) => readFeatures(dir, name)))).flat();
}
