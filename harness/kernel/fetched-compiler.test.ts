import test from "ava";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { temporaryDir } from "../testing/tree.ts";
import { wrapAll } from "./fetched-compiler.ts";

/** Says how it was started, as the loader of a C library would be. */
const loader = '#!/bin/sh\necho "$GCC_EXEC_PREFIX" "$@"\n';

test("each program of a fetched compiler is started by its own loader, wherever the folder went", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const made = path.join(dir, "making");
  const cc1 = "usr/libexec/gcc/x86_64-linux-gnu/77/cc1";
  for (const [file, text] of [
    ["usr/a-linux-gnu/lib/ld-linux.so.2", "not a program of this machine"],
    ["usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", loader],
    ["usr/a-linux-gnu/bin/as", "not a program that could run here"],
    ["usr/bin/gcc-77", ""],
    [cc1, ""],
    ["usr/libexec/gcc/x86_64-linux-gnu/77/liblto_plugin.so", ""],
  ] as const) {
    await mkdir(path.dirname(path.join(made, file)), { recursive: true });
    await writeFile(path.join(made, file), text);
    await chmod(path.join(made, file), 0o755);
  }
  await wrapAll(made, "gcc-77");
  const root = path.join(dir, "a folder's name");
  await rename(made, root);
  const said = async (file: string) => {
    const { stdout, output, exitCode } = await exec(path.join(root, file), ["-c", "a b.c"]);
    t.is(exitCode, 0, output);
    // With the ways back out taken: "bin/../usr" is "usr".
    return stdout
      .trim()
      .replaceAll(root, "ROOT")
      .replaceAll(/\/(?:usr\/libexec\/gcc\/x86_64-linux-gnu\/77|bin)(?:\/\.\.)+/g, "");
  };
  const as = await readFile(path.join(root, "usr/a-linux-gnu/bin/as"), "utf8");
  t.is(as, '#!/bin/sh\nexec a-linux-gnu-as "$@"\n', "the host's");
  const libraries = "ROOT/usr/lib/x86_64-linux-gnu:ROOT/lib/x86_64-linux-gnu";
  t.is(
    await said("bin/gcc-77"),
    `ROOT/usr/lib/gcc/ --library-path ${libraries} ROOT/usr/bin/gcc-77 -fno-use-linker-plugin -c a b.c`,
  );
  t.is(await said(cc1), `--library-path ${libraries} ROOT/${cc1}.program -c a b.c`);
});

test("packages without a C library are no compiler that could be started", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await mkdir(path.join(dir, "usr/bin"), { recursive: true });
  await writeFile(path.join(dir, "usr/bin/gcc-77"), "");
  await t.throwsAsync(wrapAll(dir, "gcc-77"), { message: /no loader among \d+ files/ });
});
