import { z } from "zod";
import { matchesGlob } from "./glob.ts";
import { kernelLine } from "./history.ts";
import { compareKernelVersions, parseKernelVersion } from "./kernel-version.ts";
import type { KernelRecord, RunRecord } from "./run.ts";
import type { CaseVerdict } from "./verdict.ts";

/** Something that an architecture's kernel can do, shown by cases (series.json). */
export const featureSchema = z.strictObject({
  /** A column's heading, such as "PTRACE_GET_SYSCALL_INFO: entry". */
  title: z.string().min(1),
  /** Globs of the cases that show it. */
  cases: z.array(z.string()).min(1),
  /** Cases of the native ABI, or of the others ("...@i386"); both when left out. */
  abi: z.enum(["native", "compat"]).optional(),
  /** What the kernel tree itself says of it: a name of Documentation/features, such as "tracehook". */
  upstream: z.string().optional(),
  /** The first kernel that can have it; for older ones the tree claims nothing of it. */
  since: z.string().optional(),
});

/** A feature and the series that brings it, if one does. */
export interface Feature extends z.infer<typeof featureSchema> {
  readonly series?: string | undefined;
}

/**
 * - native, series: it works on the kernel as it is; with the series only.
 * - no: a case of it fails. flaky: a case fails now and then.
 * - partly: nothing failed, but not all of it was run. not-run: nothing of it was, or all was skipped.
 * - no-abi: it is about further ABIs, and the architecture has none.
 */
export type CellState = "native" | "series" | "no" | "flaky" | "partly" | "not-run" | "no-abi";

/** What one kernel showed of a feature. */
export interface Evidence {
  readonly run: string;
  /** "baseline" or the series' name. */
  readonly kernel: string;
  readonly version: string;
  readonly at: string;
  readonly passed: number;
  readonly failed: number;
  /** Failed and passed on the same kernel. */
  readonly flaky: number;
  readonly skipped: number;
  /** Planned or run on another kernel of the run, and not on this one. */
  readonly missing: number;
  /** The names of those that failed, flaky ones too. */
  readonly failing: readonly string[];
}

export interface Cell {
  readonly state: CellState;
  /** What the state rests on; none where nothing was run. */
  readonly evidence?: Evidence;
  /** What the tree claims, with --upstream. */
  readonly claim?: Claim;
}

/** What the kernel tree says of an architecture. */
export interface Claim {
  readonly claimed: boolean;
  /** Where it says so; where its own places contradict each other, both. */
  readonly where: string;
  /** What was measured says otherwise, or the tree contradicts itself. */
  readonly disagrees: boolean;
}

/** One release: rows are architectures, columns features. */
export interface SupportTable {
  /** Such as "apt:6.12" (kernelLine). */
  readonly kernel: string;
  /** As a command line would name the newest kernel that was run. */
  readonly spec: string;
  readonly features: readonly Feature[];
  readonly rows: readonly { readonly arch: string; readonly cells: readonly Cell[] }[];
}

/**
 * The tables of all releases that were run, newest first, from records alone.
 * `arches`: the rows to show even where nothing was run, and the ABIs of each. Runs of wrong kernels (mutants) and of a
 * series on top of another (--on) show nothing of a feature.
 */
export function supportTables(
  runs: readonly RunRecord[],
  features: readonly Feature[],
  arches: readonly { readonly name: string; readonly abis: readonly unknown[] }[],
): SupportTable[] {
  const shown = runs
    .filter(({ argv, kernel }) => argv[0] !== "mutants" && !kernel.identity.startsWith("patched:"))
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  const lines = new Map<string, RunRecord[]>();
  for (const run of shown) {
    const line = kernelLine(run.kernel);
    lines.set(line, [...(lines.get(line) ?? []), run]);
  }
  return [...lines]
    .sort(([one, [a]], [other, [b]]) => {
      const difference = a && b ? byVersion(b, a) : 0;
      return difference === 0 ? (one < other ? -1 : 1) : difference;
    })
    .map(([kernel, ofLine]) => {
      const columns = [...features, ...kselftestFeatures(ofLine)];
      const names = [
        ...new Set([...arches.map(({ name }) => name), ...ofLine.map(({ arch }) => arch)]),
      ];
      const isAlone = (arch: string) => arches.find(({ name }) => name === arch)?.abis.length === 1;
      return {
        kernel,
        spec: specOf(ofLine[0]),
        features: columns,
        rows: names.map((arch) => ({
          arch,
          cells: columns.map((feature) =>
            cell(
              ofLine.filter((run) => run.arch === arch),
              feature,
              isAlone(arch),
            ),
          ),
        })),
      };
    });
}

