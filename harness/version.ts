import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "./exec.ts";
import { projectDir } from "./paths.ts";

/**
 * The harness's version, such as "0.1.0 (3638e58)": package.json's, and in a checkout the commit,
 * with "-dirty" when files differ from it.
 */
export async function harnessVersion(dir = projectDir): Promise<string> {
  const text = await readFile(path.join(dir, "package.json"), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  // Without this check a copy without .git inside another repository would name that one's commit.
  if (!existsSync(path.join(dir, ".git"))) return version;
  // Without optional locks: `git describe --dirty` takes the index's lock, and leaves it when it is killed.
  const git = (...args: readonly string[]) =>
    exec("git", ["--no-optional-locks", "-C", dir, ...args]);
  const head = await git("rev-parse", "--short", "HEAD");
  const status = await git("status", "--porcelain", "--untracked-files=no");
  if (head.exitCode !== 0 || status.exitCode !== 0) return version;
  const isDirty = status.stdout.trim() !== "";
  return `${version} (${head.stdout.trim()}${isDirty ? "-dirty" : ""})`;
}
