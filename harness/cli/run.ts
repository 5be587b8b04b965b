import path from "node:path";
import { exitStatus, exitStatusFor, failureDetails } from "../model/failure.ts";
import { runPlan } from "../pipeline.ts";
import { describePlan } from "../pipeline/dry-run.ts";
import { holdGuests } from "../pipeline/hold.ts";
import { makePlan } from "../pipeline/plan.ts";
import { junitXml, kcidbReport, markdownSummary, openReporter } from "../report.ts";
import { createRun, defaultResultsDir } from "../store.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { harnessVersion } from "../version.ts";
import { defineCommand } from "./command.ts";
import { kcidbOrigin, kernelOptions, runRequest } from "./run-options.ts";

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
    ["run --kernel apt:6.12 --series wait6 --dry-run", "what would be done, and what is cached"],
  ],
  options: (yargs) =>
    kernelOptions(yargs)
      .option("suite", {
        type: "string",
        array: true,
        describe:
          "suites (harness list suites), or kselftest:<folder>[,<folder>...]; all by default",
      })
      .option("repeat", {
        type: "number",
        default: 1,
        describe: "boots of each kernel; disagreement is flaky",
      })
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
      .option("keep-vm", {
        type: "boolean",
        default: false,
        describe: "leave each kernel's last guest running until Ctrl-C, and say how to get in",
      }),
  run: async (args, { signal, print, remark }) => {
    const reporter = openReporter({ json: args.json });
    try {
      const origin = args.report?.includes("kcidb") ? kcidbOrigin() : undefined;
      const plan = await makePlan(
        runRequest(args, { suites: args.suite ?? [], repeat: args.repeat }),
        {
          emit: reporter.emit,
          signal,
        },
      );
      if (args["dry-run"]) {
        reporter.close();
        print(await describePlan(plan, args.json));
        return exitStatus.ok;
      }
      const folder = await createRun({
        resultsDir: path.resolve(args.output ?? defaultResultsDir),
        arch: plan.arch.name,
        kernel: formatKernelVersion(plan.source.version),
      });
      const held = holdGuests(folder);
      const record = await runPlan(plan, {
        emit: reporter.emit,
        signal,
        folder,
        harness: await harnessVersion(),
        argv: process.argv.slice(2),
        fresh: args.fresh,
        ...(args["keep-vm"] ? { holdVm: held.hold } : {}),
      });
      await folder.writeSummary(markdownSummary(record));
      await folder.writeJunit(junitXml(record));
      if (origin !== undefined)
        await folder.writeKcidb(JSON.stringify(kcidbReport(record, origin)));
      reporter.close();
      if (args["keep-vm"]) await held.untilAborted(signal, remark);
      return record.exitStatus;
    } catch (thrown) {
      // Before there is a run, a failure has no record; the events tell of it all the same.
      if (args.json) {
        const failure = failureDetails(thrown);
        reporter.emit({ type: "failure", failure });
        return exitStatusFor([failure.blame]);
      }
      throw thrown;
    } finally {
      reporter.close();
    }
  },
});
