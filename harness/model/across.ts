import { repeatsOf } from "./compare-runs.ts";
import type { KernelRecord, RunRecord } from "./run.ts";
import type { CaseVerdict } from "./verdict.ts";

/** One case on every kernel of a table. */
export interface AcrossRow {
  readonly name: string;
  /** What each column's kernel said, one entry a repeat; empty where the case was not there. */
  readonly verdicts: readonly (readonly CaseVerdict[])[];
}

/** Several tested kernels beside one another. */
export interface AcrossTable {
  /** What they have in common: "baseline", a series' name, the name of a series without its revision. */
  readonly label: string;
  /** A name for each kernel, in the order of the verdicts. */
  readonly columns: readonly string[];
  /** The cases of which two of them say different things. */
  readonly differing: readonly AcrossRow[];
  /** How many are the same on all. */
  readonly same: number;
  /** How many are not there on some, and the same on the others: a tree's selftests change their names. */
  readonly absent: number;
  /** How many differ, and in the same way on the baselines: none of a series' doing. */
  readonly asBaselines?: number;
}

/**
 * Where a case passes on one release (or architecture) and not on another: a table for each series,
 * and one for the baselines, that at least two of the runs tested.
 */
export function compareAcross(
  runs: readonly { readonly name: string; readonly record: RunRecord }[],
): AcrossTable[] {
  const labels = new Set(runs.flatMap(({ record }) => record.kernels.map(({ label }) => label)));
  const tables = [...labels].flatMap((label) =>
    tableOf(
      label,
      runs.flatMap(({ name, record }) => {
        const kernel = record.kernels.find((each) => each.label === label);
        return kernel ? [{ name, kernel }] : [];
      }),
    ),
  );
  const baselines = tables.find(({ label }) => label === "baseline");
  return tables.map((table) =>
    baselines && table !== baselines ? withoutThoseOf(baselines, table) : table,
  );
}

/** A series' table without the rows that the baselines' has too. */
function withoutThoseOf(baselines: AcrossTable, table: AcrossTable): AcrossTable {
  if (baselines.columns.join("\n") !== table.columns.join("\n")) return table;
  const words = ({ name, verdicts }: AcrossRow) => [name, ...verdicts.map(told)].join("\n");
  const known = new Set(baselines.differing.map(words));
  const differing = table.differing.filter((row) => !known.has(words(row)));
  return { ...table, differing, asBaselines: table.differing.length - differing.length };
}

/** Where the revisions of a series differ: a table for each series of which a run tested several. */
export function compareRevisions({ kernels }: RunRecord): AcrossTable[] {
  const names = new Set(kernels.map(({ label }) => withoutRevision(label)));
  return [...names].flatMap((name) =>
    tableOf(
      name,
      kernels
        .filter(({ label }) => withoutRevision(label) === name)
        .map((kernel) => ({ name: kernel.label, kernel })),
    ),
  );
}

/** "wait6" of "wait6@v2". */
function withoutRevision(label: string): string {
  return label.replace(/@v\d+$/, "");
}

function tableOf(
  label: string,
  kernels: readonly { readonly name: string; readonly kernel: KernelRecord }[],
): AcrossTable[] {
  const tested = kernels
    .filter(({ kernel }) => kernel.boots.length > 0)
    .map(({ name, kernel }) => ({ name, cases: verdictsOf(kernel) }));
  if (tested.length < 2) return [];
  const names = [...new Set(tested.flatMap(({ cases }) => [...cases.keys()]))].sort();
  const rows = names.map((name) => ({
    name,
    verdicts: tested.map(({ cases }) => cases.get(name) ?? []),
  }));
  const there = ({ verdicts }: AcrossRow) => verdicts.filter((each) => each.length > 0);
  const differing = rows.filter((row) => new Set(there(row).map(told)).size > 1);
  const same = rows.filter((row) => new Set(row.verdicts.map(told)).size === 1).length;
  const columns = tested.map(({ name }) => name);
  return [{ label, columns, differing, same, absent: rows.length - differing.length - same }];
}

function verdictsOf(kernel: KernelRecord): Map<string, CaseVerdict[]> {
  const found = new Map<string, CaseVerdict[]>();
  for (const { cases } of repeatsOf(kernel))
    for (const { name, verdict } of cases) found.set(name, [...(found.get(name) ?? []), verdict]);
  return found;
}

/** How often a case was run is no difference. */
function told(verdicts: readonly CaseVerdict[]): string {
  return [...new Set(verdicts)].sort().join(" ");
}
