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
  const git = await exec("git", ["-C", dir, "describe", "--always", "--dirty", "--exclude=*"]);
  const commit = git.stdout.trim();
  return git.exitCode === 0 && commit !== "" ? `${version} (${commit})` : version;
}
