import test from "ava";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeKernelTree, mustRun, temporaryDir } from "../testing/tree.ts";
import { fixesFor } from "./fixes.ts";

const fix = (from: string, to: string) =>
  `diff --git a/kernel/pid.c b/kernel/pid.c\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n@@ -1 +1 @@\n-${from}\n+${to}\n`;

test("the fixes of an architecture are those of its folder that apply and are lacking", async (t) => {
  const root = await temporaryDir();
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const tree = await makeKernelTree(path.join(root, "tree"));
  for (const name of ["arm", "arm64", "sparc", "x86"])
    await mkdir(path.join(tree, "arch", name), { recursive: true });
  const dir = path.join(root, "fixes");
  await mkdir(dir);
  for (const name of ["arm-one", "arm64-one", "sparc-b", "sparc-a", "x86-one"])
    await writeFile(path.join(dir, `${name}.patch`), fix("int pid;", "int mended;"));
  await writeFile(path.join(dir, "sparc-old.patch"), fix("int older;", "int mended;"));

  const found = async (arch: string) =>
    (await fixesFor(arch, tree, { dir })).map((file) => path.relative(dir, file));
  t.deepEqual(await found("sparc64"), ["sparc-a.patch", "sparc-b.patch"]);
  t.deepEqual(await found("arm64"), ["arm64-one.patch"]);
  t.deepEqual(await found("arm"), ["arm-one.patch"]);
  t.deepEqual(await found("x86_64"), ["x86-one.patch"]);
  t.deepEqual(await found("mips"), []);

  await mustRun("git", ["apply", path.join(dir, "sparc-a.patch")], tree);
  t.deepEqual(await found("sparc64"), []);
});
