import path from "node:path";
import { makeKernelTree, mustRun, temporaryDir, writeFiles } from "./tree.ts";

/** A repository with three commits on a kernel tree, and what format-patch makes of them. */
export async function commits() {
  const dir = await temporaryDir();
  const repo = await makeKernelTree(path.join(dir, "linux"));
  const git = (...args: string[]) => mustRun("git", args, repo);
  await git("init", "-q");
  await git("add", ".");
  await git("commit", "-qm", "base");
  for (const n of [1, 2, 3]) {
    await writeFiles(repo, { [`kernel/new${n}.c`]: `int new${n}; /* Grüße */\n` });
    await git("add", ".");
    await git("commit", "-qm", `kernel: add new${n}, with an ü`);
  }
  const format = (...args: string[]) => git("format-patch", "--cover-letter", ...args, "HEAD~3");
  const cover = (text: string) =>
    text.replace("*** SUBJECT HERE ***", "kernel: news of three kinds");
  return { dir, git, format, cover };
}
