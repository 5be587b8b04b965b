import { appendFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { Rig } from "../testing/rig.ts";
import { good } from "../testing/runs.ts";
import { mustRun } from "../testing/tree.ts";

test("of a git repository without a revision, the commit is taken that the series is made for", async (t) => {
  const rig = await Rig.make(good);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const git = (...args: string[]) => mustRun("git", args, rig.tree);
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "-m", "old");
  const base = (await git("rev-parse", "HEAD")).trim();
  await appendFile(path.join(rig.tree, "kernel/pid.c"), "int mine;\n");
  await git("commit", "--quiet", "-a", "-m", "mine");
  const patch = path.join(rig.dir, "p.patch");
  await writeFile(patch, await git("format-patch", "--stdout", `--base=${base}`, base));
  // Upstream has moved on, and the series does not apply any more.
  await git("reset", "--quiet", "--hard", base);
  await writeFile(path.join(rig.tree, "kernel/pid.c"), "int other;\n");
  await git("commit", "--quiet", "-a", "-m", "new");
  const source = async (kernel: string) => {
    rig.kernel = kernel;
    const { output } = await rig.run("--patch", patch, "--dry-run");
    return output;
  };
  const short = base.slice(0, 12);
  t.true((await source(`git:${rig.tree}`)).includes(short));
  t.false((await source(`git:${rig.tree}#HEAD`)).includes(short));
});
