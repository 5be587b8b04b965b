import path from "node:path";
import type { BisectRecord, BisectRequest } from "../model/bisect.ts";
import { judged, type Outcome } from "../model/bisect.ts";
import { oneLine } from "../model/escape.ts";
import type { Emit } from "../model/event.ts";
import { failureText } from "../model/failure-text.ts";
import { exitStatus, exitStatusFor, failureDetails } from "../model/failure.ts";
import { bisect, commitHistory, patchHistory, type History } from "../pipeline/bisect.ts";
import { checkAncestry } from "../pipeline/bisect/ends.ts";
import { Judge } from "../pipeline/bisect/judge.ts";
import { suiteOf } from "../pipeline/bisect/question.ts";
import { makePlan, type Plan } from "../pipeline/plan.ts";
import { bisectMarkdown, openReporter } from "../report.ts";
import { commitId } from "../source.ts";
import { createBisect, readBisect, type BisectFolder } from "../store/bisect.ts";
import { defaultResultsDir } from "../store.ts";
import { harnessVersion } from "../version.ts";
import {
  bisectArguments,
  bisectOptions,
  bisectRequest,
  ofCommits,
  runScript,
  type CommitsRequest,
} from "./bisect-options.ts";
import { defineCommand } from "./command.ts";

/** What `git bisect run` makes of a status: 1 is bad, 125 is "skip this one", 128 and more end it. */
const judgeStatus = { good: 0, bad: 1, skip: 125, fault: 255 } as const;

export const bisectCommand = defineCommand({
  command: "bisect",
  describe: "Finds the commit, or the patch of a series, that breaks a case, the boot or the build",
  examples: [
    [
      "bisect --git ~/linux --good v6.12 --bad v6.12.20 --case kselftest.ptrace.vmaccess.attach",
      "which commit broke a case",
    ],
    [
      "bisect --git ~/linux --good v6.12 --bad HEAD --series wait6 --case wait6.basic.echild",
      "the same, with a series on top of each commit",
    ],
    ["bisect --series wait6 --kernel apt:6.12", "which patches of a series do not build"],
    ["bisect --patch v3.mbox --kernel apt:6.12 --case boot", "which patch breaks the boot"],
    ["bisect --resume 20261121T170000Z-bisect-1f3a", "go on with what was ended"],
    [
      "bisect --git . --good v6.12 --bad HEAD --case boot --run-script",
      "the line for plain git bisect run",
    ],
  ],
  options: (yargs) =>
    bisectOptions(yargs)
      .option("judge", {
        type: "string",
        describe:
          "only this commit: exit status 0 good, 1 bad, 125 cannot be judged, 255 no verdict",
      })
      .option("run-script", {
        type: "boolean",
        default: false,
        describe: "print the line for plain git bisect run; do nothing",
      })
      .option("resume", { type: "string", describe: "id of a bisection to go on with" })
      .option("output", { type: "string", describe: "folder for results; results/ by default" })
      .option("json", {
        type: "boolean",
        default: false,
        describe: "events as JSON lines on stdout",
      }),
  run: async (args, { signal, print, remark }) => {
    const resultsDir = path.resolve(args.output ?? defaultResultsDir);
    if (args["run-script"]) {
      print(runScript(ofCommits(await bisectRequest(args, signal))));
      return exitStatus.ok;
    }
    const reporter = openReporter({ json: args.json });
    const context = { emit: reporter.emit, signal };
    try {
      if (args.judge !== undefined) {
        const request = ofCommits(await bisectRequest(args, signal));
        const folder = await createBisect(resultsDir, "judge");
        const { verdict, why } = await judgeOne(request, args.judge, { ...context, folder });
        reporter.close();
        if (!args.json) print(`${verdict}: ${oneLine(why)}`);
        return judgeStatus[verdict];
      }
      const past =
        args.resume === undefined ? undefined : await readBisect(args.resume, resultsDir);
      if (past) process.chdir(past.record.cwd);
      const request = past?.record.request ?? (await bisectRequest(args, signal));
      const { plan, history } = await prepare(request, context);
      await using _history = history;
      const folder = past?.folder ?? (await createBisect(resultsDir));
      await folder.files.writeReproduce(["bisect", ...bisectArguments(request), "--fresh"]);
      const record = await bisect(history, {
        ...context,
        plan,
        request,
        folder,
        harness: await harnessVersion(),
        argv: process.argv.slice(2),
        past: past?.record,
      });
      await folder.files.writeSummary(bisectMarkdown(record));
      reporter.close();
      if (isResumable(record)) remark(`harness: go on with: harness bisect --resume ${folder.dir}`);
      return record.exitStatus;
    } catch (thrown) {
      reporter.close();
      const failure = failureDetails(thrown);
      if (args.json) reporter.emit({ type: "failure", failure });
      else if (args.judge === undefined) throw thrown;
      else remark(failureText(failure));
      return args.judge === undefined ? exitStatusFor([failure.blame]) : judgeStatus.fault;
    } finally {
      reporter.close();
    }
  },
});

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** The plan whose baseline every kernel starts from, and what is bisected. */
async function prepare(
  request: BisectRequest,
  context: Context,
): Promise<{ readonly plan: Plan; readonly history: History }> {
  const { along, question, arch } = request;
  const isOfCommits = along.kind === "commits";
  const kernel = isOfCommits ? `git:${along.repository}#${along.good}` : along.kernel;
  const plan = await makePlan(
    { ...request.cell, suites: [suiteOf(question)], arch, kernel },
    { ...context, noSeriesByDefault: true },
  );
  if (isOfCommits) {
    const history = await commitHistory(along, plan.series, context.signal);
    try {
      await checkAncestry(history.repository, along.good, along.bad);
    } catch (thrown) {
      await history[Symbol.asyncDispose]();
      throw thrown;
    }
    return { plan, history };
  }
  const [series] = plan.series;
  if (!series) throw new Error("no series to bisect");
  return { plan, history: await patchHistory(series, question.kind === "build", context.signal) };
}

async function judgeOne(
  request: CommitsRequest,
  revision: string,
  { folder, ...context }: Context & { readonly folder: BisectFolder },
) {
  const { plan, history } = await prepare(request, context);
  await using _history = history;
  const { along, question, fresh } = request;
  const commit = await commitId(along.repository, revision, context.signal);
  const tests = await history.changes(history.bad);
  const judge = await Judge.make({ ...context, plan, question, fresh, folder }, tests);
  const candidate = { label: history.label(commit), planned: await history.changes(commit) };
  const outcomes: Outcome[] = [];
  const boots = question.kind === "build" ? 1 : request.repeat;
  const verdict = () => judged(outcomes, undefined, boots);
  await judge.ask(
    candidate,
    outcomes,
    () => verdict() !== undefined,
    () => undefined,
  );
  const found = verdict();
  if (!found) throw new Error(`${commit} is not decided`);
  return found;
}

function isResumable({ status, failure }: BisectRecord): boolean {
  return status === "interrupted" || failure?.blame === "infra";
}
