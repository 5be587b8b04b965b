import { mkdir } from "node:fs/promises";
import path from "node:path";
import { throwIfDiskFull } from "../disk.ts";
import { exec, type ExecOptions, type ExecResult } from "../exec.ts";
import { Failure } from "../model/failure.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { similarNames } from "../model/similar.ts";
import {
  parseMakefileVersion,
  resolvedSource,
  type ResolvedSource,
  type SourceOptions,
} from "./tree.ts";

/**
 * A revision of a git repository on this machine. It is known by its tree object's id; the files are
 * written out beside the repository's own checkout, index and configuration, none of which is touched.
 * Throws Failure usage "not-a-repository", "unknown-revision", "not-a-kernel-tree".
 */
export async function resolveGit(
  repository: string,
  revision: string,
  spec: string,
  options: SourceOptions,
): Promise<ResolvedSource> {
  if (/^[a-z+]+:\/\//.test(repository) || /^[^/]+@[^/]+:/.test(repository)) {
    throw new Failure({
      reason: "not-a-repository",
      blame: "usage",
      what: `${repository} is not on this machine`,
      hint: `clone it first: git clone --bare ${repository} linux.git; then --kernel git:linux.git#${revision}`,
    });
  }
  const gitDir = await findGitDir(path.resolve(repository), options.signal);
  const git = (args: readonly string[], more: ExecOptions = {}) =>
    exec("git", [`--git-dir=${gitDir}`, ...args], {
      ...more,
      env: { ...gitEnvironment, ...more.env },
      signal: options.signal,
    });
  const commit = await parseRevision(git, `${revision}^{commit}`);
  const tree = await parseRevision(git, `${revision}^{tree}`);
  if (tree === undefined) throw await unknownRevision(git, repository, revision);
  const makefile = await git(["cat-file", "blob", `${tree}:Makefile`]);
  const kconfig = await git(["cat-file", "-e", `${tree}:Kconfig`]);
  options.signal?.throwIfAborted();
  const version = makefile.exitCode === 0 ? parseMakefileVersion(makefile.stdout) : undefined;
  if (!version || kconfig.exitCode !== 0) {
    throw new Failure({
      reason: "not-a-kernel-tree",
      blame: "usage",
      what: `${revision} of ${repository} is not a Linux source tree`,
      evidence: version
        ? "it has no Kconfig"
        : "it has no Makefile that states VERSION and PATCHLEVEL",
      hint: "give a repository of the kernel and a revision in it",
    });
  }
  const name = commit === undefined ? `tree ${tree.slice(0, 12)}` : `commit ${commit.slice(0, 12)}`;
  return resolvedSource(
    {
      spec,
      version,
      identity: `git-tree:${tree}`,
      description: `${formatKernelVersion(version)} from ${repository} at ${revision} (${name})`,
    },
    options,
    async ({ into, scratch, progress }) => {
      progress("writing out the revision's files");
      await mkdir(into, { recursive: true });
      await mkdir(scratch);
      // An index of our own: reading a tree into the repository's would be the user's checkout touched.
      const env = { GIT_INDEX_FILE: path.join(scratch, "index") };
      const settings = [
        "core.bare=false",
        // The files as they are in the repository, whatever this user likes to edit.
        "core.autocrlf=false",
        "core.eol=lf",
        // Both would write into the repository.
        "core.splitIndex=false",
        "core.fsmonitor=false",
      ];
      const args = settings.flatMap((each) => ["-c", each]);
      for (const command of [
        ["read-tree", tree],
        ["checkout-index", "--all", "--force"],
      ]) {
        const result = await git([...args, `--work-tree=${into}`, ...command], { env, cwd: into });
        options.signal?.throwIfAborted();
        if (result.exitCode === 0) continue;
        throwIfDiskFull(result, `writing out ${revision}`);
        throw new Failure({
          reason: "git-failed",
          blame: "infra",
          what: `git could not write out ${revision} of ${repository}`,
          evidence: result.output.slice(-4096),
          hint: "does `git fsck` find the repository sound?",
        });
      }
    },
  );
}

/**
 * The full id of a commit, for a revision of a repository on this machine.
 * Throws Failure usage "not-a-repository", "unknown-revision".
 */
export async function commitId(
  repository: string,
  revision: string,
  signal?: AbortSignal,
): Promise<string> {
  const gitDir = await findGitDir(path.resolve(repository), signal);
  const git: Git = (args) =>
    exec("git", [`--git-dir=${gitDir}`, ...args], { env: gitEnvironment, signal });
  const commit = await parseRevision(git, `${revision}^{commit}`);
  signal?.throwIfAborted();
  if (commit === undefined) throw await unknownRevision(git, repository, revision);
  return commit;
}

/** Nothing of the caller's git environment reaches a repository that the user names, nor is its index refreshed. */
export const gitEnvironment: Readonly<Record<string, string | undefined>> = {
  LC_ALL: "C",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_ALTERNATE_OBJECT_DIRECTORIES: undefined,
  GIT_NAMESPACE: undefined,
  GIT_PREFIX: undefined,
};

type Git = (args: readonly string[], more?: ExecOptions) => Promise<ExecResult>;

async function findGitDir(repository: string, signal: AbortSignal | undefined): Promise<string> {
  const result = await exec("git", ["-C", repository, "rev-parse", "--absolute-git-dir"], {
    env: gitEnvironment,
    signal,
  });
  signal?.throwIfAborted();
  if (result.exitCode === 0) return result.stdout.trimEnd();
  if (result.spawnError !== undefined) {
    throw new Failure({
      reason: "git-missing",
      blame: "infra",
      what: "git is not installed",
      hint: "run `harness doctor` to see what is missing",
    });
  }
  throw new Failure({
    reason: "not-a-repository",
    blame: "usage",
    what: `${repository} is not a git repository that git will read`,
    evidence: result.output.slice(-2048),
    hint: "give --kernel git:<folder of the repository>#<revision>",
  });
}

async function parseRevision(git: Git, revision: string): Promise<string | undefined> {
  const result = await git(["rev-parse", "--verify", "--quiet", "--end-of-options", revision]);
  return result.exitCode === 0 ? result.stdout.trim() : undefined;
}

async function unknownRevision(git: Git, repository: string, revision: string): Promise<Failure> {
  const refs = await git(["for-each-ref", "--format=%(refname:short)"]);
  const names = refs.stdout.split("\n").filter(Boolean);
  const close = similarNames(revision, names);
  return new Failure({
    reason: "unknown-revision",
    blame: "usage",
    what: `${repository} has no revision "${revision}"`,
    hint:
      close.length > 0
        ? `did you mean ${close.join(", ")}?`
        : `it has ${names.length} branches and tags: git -C ${repository} for-each-ref`,
  });
}
