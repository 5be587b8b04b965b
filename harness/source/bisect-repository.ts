import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { throwIfDiskFull } from "../disk.ts";
import { exec, type ExecOptions, type ExecResult } from "../exec.ts";
import type { BisectVerdict } from "../model/bisect.ts";
import { Failure } from "../model/failure.ts";
import type { KernelVersion } from "../model/kernel-version.ts";
import { gitEnvironment } from "./git.ts";
import { parseMakefileVersion } from "./tree.ts";

/** What git makes of the verdicts so far. */
export type Next =
  | { readonly kind: "commit"; readonly commit: string }
  | { readonly kind: "culprit"; readonly commit: string }
  | { readonly kind: "only-skipped"; readonly candidates: readonly string[] };

/** git with nobody's configuration: what is written here depends on the repository alone. */
const ownGit: Readonly<Record<string, string | undefined>> = {
  ...gitEnvironment,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/**
 * A bare repository of our own in which git bisects: it borrows the user's objects and writes
 * nothing but its own references, so that the user's repository is not touched.
 */
export class BisectRepository implements AsyncDisposable {
  readonly #dir: string;
  readonly #signal: AbortSignal | undefined;

  private constructor(dir: string, signal: AbortSignal | undefined) {
    this.#dir = dir;
    this.#signal = signal;
  }

  /** Throws Failure usage "not-a-repository". */
  static async of(repository: string, signal?: AbortSignal): Promise<BisectRepository> {
    const made = await BisectRepository.#make(signal);
    // The user's own configuration here: it says which repositories of others they trust.
    const args = ["clone", "--quiet", "--bare", "--shared", "--template=", "--", repository];
    const result = await exec("git", [...args, made.#dir], { env: gitEnvironment, signal });
    if (result.exitCode === 0) return made;
    await made[Symbol.asyncDispose]();
    signal?.throwIfAborted();
    throwIfDiskFull(result, `cloning ${repository}`);
    throw new Failure({
      reason: "not-a-repository",
      blame: "usage",
      what: `${repository} is not a git repository that git will read`,
      evidence: result.output.slice(-2048),
      hint: "give --git the folder of a repository on this machine",
    });
  }

  /** A history of empty commits with these subjects, oldest first, for what is not in git. Gives their ids too. */
  static async ofSubjects(
    subjects: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ readonly repository: BisectRepository; readonly commits: readonly string[] }> {
    const repository = await BisectRepository.#make(signal);
    await repository.#must(["init", "--quiet", "--bare", "--template="]);
    const tree = (await repository.#must(["mktree"], { input: "" })).trim();
    const commits: string[] = [];
    for (const subject of subjects) {
      const parent = commits.at(-1);
      const env = Object.fromEntries(
        ["AUTHOR", "COMMITTER"].flatMap((who) => [
          [`GIT_${who}_NAME`, "harness"],
          [`GIT_${who}_EMAIL`, "harness@localhost"],
          [`GIT_${who}_DATE`, "@0 +0000"],
        ]),
      );
      const args = ["commit-tree", tree, ...(parent === undefined ? [] : ["-p", parent])];
      commits.push((await repository.#must(args, { input: subject, env })).trim());
    }
    return { repository, commits };
  }

  static async #make(signal: AbortSignal | undefined): Promise<BisectRepository> {
    return new BisectRepository(await mkdtemp(path.join(os.tmpdir(), "harness-bisect-")), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Begins, or begins anew. */
  async start(bad: string, good: string): Promise<Next> {
    // git bisect wants a HEAD that is there; the user's may name a branch without a commit.
    await this.#must(["update-ref", "--no-deref", "HEAD", bad]);
    return this.#next(["start", "--no-checkout", bad, good]);
  }

  async tell(commit: string, verdict: BisectVerdict): Promise<Next> {
    return this.#next([verdict, commit]);
  }

  /** As `git bisect log` prints it. */
  log(): Promise<string> {
    return this.#must(["bisect", "log"]);
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    const { exitCode } = await this.#git(["merge-base", "--is-ancestor", older, newer]);
    return exitCode === 0;
  }

  async subject(commit: string): Promise<string> {
    return (await this.#must(["log", "-1", "--format=%s", commit, "--"])).trim();
  }

  async parents(commit: string): Promise<readonly string[]> {
    const text = await this.#must(["log", "-1", "--format=%P", commit, "--"]);
    return text.trim().split(" ").filter(Boolean);
  }

  /** A commit's message and which files it changes, for people. */
  show(commit: string): Promise<string> {
    return this.#must(["log", "-1", "--stat", "--format=fuller", "--no-color", commit, "--"]);
  }

  /** The version that a commit's Makefile states. */
  async version(commit: string): Promise<KernelVersion | undefined> {
    const result = await this.#git(["cat-file", "blob", `${commit}:Makefile`]);
    return result.exitCode === 0 ? parseMakefileVersion(result.stdout) : undefined;
  }

  /** What leads from one commit's files to another's, as `git apply` takes it; empty when they are the same. */
  async diff(from: string, to: string): Promise<Uint8Array> {
    // By a file: source files need not be UTF-8, and a string would be.
    const file = path.join(this.#dir, "harness.diff");
    await this.#must([
      ...["diff", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"],
      ...["--no-color", "--src-prefix=a/", "--dst-prefix=b/", `--output=${file}`, from, to, "--"],
    ]);
    return readFile(file);
  }

  async #next(args: readonly string[]): Promise<Next> {
    const result = await this.#git(["bisect", ...args]);
    this.#signal?.throwIfAborted();
    const culprit = /^([0-9a-f]{40,64}) is the first bad commit$/m.exec(result.stdout)?.[1];
    if (result.exitCode === 0 && culprit !== undefined) return { kind: "culprit", commit: culprit };
    if (result.output.includes("only 'skip'ped commits left")) {
      const candidates = [...result.output.matchAll(/^([0-9a-f]{40,64})$/gm)];
      return { kind: "only-skipped", candidates: candidates.map(([id]) => id) };
    }
    if (result.exitCode !== 0) throw gitFailed(["bisect", ...args], result);
    const commit = await this.#must(["rev-parse", "--verify", "BISECT_HEAD"]);
    return { kind: "commit", commit: commit.trim() };
  }

  async #must(args: readonly string[], options: ExecOptions = {}): Promise<string> {
    const result = await this.#git(args, options);
    this.#signal?.throwIfAborted();
    if (result.exitCode !== 0) throw gitFailed(args, result);
    return result.stdout;
  }

  #git(args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return exec("git", [`--git-dir=${this.#dir}`, ...args], {
      ...options,
      cwd: this.#dir,
      env: { ...ownGit, ...options.env },
      signal: this.#signal,
    });
  }
}

function gitFailed(args: readonly string[], result: ExecResult): Failure {
  throwIfDiskFull(result, `git ${args[0] ?? ""}`);
  return new Failure({
    reason: "git-failed",
    blame: "infra",
    what: `git ${args.join(" ")} failed`,
    evidence: result.output.slice(-4096),
    hint: "does `git fsck` find the repository sound?",
  });
}
