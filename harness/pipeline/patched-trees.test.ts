import test from "ava";
import { existsSync } from "node:fs";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { filesOf, patchSet, type Series } from "../series.ts";
import { makeKernelTree, temporaryDir, useOwnCache } from "../testing/tree.ts";
import { PatchedTrees } from "./patched-trees.ts";

const context = { emit: () => undefined, signal: new AbortController().signal };

async function planned(to: string, from = "int pid;") {
  const name = "0001-test.patch";
  const diff = Buffer.from(
    `diff --git a/kernel/pid.c b/kernel/pid.c\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n@@ -1 +1 @@\n-${from}\n+${to}\n`,
  );
  const set = patchSet([{ name, subject: "test", diff, files: await filesOf(diff, name) }], "test");
  return { series: { name: "tested" } as Series, set };
}

test.serial(
  "a tree is patched once for all that want it, and gone with its last user",
  async (t) => {
    const dir = await temporaryDir();
    useOwnCache(t, dir);
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    const sources = path.join(dir, "cache/harness/sources");
    const trees = new PatchedTrees();
    const tree = async (name: string) => {
      const made = await makeKernelTree(path.join(dir, name));
      return { identity: name, dir: () => Promise.resolve(made) };
    };
    const [one, other] = [await tree("one"), await tree("other")];
    const found = await Promise.all([
      trees.of(one, await planned("int first;"), context),
      trees.of(one, await planned("int first;"), context),
      trees.of(one, await planned("int second;"), context),
      trees.of(other, await planned("int first;"), context),
    ]);
    const [first, again, second, elsewhere] = found.map((each) => each.dir);
    t.is(first, again);
    t.is(new Set([first, second, elsewhere]).size, 3);
    const texts = found.map(({ dir: place }) => readFile(path.join(place, "kernel/pid.c"), "utf8"));
    t.deepEqual(await Promise.all(texts), [
      ...["int first;\n", "int first;\n", "int second;\n", "int first;\n"],
    ]);
    t.is((await readdir(sources)).length, 3);

    await trees.remove("one");
    t.deepEqual(
      found.map(({ dir: place }) => existsSync(place)),
      [false, false, false, true],
    );
    await trees[Symbol.asyncDispose]();
    t.deepEqual(await readdir(sources), []);

    // What does not apply is told to all, and tried again once the tree is another.
    const broken = await planned("int third;", "int number;");
    const wanted = { instanceOf: Failure, message: /does not apply/ };
    await t.throwsAsync(trees.of(one, broken, context), wanted);
    await writeFile(path.join(dir, "one/kernel/pid.c"), "int number;\n");
    t.deepEqual((await trees.of(one, broken, context)).touched, ["kernel/pid.c"]);
    await trees[Symbol.asyncDispose]();
    t.deepEqual(await readdir(sources), []);
  },
);
