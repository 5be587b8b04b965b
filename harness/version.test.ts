import test from "ava";
import { readFile, rm, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "./exec.ts";
import { temporaryDir } from "./testing/tree.ts";
import { harnessVersion } from "./version.ts";

test("the version names the commit, and says when files differ from it", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const git = async (...args: string[]) => {
    const who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
    const { exitCode, stdout, output } = await exec("git", ["-C", dir, ...who, ...args]);
    if (exitCode !== 0) throw new Error(output);
    return stdout.trim();
  };
  const file = path.join(dir, "package.json");
  await writeFile(file, '{ "version": "7.8.9" }\n');
  t.is(await harnessVersion(dir), "7.8.9");
  await git("init", "--quiet");
  t.is(await harnessVersion(dir), "7.8.9", "nothing is committed yet");
  await git("add", "package.json");
  await git("commit", "--quiet", "-m", "one");
  const commit = await git("rev-parse", "--short", "HEAD");
  t.is(await harnessVersion(dir), `7.8.9 (${commit})`);
  // Touched, but the same: git would write that into its index, whose lock must not be taken.
  const index = () => readFile(path.join(dir, ".git/index"));
  const before = await index();
  await utimes(file, 1, 1);
  t.is(await harnessVersion(dir), `7.8.9 (${commit})`);
  t.deepEqual(await index(), before);
  await writeFile(file, '{ "version": "7.9.0" }\n');
  t.is(await harnessVersion(dir), `7.9.0 (${commit}-dirty)`);
});
