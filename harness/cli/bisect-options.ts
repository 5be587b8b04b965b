import { existsSync } from "node:fs";
import path from "node:path";
import type { Argv } from "yargs";
import type { BisectRequest } from "../model/bisect.ts";
import { shellQuoted } from "../model/escape.ts";
import { Failure } from "../model/failure.ts";
import { readQuestion } from "../pipeline/bisect/question.ts";
import { projectDir } from "../paths.ts";
import { commitId } from "../source.ts";
import { cellRequest, kernelOptions, type KernelArguments } from "./run-options.ts";

/** What yargs makes of bisectOptions. */
export interface BisectArguments extends KernelArguments {
  readonly git: string | undefined;
  readonly good: string | undefined;
  readonly bad: string | undefined;
  readonly case: string | undefined;
  readonly repeat: number;
  readonly confidence: number;
  readonly fresh: boolean;
}

export function bisectOptions(yargs: Argv) {
  return kernelOptions(yargs)
    .option("git", { type: "string", describe: "repository to bisect; it is not touched" })
    .option("good", { type: "string", describe: "a commit where all is well" })
    .option("bad", { type: "string", describe: "a later one where it is not" })
    .option("case", {
      type: "string",
      describe:
        "name of a case (as harness history shows it); or boot; or build, the default of --series",
    })
    .option("repeat", {
      type: "number",
      default: 3,
      describe: "boots of the bad end; four times as many when it fails in some of them",
    })
    .option("confidence", {
      type: "number",
      default: 0.99,
      describe: "that a commit is good, from its passing boots",
    })
    .option("fresh", {
      type: "boolean",
      default: false,
      describe: "ask again what an earlier bisection asked the same kernel",
    });
}

/**
 * What the command line asks. Throws Failure usage "bad-option-value", "not-a-repository",
 * "unknown-revision".
 */
export async function bisectRequest(
  args: BisectArguments,
  signal: AbortSignal,
): Promise<BisectRequest> {
  const { repeat, confidence } = args;
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 100)
    throw wrong("--repeat needs a whole number from 1 to 100");
  if (!(confidence >= 0.5 && confidence <= 0.9999))
    throw wrong("--confidence needs a number from 0.5 to 0.9999");
  const given = (args.series ?? []).length + (args.patch ?? []).length;
  const isOfSeries = args.git === undefined && given > 0;
  const name = args.case ?? (isOfSeries ? "build" : undefined);
  if (name === undefined) throw wrong("--case is missing: what is to be asked of each commit?");
  return {
    arch: args.arch,
    question: readQuestion(name),
    along: isOfSeries ? alongPatches(args, given) : await alongCommits(args, signal),
    // Holds from anywhere, for --resume and reproduce.sh.
    cell: {
      ...cellRequest(args, { repeat: 1 }),
      patches: (args.patch ?? []).map(fixedPath),
      kconfig: (args.kconfig ?? []).map(fixedPath),
      ...(args.on === undefined ? {} : { on: fixedPath(args.on) }),
    },
    repeat,
    confidence,
    fresh: args.fresh,
  };
}

function alongPatches(args: BisectArguments, given: number): BisectRequest["along"] {
  if (args.good !== undefined || args.bad !== undefined)
    throw wrong("--good and --bad are commits of a repository: --git is missing");
  if (given > 1 || args.series?.includes("all"))
    throw wrong("without --git, the patches of one series are bisected: give one");
  return { kind: "patches", kernel: args.kernel ?? "apt:newest" };
}

async function alongCommits(
  args: BisectArguments,
  signal: AbortSignal,
): Promise<BisectRequest["along"]> {
  const { git, good, bad } = args;
  if (git === undefined || good === undefined || bad === undefined)
    throw wrong("--git, --good and --bad are needed, or --series or --patch without them");
  if (args.kernel !== undefined) throw wrong("--kernel says nothing here: --good is the kernel");
  if (args.on !== undefined)
    throw wrong("--on says nothing here: --series goes on top of each commit");
  return {
    kind: "commits",
    repository: path.resolve(git),
    good: await commitId(git, good, signal),
    bad: await commitId(git, bad, signal),
  };
}

/** A request between two commits of a repository. */
export type CommitsRequest = BisectRequest & {
  readonly along: Extract<BisectRequest["along"], { kind: "commits" }>;
};

/** Throws Failure usage "bad-option-value" for a request along the patches of a series. */
export function ofCommits(request: BisectRequest): CommitsRequest {
  const { along } = request;
  if (along.kind === "commits") return { ...request, along };
  throw wrong("--judge and --run-script are for commits: --git is missing");
}

/** The arguments of `harness bisect` that ask for exactly this. */
export function bisectArguments(request: BisectRequest): string[] {
  const { along, cell, question } = request;
  const option = (name: string, values: readonly (string | number | undefined)[]) =>
    values.flatMap((value) => (value === undefined ? [] : [`--${name}`, String(value)]));
  return [
    ...(along.kind === "commits"
      ? [
          ...option("git", [along.repository]),
          ...option("good", [along.good]),
          ...option("bad", [along.bad]),
        ]
      : option("kernel", [along.kernel])),
    ...option("case", [question.kind === "case" ? question.name : question.kind]),
    ...option("arch", [request.arch]),
    ...option("series", cell.series),
    ...option("patch", cell.patches),
    ...option("on", [cell.on]),
    ...option("kconfig", cell.kconfig),
    ...option("toolchain", [cell.toolchain]),
    ...option("jobs", [cell.jobs]),
    ...option("accel", [cell.accel]),
    ...option("timeout-scale", [cell.timeoutScale]),
    ...option("repeat", [request.repeat]),
    ...option("confidence", [request.confidence]),
  ];
}

/**
 * The line for plain `git bisect run`. What is no verdict ends git's bisection: git takes any other
 * status below 128 for a bad commit, a fault of this machine too.
 */
export function runScript(request: CommitsRequest): string {
  const words = [process.execPath, path.join(projectDir, "build/harness/bin.js"), "bisect"];
  const judge = [...words, ...bisectArguments(request)].map(shellQuoted).join(" ");
  const script = [
    "commit=$(git rev-parse -q --verify BISECT_HEAD || git rev-parse HEAD)",
    `${judge} --judge "$commit"`,
    "status=$?",
    "case $status in 0|1|125) exit $status;; esac",
    "exit 255",
  ].join("; ");
  return `git bisect run sh -c ${shellQuoted(script)}`;
}

/** A path that holds from anywhere; what is no file stays as it is. */
function fixedPath(text: string): string {
  return existsSync(text) ? path.resolve(text) : text;
}

function wrong(what: string): Failure {
  return new Failure({
    reason: "bad-option-value",
    blame: "usage",
    what,
    hint: "harness bisect --help",
  });
}
