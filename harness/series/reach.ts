import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { Failure } from "../model/failure.ts";

/** git outside of any repository, with nobody's configuration: what a patch means depends on it alone. */
export const plainGit: Readonly<Record<string, string | undefined>> = {
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
};

/**
 * The files that a diff changes, adds or removes, as git itself reads it.
 * Throws Failure usage "not-a-patch" (with git's words) and "patch-writes-outside" for a patch
 * that would reach out of the tree: by a path, or by a symbolic link that it makes.
 */
export async function filesOf(
  diff: Uint8Array,
  name: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const result = await exec("git", ["apply", "--numstat", "-z", "-"], {
    cwd: os.tmpdir(),
    env: { ...plainGit, GIT_CEILING_DIRECTORIES: path.dirname(os.tmpdir()) },
    input: diff,
    signal,
  });
  signal?.throwIfAborted();
  if (result.spawnError !== undefined) throw gitMissing();
  const files = result.stdout
    .split("\0")
    .filter(Boolean)
    .map((entry) => entry.split("\t").slice(2).join("\t"));
  // Before git's verdict: it refuses such paths too, but without saying what that means.
  const text = Buffer.from(diff).toString("latin1");
  // git's list has a renamed file's new name only.
  const sources = [...text.matchAll(/^(?:rename|copy) from "?(.*?)"?$/gm)].map(([, from]) => from);
  const outside =
    [...files, ...sources].find((each) => each !== undefined && leavesTree(each)) ??
    /error: invalid path '(.*)'/.exec(result.output)?.[1];
  if (outside !== undefined) throw writesOutside(name, `it names the file ${outside}`);
  if (result.exitCode !== 0 || files.length === 0) {
    throw new Failure({
      reason: "not-a-patch",
      blame: "usage",
      what: `${name} is not a patch that git can read`,
      evidence: result.output.trim() || "it changes no file",
      hint: "was it cut off, or changed by a mail program? take it from `git format-patch` or from lore's raw view",
    });
  }
  const trick = outsideLink(text);
  if (trick !== undefined) throw writesOutside(name, trick);
  return files;
}

export function gitMissing(): Failure {
  return new Failure({
    reason: "git-missing",
    blame: "infra",
    what: "git is not installed",
    hint: "run `harness doctor` to see what is missing",
  });
}

function writesOutside(name: string, evidence: string): Failure {
  return new Failure({
    reason: "patch-writes-outside",
    blame: "usage",
    what: `${name} reaches out of the kernel tree and is refused`,
    evidence,
    hint: "a patch of the kernel changes files below its top folder only (-p1 paths)",
  });
}

/** Whether a path is absolute, climbs out with .., or lies in a repository's own folder. */
function leavesTree(name: string): boolean {
  return (
    path.isAbsolute(name) || name.split("/").some((part) => part === ".." || /^\.git$/i.test(part))
  );
}

/** What a link that the diff makes points to, when that is outside of the tree. */
function outsideLink(diff: string): string | undefined {
  for (const section of diff.split(/^(?=diff --git )/m)) {
    if (!/^(?:new file mode|new mode|index [0-9a-f.]+) 120000$/m.test(section)) continue;
    const name = /^\+\+\+ "?b\/(.*?)"?$/m.exec(section)?.[1];
    const target = /^\+(?!\+\+ )(.*)$/m.exec(section)?.[1];
    if (name === undefined || target === undefined) continue;
    const place = path.posix.normalize(path.posix.join(path.posix.dirname(name), target));
    if (path.posix.isAbsolute(target) || place === ".." || place.startsWith("../"))
      return `it makes ${name} a link to ${target}`;
  }
  return undefined;
}
