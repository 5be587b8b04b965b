import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { compare } from "../model/compare.ts";
import { repeatsOf } from "../model/compare-runs.ts";
import type { BootRecord, KernelRecord, RunRecord } from "../model/run.ts";
import type { CaseVerdict } from "../model/verdict.ts";

/* Records of runs that never were, for tests of what reads records. */

/** Verdicts by case; several, one a boot, where the kernel is booted more than once. */
export type Verdicts = Readonly<Record<string, CaseVerdict | readonly CaseVerdict[]>>;

export interface Described {
  /** Days after the first of January 2026; also makes the id. */
  readonly day?: number;
  readonly arch?: string;
  readonly kernel?: Partial<RunRecord["kernel"]>;
  readonly baseline: Verdicts;
  /** By series. */
  readonly series?: Readonly<Record<string, Verdicts>>;
  readonly controls?: readonly string[];
  readonly proves?: readonly string[];
  readonly record?: Partial<RunRecord>;
  /** For every kernel. */
  readonly kernelRecord?: Partial<KernelRecord>;
  readonly boot?: Partial<BootRecord>;
}

/** A whole run as described: one machine, nothing failed, compared as the program compares. */
export function runRecord(described: Described): RunRecord {
  const { day = 0, arch = "x86_64", series = {}, controls = [], proves = [] } = described;
  const at = new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
  const version = described.kernel?.version ?? "6.12.117";
  const baseline = kernelRecord("baseline", described.baseline, described);
  const patched = Object.entries(series).map(([name, verdicts]) => ({
    ...kernelRecord(name, verdicts, described),
    series: name,
  }));
  return {
    schema: 1,
    id: `${at.replace(/[-:]|\.\d+/g, "")}-${arch}-${version}-0000`,
    harness: "0.1.0 (1234567)",
    argv: ["run"],
    startedAt: at,
    seconds: 60,
    status: "complete",
    exitStatus: 0,
    arch,
    kernel: {
      spec: "apt:6.12",
      description: `Debian's ${version}`,
      version,
      identity: "sha256:1",
      ...described.kernel,
    },
    toolchain: "gcc 12",
    accelerator: { name: "tcg", why: "no /dev/kvm" },
    suites: [...new Set(Object.keys(described.baseline).map((name) => name.split(".")[0] ?? ""))],
    kernels: [baseline, ...patched],
    comparisons: patched.map((kernel) =>
      compare({
        series: kernel.series,
        control: controls.includes(kernel.series),
        proves,
        baseline: repeatsOf(baseline),
        patched: repeatsOf(kernel),
      }),
    ),
    failures: [],
    timings: {},
    ...described.record,
  };
}

function kernelRecord(label: string, verdicts: Verdicts, described: Described): KernelRecord {
  const boots = Math.max(1, ...Object.values(verdicts).map((each) => [each].flat().length));
  return {
    label,
    fingerprint: `fingerprint of ${label}`,
    release: "6.12.117",
    cached: true,
    buildSeconds: 0,
    config: `kernels/${label}/config`,
    buildLog: `kernels/${label}/build.log`,
    boots: Array.from({ length: boots }, (_, repeat) => ({
      repeat,
      bootSeconds: 1,
      console: `kernels/${label}/boot-${repeat}/console.log`,
      ktap: [],
      splats: [],
      cases: Object.entries(verdicts).flatMap(([name, said]) => {
        const verdict = [said].flat()[repeat];
        return verdict === undefined ? [] : [{ name, verdict }];
      }),
      ...described.boot,
    })),
    ...described.kernelRecord,
  };
}

/** Writes a record where a run would. Gives the run's folder. */
export async function writeRun(resultsDir: string, record: RunRecord): Promise<string> {
  const dir = path.join(resultsDir, record.id);
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, "run.json"), JSON.stringify(record));
  return dir;
}
