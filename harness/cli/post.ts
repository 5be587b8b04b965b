import path from "node:path";
import { changingCases } from "../history.ts";
import { Github, parseRepository, postRun } from "../github.ts";
import { readKnownFailures } from "../known-failures.ts";
import { exitStatus, Failure } from "../model/failure.ts";
import type { CaseHistory } from "../model/history.ts";
import { knownFailureOf, knownFailuresFor } from "../model/known-failures.ts";
import { parseKernelVersion } from "../model/kernel-version.ts";
import type { RunRecord } from "../model/run.ts";
import { projectDir } from "../paths.ts";
import { checkReport, postedSummary, regressionReports, regressionText } from "../report.ts";
import { loadSeries, shippedSeriesNames } from "../series.ts";
import { defaultResultsDir, findRun, readRun } from "../store.ts";
import { defineCommand } from "./command.ts";

export const postCommand = defineCommand({
  command: "post <runs..>",
  describe: "Posts what runs found to GitHub: a check, a comment, issues for regressions",
  examples: [
    ["post latest --github me/linux --pull 7", "check and comment of a pull request"],
    ["post 2026 --github me/linux --issues", "regressions of all runs of the year as issues"],
    ["post latest --github me/linux --issues --dry-run", "what would be posted"],
  ],
  options: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "ids, folders, latest",
      })
      .option("github", { type: "string", demandOption: true, describe: "OWNER/REPO" })
      .option("pull", {
        type: "number",
        describe: "a pull request: its comment and its head's check",
      })
      .option("commit", {
        type: "string",
        describe: "a commit to check; a pull request's head by default",
      })
      .option("issues", {
        type: "boolean",
        default: false,
        describe: "open, update and close an issue for each regression",
      })
      .option("dry-run", { type: "boolean", default: false, describe: "print it; post nothing" })
      .option("output", { type: "string", describe: "folder that holds the runs" })
      .epilogue(
        "GITHUB_TOKEN has the token; GITHUB_API_URL the address of an Enterprise server (https://HOST/api/v3).",
      ),
  run: async (args, { print, remark, signal }) => {
    const repository = parseRepository(args.github);
    if (!repository) {
      throw new Failure({
        reason: "bad-option-value",
        blame: "usage",
        what: `--github ${args.github} is no OWNER/REPO`,
        hint: "harness post --help",
      });
    }
    const resultsDir = args.output ?? defaultResultsDir;
    const records = await Promise.all(
      args.runs.map(async (name) => readRun((await findRun(name, resultsDir)).dir)),
    );
    const files = await seriesFiles(records);
    const checks = records.map((record) => ({
      ...checkReport(record, (series) => files.get(`${record.id} ${series}`) ?? []),
      run: record.id,
    }));
    const histories = args.issues ? await unknownChanges(resultsDir) : [];
    const regressions = args.issues ? regressionReports(records, histories) : [];
    const comment = args.pull === undefined ? undefined : postedSummary(records);
    if (args["dry-run"]) {
      print(JSON.stringify({ checks, comment, regressions }, null, 2));
      return exitStatus.ok;
    }
    const github = new Github({ notice: remark, signal });
    const { pull } = args;
    const commit =
      args.commit ?? (pull === undefined ? undefined : await headOf(github, repository, pull));
    const posted = await postRun(github, {
      ...repository,
      commit,
      pull,
      checks,
      comment,
      regressions,
      text: regressionText,
      signal,
    });
    for (const link of posted.checks) print(`check: ${link}`);
    if (posted.comment !== undefined) print(`comment: ${posted.comment}`);
    for (const [verb, numbers] of [
      ["opened", posted.opened],
      ["updated", posted.updated],
      ["closed", posted.closed],
    ] as const) {
      if (numbers.length > 0) print(`issues ${verb}: ${numbers.join(", ")}`);
    }
    if (posted.leftOut > 0)
      remark(`${posted.leftOut} more regressions got no issue: too many at once`);
    return exitStatus.ok;
  },
});

/** The cases that change, but for those that are known to fail for now. */
async function unknownChanges(resultsDir: string): Promise<readonly CaseHistory[]> {
  const known = await readKnownFailures();
  const { histories } = await changingCases(resultsDir);
  return histories.filter(({ name, subject, observations }) => {
    const version = parseKernelVersion(observations.at(-1)?.version ?? "");
    if (!version) return true;
    const { live } = knownFailuresFor(known, { arch: subject.arch, version, now: new Date() });
    return knownFailureOf(live, name) === undefined;
  });
}

async function headOf(
  github: Github,
  { owner, repo }: { owner: string; repo: string },
  pull: number,
): Promise<string> {
  const { data } = await github.call(`pull request ${pull}`, (octokit) =>
    octokit.rest.pulls.get({ owner, repo, pull_number: pull }),
  );
  return data.head.sha;
}

/** "<run> <series>" -> the patch files of a shipped series that the run applied, relative to the project. */
async function seriesFiles(records: readonly RunRecord[]): Promise<Map<string, readonly string[]>> {
  const files = new Map<string, readonly string[]>();
  const shipped = await shippedSeriesNames();
  for (const { id, kernel, kernels, failures } of records) {
    const version = parseKernelVersion(kernel.version);
    const names = [
      ...kernels.map(({ label }) => label),
      ...failures.map((each) => each.kernel ?? ""),
    ];
    for (const name of new Set(names.filter((each) => shipped.includes(each)))) {
      const [series] = await loadSeries({ names: [name], notice: () => undefined });
      const set = version && (await series?.patchesFor(version).catch(() => undefined));
      if (set)
        files.set(
          `${id} ${name}`,
          set.patches.map((patch) => path.relative(projectDir, path.join(set.origin, patch.name))),
        );
    }
  }
  return files;
}