function byVersion(a: RunRecord, b: RunRecord): number {
  const [one, other] = [a, b].map(({ kernel }) => parseKernelVersion(kernel.version));
  return one && other ? compareKernelVersions(one, other) : 0;
}

function specOf(run: RunRecord | undefined): string {
  if (!run) return "";
  const { spec, version } = run.kernel;
  if (/^(dir|git):/.test(spec)) return spec;
  return spec.startsWith("apt:") ? kernelLine(run.kernel) : `release:${version}`;
}

/** A column for each folder of the tree's own selftests that was run. */
function kselftestFeatures(runs: readonly RunRecord[]): Feature[] {
  const folders = new Set<string>();
  for (const { kernels } of runs)
    for (const { boots } of kernels)
      for (const { cases } of boots)
        for (const { name } of cases) {
          const [suite, folder] = name.split(".");
          if (suite === "kselftest" && folder) folders.add(folder);
        }
  return [...folders]
    .sort()
    .map((folder) => ({ title: `kselftest ${folder}`, cases: [`kselftest.${folder}.*`] }));
}

/** `runs`: of one architecture and release, newest first; `isAlone`: it has one ABI only. */
function cell(runs: readonly RunRecord[], feature: Feature, isAlone: boolean): Cell {
  const native = newestEvidence(runs, feature, "baseline");
  const patched =
    feature.series === undefined ? undefined : newestEvidence(runs, feature, feature.series);
  if (native && stateOf(native) === "works") return { state: "native", evidence: native };
  if (patched && stateOf(patched) === "works") return { state: "series", evidence: patched };
  // Nothing works: what was seen to fail says more than what was not seen.
  for (const state of ["no", "flaky", "partly"] as const) {
    const evidence = [patched, native].find((each) => each && stateOf(each) === state);
    if (evidence) return { state, evidence };
  }
  const skipped = patched ?? native;
  if (!skipped && isAlone && feature.abi === "compat") return { state: "no-abi" };
  return { state: "not-run", ...(skipped ? { evidence: skipped } : {}) };
}

function stateOf(evidence: Evidence): "works" | "no" | "flaky" | "partly" | "skipped" {
  if (evidence.failed > 0) return "no";
  if (evidence.flaky > 0) return "flaky";
  if (evidence.passed === 0) return "skipped";
  return evidence.missing > 0 ? "partly" : "works";
}

/** Of the newest run that had the feature's cases to its end; of the newest that had some, where none did. */
function newestEvidence(
  runs: readonly RunRecord[],
  feature: Feature,
  label: string,
): Evidence | undefined {
  let partly: Evidence | undefined;
  for (const run of runs) {
    const kernel = run.kernels.find((each) => each.label === label);
    const isControl = run.comparisons.find((each) => each.series === label)?.control ?? true;
    if (!kernel || (label !== "baseline" && isControl)) continue;
    const found = evidenceOf(run, kernel, feature);
    if (!found) continue;
    if (found.missing === 0 || found.failed > 0 || found.flaky > 0) return found;
    partly ??= found;
  }
  return partly;
}

function evidenceOf(run: RunRecord, kernel: KernelRecord, feature: Feature): Evidence | undefined {
  const here = verdictsOf(kernel, feature);
  if (here.size === 0) return undefined;
  const elsewhere = run.kernels.flatMap((each) => [...verdictsOf(each, feature).keys()]);
  const counts = { passed: 0, failed: 0, flaky: 0, skipped: 0, missing: 0 };
  const failing: string[] = [];
  const isProgram = (name: string) => [...here.keys()].some((each) => isCaseOf(name, each));
  for (const name of new Set(elsewhere)) {
    // A program that gave no cases elsewhere stands there under its own name.
    if (!here.has(name) && isProgram(name)) continue;
    const kind = kindOf(here.get(name) ?? []);
    counts[kind]++;
    if (kind === "failed" || kind === "flaky") failing.push(name);
  }
  // Cases that were to come after a loss are not known by name.
  if (wasCutShort(run, kernel)) counts.missing++;
  const { id, startedAt } = run;
  const { version } = run.kernel;
  return { run: id, kernel: kernel.label, version, at: startedAt, ...counts, failing };
}

