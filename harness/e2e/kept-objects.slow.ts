import test from "ava";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { cacheDir, projectDir } from "../paths.ts";

/**
 * A kernel with a system call more, once made of the baseline's objects as far as they are kept, and
 * once from nothing: both are the same, byte by byte.
 */
const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";
const arch = process.env["HARNESS_E2E_ARCH"] ?? "x86_64";

test("a kernel of kept objects is the kernel that is made from nothing", async (t) => {
  await mkdir(path.join(cacheDir(), "sources"), { recursive: true });
  // Nothing is built yet in this cache; the source need not come again.
  const cache = await mkdtemp(path.join(path.dirname(cacheDir()), "harness-e2e-"));
  t.teardown(() => rm(cache, { recursive: true, force: true }));
  await mkdir(path.join(cache, "harness"));
  await symlink(path.join(cacheDir(), "sources"), path.join(cache, "harness/sources"));

  const build = async (label: string, ...args: string[]) => {
    const bin = path.join(projectDir, "build/harness/bin.js");
    const command = [bin, "build", "--arch", arch, "--kernel", kernel, ...args];
    const result = await exec(process.execPath, command, { env: { XDG_CACHE_HOME: cache } });
    const image = new RegExp(`^${label}: (\\S+)`, "m").exec(result.stdout)?.[1];
    if (result.exitCode !== 0 || image === undefined) throw new Error(result.output);
    const log = await readFile(path.join(path.dirname(image), "build.log"), "utf8");
    return {
      sha256: createHash("sha256")
        .update(await readFile(image))
        .digest("hex"),
      compiled: log.match(/^ {2}CC {6}/gm)?.length ?? 0,
      said: /^harness: .*$/m.exec(log)?.[0] ?? "",
    };
  };
  const kept = await build("wait6", "--series", "wait6");
  // Of a baseline with the series, the objects are nobody's copy; a patch has to be there, too.
  const patch = path.join(cache, "nothing.patch");
  await writeFile(patch, "--- /dev/null\n+++ b/nothing\n@@ -0,0 +1 @@\n+nothing\n");
  const made = await build("baseline", "--on", "wait6", "--patch", patch);
  t.log(`${kept.said}: compiled ${kept.compiled} rather than ${made.compiled}`);
  t.is(kept.sha256, made.sha256);
  t.true(kept.compiled * 3 < made.compiled, "most objects are kept");
});
