import path from "node:path";
import { mustRun, writeFiles } from "./tree.ts";

/** The files that a commit writes: path below the tree -> content. */
export type CommitFiles = Readonly<Record<string, string>>;

/** Makes a folder a git repository whose first commit is what it holds, and adds these. Gives all ids, oldest first. */
export async function makeHistory(
  tree: string,
  commits: readonly CommitFiles[],
): Promise<readonly string[]> {
  await mustRun("git", ["init", "--quiet", "--initial-branch=main", tree]);
  const ids = [await commit(tree, "the first")];
  for (const [index, files] of commits.entries()) {
    await writeFiles(tree, files);
    ids.push(await commit(tree, `commit ${index + 1}`));
  }
  return ids;
}

/** All that a user could find changed in a repository. */
export async function stateOf(tree: string): Promise<string> {
  const commands = [["for-each-ref"], ["status", "--porcelain"], ["rev-parse", "HEAD"]];
  const said = await Promise.all(commands.map((each) => mustRun("git", ["-C", tree, ...each])));
  const files = await mustRun("find", [path.join(tree, ".git"), "-maxdepth", "1"]);
  return [...said, files].join("\n");
}

async function commit(tree: string, subject: string): Promise<string> {
  await mustRun("git", ["-C", tree, "add", "--all"]);
  await mustRun("git", ["-C", tree, "commit", "--quiet", "--allow-empty", "-m", subject]);
  return (await mustRun("git", ["-C", tree, "rev-parse", "HEAD"])).trim();
}