/** Whether "wait6.status.exited@i386" is a case of the program "wait6.status@i386". */
function isCaseOf(program: string, name: string): boolean {
  const [ofProgram = "", abi] = program.split("@");
  const [ofCase = "", abiOfCase] = name.split("@");
  return abi === abiOfCase && ofCase.startsWith(`${ofProgram}.`);
}

function verdictsOf(kernel: KernelRecord, feature: Feature): Map<string, CaseVerdict[]> {
  const found = new Map<string, CaseVerdict[]>();
  for (const { cases } of kernel.boots) {
    for (const { name, verdict } of cases) {
      const isCompat = /@\w+$/.test(name);
      if (feature.abi !== undefined && (feature.abi === "compat") !== isCompat) continue;
      if (!feature.cases.some((glob) => matchesGlob(glob, name))) continue;
      const known = found.get(name);
      if (known) known.push(verdict);
      else found.set(name, [verdict]);
    }
  }
  return found;
}

function kindOf(verdicts: readonly CaseVerdict[]) {
  const passed = verdicts.includes("pass");
  if (verdicts.some((each) => each === "fail" || each === "crash" || each === "timeout"))
    return passed ? "flaky" : "failed";
  // A case that was seen in one boot and not in another was not seen each time it should have been.
  if (verdicts.length === 0 || verdicts.includes("missing")) return "missing";
  return passed ? "passed" : "skipped";
}

function wasCutShort(run: RunRecord, kernel: KernelRecord): boolean {
  if (run.status !== "complete") return true;
  return run.failures.some(
    (failure) => failure.blame === "infra" && (failure.kernel ?? kernel.label) === kernel.label,
  );
}

/** What a tree claims: by the name of a feature (Documentation/features) and of a folder below arch/. */
export type Claims = ReadonlyMap<string, ReadonlyMap<string, UpstreamClaim>>;

/** What the two places of a tree say; undefined where one says nothing. */
export interface UpstreamClaim {
  readonly kconfig?: boolean | undefined;
  readonly documentation?: boolean | undefined;
}

/** The tree's claims put beside what was measured; `folderOf`: the folder below arch/ of an architecture. */
export function withClaims(
  table: SupportTable,
  claims: Claims,
  folderOf: (arch: string) => string,
): SupportTable {
  const version = parseKernelVersion(table.kernel.replace(/^\w+:/, ""));
  const applies = ({ since }: Feature) => {
    const first = since === undefined ? undefined : parseKernelVersion(since);
    return !(first && version) || compareKernelVersions(version, first) >= 0;
  };
  return {
    ...table,
    rows: table.rows.map(({ arch, cells }) => ({
      arch,
      cells: cells.map((each, index): Cell => {
        const feature = table.features[index];
        if (feature?.upstream === undefined || !applies(feature)) return each;
        const said = claims.get(feature.upstream)?.get(folderOf(arch));
        return said ? { ...each, claim: claimOf(feature.upstream, said, each.state) } : each;
      }),
    })),
  };
}

function claimOf(feature: string, said: UpstreamClaim, state: CellState): Claim {
  const { kconfig, documentation } = said;
  // What is compiled counts more than what is written about it.
  const claimed = kconfig ?? documentation ?? false;
  const word = (value: boolean) => (value ? "yes" : "no");
  const places = [
    ...(kconfig === undefined ? [] : [`Kconfig: ${word(kconfig)}`]),
    ...(documentation === undefined ? [] : [`Documentation/features: ${word(documentation)}`]),
  ];
  const contradicts =
    kconfig !== undefined && documentation !== undefined && kconfig !== documentation;
  const measured = state === "native" ? true : state === "no" ? false : undefined;
  return {
    claimed,
    where: `${feature}: ${places.join(", ")}`,
    disagrees: contradicts || (measured !== undefined && measured !== claimed),
  };
}
