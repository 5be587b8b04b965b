import { compareAcross, compareRevisions } from "../model/across.ts";
import type { Event } from "../model/event.ts";
import { exitStatus, exitStatusFor, Failure, failureDetails } from "../model/failure.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { matrixColumns, type Matrix } from "../model/matrix.ts";
import type { RunRecord } from "../model/run.ts";
import { runPlan, type RunContext } from "../pipeline.ts";
import { planCells, runCells, wholePlan } from "../pipeline/cells.ts";
import { describePlan } from "../pipeline/dry-run.ts";
import { holdGuests } from "../pipeline/hold.ts";
import type { Plan } from "../pipeline/plan.ts";
import {
  acrossLines,
  junitXml,
  kcidbReport,
  markdownSummary,
  matrixLines,
  matrixMarkdown,
  openReporter,
} from "../report.ts";
import { createRun, pastSeconds, type RunFolder } from "../store.ts";
import { createMatrix } from "../store/matrix.ts";
import { harnessVersion } from "../version.ts";
import { defineCommand } from "./command.ts";
import { cellOptions, kcidbOrigin } from "./run-options.ts";
import { wantedCells } from "./wanted-cells.ts";

export const runCommand = defineCommand({
  command: "run",
  describe:
    "Builds baseline and patched kernels, runs the suites in both, says what the series changed",
  examples: [
    ["run --arch x86_64 --kernel apt:6.12", "all shipped series and suites on Debian's 6.12"],
    [
      "run --kernel apt:6.1 --series wait6 --suite wait6 --repeat 3",
      "one series, one suite, three times",
    ],
    [
      "run --kernel dir:~/linux --patch v3.mbox --suite kselftest:ptrace,seccomp",
      "a series of your own",
    ],
    [
      "run --kernel apt:5.10 --kernel apt:6.12 --series wait6 --compare-across",
      "the same series on two releases, and where they differ",
    ],
    ["run --kernel apt:6.12 --series wait6 --dry-run", "what would be done, and what is cached"],
  ],
  options: (yargs) =>
    cellOptions(yargs)
      .option("output", { type: "string", describe: "folder for results; results/ by default" })
      .option("json", {
        type: "boolean",
        default: false,
        describe: "events as JSON lines on stdout",
      })
      .option("report", {
        choices: ["kcidb"] as const,
        array: true,
        describe:
          "further reports beside the results: kcidb for KernelCI, as $HARNESS_KCIDB_ORIGIN",
      })
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "say what would be done; do nothing",
      })
      .option("fresh", {
        type: "boolean",
        default: false,
        describe: "test again what an earlier clean run tested on the same kernel, image and QEMU",
      })
      .option("shard", { type: "string", describe: "I/N: the I-th of N parts of the cells" })
      .option("resume", {
        type: "string",
        describe: "id of a run of several cells: run those that are not finished, as asked then",
      })
      .option("only-failed", {
        type: "string",
        describe: "the same, for those in which something was wrong",
      })
      .option("fail-fast", {
        type: "boolean",
        default: false,
        describe: "begin no further cell after the first in which something is wrong",
      })
      .option("max-failures", { type: "number", describe: "the same after so many" })
      .option("compare-across", {
        type: "boolean",
        default: false,
        describe: "with several kernels: a table of the cases that are not the same on all of them",
      })
      .option("keep-vm", {
        type: "boolean",
        default: false,
        describe: "leave each kernel's last guest running until Ctrl-C, and say how to get in",
      }),
  run: async (args, { signal, print, remark, doneUntilInterrupted }) => {
    const reporter = openReporter({ json: args.json });
    const { emit } = reporter;
    try {
      const origin = args.report?.includes("kcidb") ? kcidbOrigin() : undefined;
      const wanted = await wantedCells(args);
      const cells = [
        ...wanted.kept,
        ...(await planCells(wanted.cells, wanted.request, { emit, signal })),
      ];
      if (args["dry-run"]) {
        reporter.close();
        for (const { plan } of cells)
          if (!("id" in plan)) print(await describePlan(await wholePlan(plan), args.json));
        return exitStatus.ok;
      }
      const { resultsDir } = wanted;
      const harness = await harnessVersion();
      const argv = process.argv.slice(2);
      const base = { emit, signal, harness, argv, fresh: args.fresh };
      const [cell, ...others] = cells;
      if (cell && others.length === 0 && !wanted.folder && !("id" in cell.plan)) {
        const plan = await wholePlan(cell.plan);
        const folder = await folderFor(plan, resultsDir);
        const held = holdGuests(folder);
        const holdVm = args["keep-vm"] ? { holdVm: held.hold } : {};
        const record = await runAndReport(plan, { ...base, folder, ...holdVm }, origin);
        reporter.close();
        const revisions = compareRevisions(record).flatMap(acrossLines);
        if (!args.json && revisions.length > 0) print(revisions.join("\n"));
        if (args["keep-vm"]) {
          doneUntilInterrupted();
          await held.untilAborted(signal, remark);
        }
        return record.exitStatus;
      }
      refuseForSeveral(args["keep-vm"]);
      const folder = wanted.folder ?? (await createMatrix(resultsDir));
      const matrix = await runCells(cells, {
        ...base,
        folder,
        request: wanted.request,
        expected: await pastSeconds(resultsDir),
        maxFailures: args["fail-fast"] ? 1 : (args["max-failures"] ?? Infinity),
        runCell: async (plan, { began, ...context }) => {
          const own = await folderFor(plan, resultsDir);
          await began(own.id);
          return runAndReport(plan, { ...base, ...context, folder: own }, origin);
        },
      });
      const across = args["compare-across"] ? compareAcross(matrixColumns(matrix)) : [];
      const report = await folder.writeSummary(matrixMarkdown(matrix, across));
      emit(matrixFinished(matrix, folder.dir, report));
      reporter.close();
      if (!args.json) print(matrixLines(matrix, across).join("\n"));
      return matrix.record.exitStatus;
    } catch (thrown) {
      // Before there is a run, a failure has no record; the events tell of it all the same.
      if (args.json) {
        const failure = failureDetails(thrown);
        emit({ type: "failure", failure });
        return exitStatusFor([failure.blame]);
      }
      throw thrown;
    } finally {
      reporter.close();
    }
  },
});

function refuseForSeveral(keepVm: boolean): void {
  if (!keepVm) return;
  throw new Failure({
    reason: "bad-option-value",
    blame: "usage",
    what: "--keep-vm is for one kernel on one architecture",
    hint: "name one of each",
  });
}

function folderFor(plan: Plan, resultsDir: string): Promise<RunFolder> {
  const kernel = formatKernelVersion(plan.source.version);
  return createRun({ resultsDir, arch: plan.arch.name, kernel });
}

/** Runs one plan; its folder then holds the reports too, KernelCI's if its submitter is given. */
async function runAndReport(
  plan: Plan,
  context: RunContext,
  kcidbOrigin: string | undefined,
): Promise<RunRecord> {
  const record = await runPlan(plan, context);
  await context.folder.writeSummary(markdownSummary(record));
  await context.folder.writeJunit(junitXml(record));
  if (kcidbOrigin !== undefined)
    await context.folder.writeKcidb(JSON.stringify(kcidbReport(record, kcidbOrigin)));
  return record;
}

function matrixFinished({ record }: Matrix, resultsDir: string, report: string): Event {
  const { id, exitStatus, seconds } = record;
  const status = record.status === "interrupted" ? "interrupted" : "complete";
  return { type: "run-finished", runId: id, resultsDir, status, exitStatus, seconds, report };
}
