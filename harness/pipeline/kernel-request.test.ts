import test from "ava";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import x86 from "../arch/x86_64.ts";
import { mergeFragments, parseSetting } from "../kconfig.ts";
import { buildKernel } from "../kernel/build.ts";
import { Failure } from "../model/failure.ts";
import { filesOf, patchSet, type Series } from "../series.ts";
import { Rig } from "../testing/rig.ts";
import { good } from "../testing/runs.ts";
import { useOwnCache } from "../testing/tree.ts";
import { kernelRequest } from "./kernel-request.ts";
import { PatchedTrees } from "./patched-trees.ts";
import type { Plan } from "./plan.ts";

function planOf(rig: Rig, setting: string): Plan {
  return {
    ...{ arch: x86, toolchain: { identity: "test", makeVariables: [] }, jobs: 1 },
    ...{ options: mergeFragments([parseSetting(setting)]), ccache: false, timeoutScale: 1 },
    source: { identity: "tree", tree: () => Promise.resolve({ dir: rig.tree }) },
  } as unknown as Plan;
}

test.serial(
  "a patched tree that an earlier kernel was built from is newer than the next one's objects",
  async (t) => {
    const rig = await Rig.make(good);
    useOwnCache(t, rig.dir);
    t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
    const name = "0001-test.patch";
    const diff = await readFile(await rig.patch("tested", "kernel/pid.c", "int patched;\n"));
    const set = patchSet(
      [{ name, subject: "test", diff, files: await filesOf(diff, name) }],
      "test",
    );
    const planned = { series: { name: "tested" } as Series, set };
    await using patchedTrees = new PatchedTrees();
    const context = { emit: () => undefined, signal: new AbortController().signal, patchedTrees };
    const images: string[] = [];
    // As two architectures of one matrix: other kernels of one tree.
    for (const setting of ["CONFIG_ONE=y", "CONFIG_OTHER=y"]) {
      const plan = planOf(rig, setting);
      for (const series of [undefined, planned]) {
        const request = { ...kernelRequest(plan, context, series), progress: () => undefined };
        images.push(await readFile((await buildKernel(request)).image, "utf8"));
      }
    }
    t.deepEqual(
      images.map((image) => /int p.*/.exec(image)?.[0]),
      ["int pid;", "int patched;", "int pid;", "int patched;"],
    );
  },
);

test.serial("each kernel that does not build keeps its own log", async (t) => {
  const rig = await Rig.make(good);
  useOwnCache(t, rig.dir);
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  await using patchedTrees = new PatchedTrees();
  const context = { emit: () => undefined, signal: new AbortController().signal, patchedTrees };
  const logs: string[] = [];
  for (const word of ["ONE", "OTHER"]) {
    await writeFile(path.join(rig.tree, "kernel/pid.c"), `#error ${word}\n`);
    const request = kernelRequest(planOf(rig, `CONFIG_${word}=y`), context);
    const failure = await t.throwsAsync(buildKernel({ ...request, progress: () => undefined }), {
      instanceOf: Failure,
    });
    t.is(failure.reason, "build-failed");
    logs.push(/the whole build log is (\S+)/.exec(failure.hint ?? "")?.[1] ?? "");
    await writeFile(path.join(rig.tree, "kernel/also.c"), "int also;\n");
  }
  const [one = "", other = ""] = await Promise.all(logs.map((log) => readFile(log, "utf8")));
  t.regex(one, /pid\.c:1:2: error/);
  t.notRegex(one, /also\.c/);
  t.regex(other, /also\.c/);
});
