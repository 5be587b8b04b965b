import path from "node:path";
import { exitStatus, exitStatusFor } from "../model/failure.ts";
import { formatKernelVersion, type KernelVersion } from "../model/kernel-version.ts";
import { oneLine } from "../model/escape.ts";
import type { RunRecord } from "../model/run.ts";
import { runPlan } from "../pipeline.ts";
import { killers, mutantFiles, mutatedSeries } from "../pipeline/mutants.ts";
import { makePlan } from "../pipeline/plan.ts";
import { markdownSummary, openReporter } from "../report.ts";
import { loadSeries } from "../series.ts";
import { resolveSource } from "../source.ts";
import { createRun, defaultResultsDir } from "../store.ts";
import { harnessVersion } from "../version.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, runRequest } from "./run-options.ts";

export const mutantsCommand = defineCommand({
  command: "mutants [of..]",
  describe:
    "Builds kernels that are wrong on purpose and says which case of the suites notices each",
  examples: [
    ["mutants --kernel apt:6.12", "those of every series in patches/mutants/"],
    ["mutants wait6 --kernel apt:6.12", "those of one series"],
    [
      "mutants --on v3.mbox --patch wrong.patch --suite mine",
      "of your own series, for your own suite",
    ],
  ],
  options: (yargs) =>
    kernelOptions(yargs)
      .positional("of", {
        type: "string",
        array: true,
        describe: "whose mutants; all by default",
      })
      .option("suite", {
        type: "string",
        array: true,
        describe: "with --patch: the suites that should notice; all by default",
      })
      // On many a wrong kernel a case waits for ever; the cases' own bounds are generous.
      .option("timeout-scale", {
        type: "number",
        default: 0.25,
        describe: "multiplies every bound on time, for a slow machine",
      })
      .option("output", { type: "string", describe: "folder for results; results/ by default" })
      .option("json", {
        type: "boolean",
        default: false,
        describe: "events as JSON lines on stdout",
      }),
  run: async (args, { signal, print }) => {
    const own = args.patch?.length
      ? [{ title: "the patches given", patches: args.patch, on: args.on, suites: args.suite ?? [] }]
      : undefined;
    const kernel = args.kernel ?? "apt:newest";
    const names = args.of?.length ? args.of : await mutatedSeriesOf(kernel, signal);
    const statuses: number[] = [];
    for (const named of own ?? names) {
      const reporter = openReporter({ json: args.json });
      const context = { emit: reporter.emit, signal };
      try {
        const source = await resolveSource(kernel, context);
        const group = typeof named === "string" ? await mutantsOf(named, source.version) : named;
        const plan = await makePlan(
          {
            ...runRequest({ ...args, series: [], kernel: source.spec }),
            ...group,
            patches: group.patches ?? (await mutantFiles(group.title, source.version)),
          },
          context,
        );
        const folder = await createRun({
          resultsDir: path.resolve(args.output ?? defaultResultsDir),
          arch: plan.arch.name,
          kernel: `${formatKernelVersion(plan.source.version)}-mutants`,
        });
        const record = await runPlan(plan, {
          ...context,
          folder,
          harness: await harnessVersion(),
          argv: process.argv.slice(2),
          fresh: false,
          stopAtRegression: true,
        });
        await folder.writeSummary(markdownSummary(record));
        reporter.close();
        if (!args.json) print(mutantsTable(group.title, record).join("\n"));
        statuses.push(mutantsStatus(record));
      } finally {
        reporter.close();
      }
      signal.throwIfAborted();
    }
    return statuses.find((status) => status !== exitStatus.ok) ?? exitStatus.ok;
  },
});

/** Mutants that are tested together: on the same baseline, by the same suites. */
interface Mutants {
  readonly title: string;
  /** Those in patches/mutants/<title>/ when absent. */
  readonly patches?: readonly string[];
  /** The series that they change; undefined where the kernel itself has the feature. */
  readonly on: string | undefined;
  readonly suites: readonly string[];
}

/** Without a name: all that have mutants for this kernel, or all there are, to be told that none has. */
async function mutatedSeriesOf(kernel: string, signal: AbortSignal): Promise<readonly string[]> {
  const { version } = await resolveSource(kernel, { emit: () => undefined, signal });
  const all = await mutatedSeries();
  const having: string[] = [];
  for (const name of all) {
    const isThere = await mutantFiles(name, version).then(
      () => true,
      () => false,
    );
    if (isThere) having.push(name);
  }
  return having.length > 0 ? having : all;
}

async function mutantsOf(name: string, kernel: KernelVersion): Promise<Mutants> {
  const [series] = await loadSeries({ names: [name], notice: () => undefined });
  if (!series) throw new Error(`no series ${name}`);
  const { changes } = await series.patchesFor(kernel);
  const { control, suites } = { ...series, ...changes };
  // What a control takes away is in the kernel already.
  return { title: name, on: control ? undefined : name, suites };
}

/** What became of each mutant: the cases that noticed it, or that none did. Safe for a terminal. */
function mutantsTable(series: string, record: RunRecord): string[] {
  const killed = record.comparisons.filter((each) => killers(each).length > 0);
  const lines = [
    "",
    `Mutants of ${series}: ${killed.length} of ${record.comparisons.length} killed`,
  ];
  for (const comparison of record.comparisons) {
    const [first, ...others] = killers(comparison);
    const more = others.length > 0 ? ` and ${others.length} more` : "";
    const by = first === undefined ? "" : `by ${oneLine(first)}${more}`;
    lines.push(
      `  ${first === undefined ? "SURVIVED" : "killed  "}  ${oneLine(comparison.series)}  ${by}`,
    );
  }
  return lines;
}

/** A mutant that survives is the suite's fault; one that does not apply, build or boot says nothing. */
function mutantsStatus(record: RunRecord): number {
  const blames = record.failures.map((failure) => failure.blame);
  const survives = record.comparisons.some((each) => killers(each).length === 0);
  return exitStatusFor(survives ? [...blames, "suite"] : blames);
}
