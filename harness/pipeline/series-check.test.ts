import test from "ava";
import { rm } from "node:fs/promises";
import type { ResolvedSource } from "../source.ts";
import { temporaryDir, writeFiles } from "../testing/tree.ts";
import { kernelVersion } from "../testing/versions.ts";
import { checkSeries } from "./series-check.ts";

const context = { emit: () => undefined, signal: new AbortController().signal };

/** A source whose tree has just what is given. */
async function sourceOf(text: string, files: Readonly<Record<string, string>>) {
  const dir = await temporaryDir();
  await writeFiles(dir, files);
  const known = {
    version: kernelVersion(text),
    identity: "x",
    description: "x",
    spec: `dir:${dir}`,
  };
  const source: ResolvedSource = { ...known, tree: () => Promise.resolve({ ...known, dir }) };
  return { dir, source };
}

test("a kernel that no folder serves, and one whose files are others", async (t) => {
  const old = await sourceOf("4.19", {});
  const other = await sourceOf("6.12.1", { "kernel/exit.c": "int nothing_like_it;\n" });
  t.teardown(async () => {
    await rm(old.dir, { recursive: true });
    await rm(other.dir, { recursive: true });
  });
  const [missing, ...more] = await checkSeries(old.source, ["wait6"], context);
  t.is(missing?.state, "missing");
  t.deepEqual(more, []);
  const [broken, ...mutants] = await checkSeries(other.source, ["wait6"], context);
  t.is(broken?.state, "broken");
  t.is(broken?.failure?.reason, "patch-does-not-apply");
  // What a broken series' mutants do says nothing.
  t.deepEqual(mutants, []);
});
