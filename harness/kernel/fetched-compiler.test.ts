import test from "ava";
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { temporaryDir } from "../testing/tree.ts";
import m68k from "../arch/m68k.ts";
import sh4 from "../arch/sh4.ts";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { fakeApt, fakeTool } from "../testing/fake-apt.ts";
import { withCompilers, wrapTools } from "./fetched-compiler.ts";

/** Says how it was started, as the loader of a C library would be. */
const loader = '#!/bin/sh\necho "$GCC_EXEC_PREFIX" "$@"\n';

test("each program of a fetched compiler is started by its own loader, wherever the folder went", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const made = path.join(dir, "making");
  const cc1 = "usr/libexec/gcc/x86_64-linux-gnu/77/cc1";
  for (const [file, text] of [
    ["usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", loader],
    ["usr/bin/gcc-77", ""],
    [cc1, ""],
    ["usr/libexec/gcc/x86_64-linux-gnu/77/liblto_plugin.so", ""],
  ] as const) {
    await mkdir(path.dirname(path.join(made, file)), { recursive: true });
    await writeFile(path.join(made, file), text);
    await chmod(path.join(made, file), 0o755);
  }
  await wrapTools(made, "", "gcc-77");
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
  await t.throwsAsync(wrapTools(dir, "", "gcc-77"), { message: /no loader among \d+ files/ });
});

test("cross tools of another release start each other, with the libraries that came with them", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const root = path.join(dir, "a folder's name");
  const cc1 = "usr/libexec/gcc-cross/sh4-linux-gnu/77/cc1";
  for (const [file, text] of [
    ["usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", loader],
    ["usr/sh4-linux-gnu/lib/ld-linux.so.2", "not a program of this machine"],
    ["usr/sh4-linux-gnu/bin/as", "not a program that could run here"],
    ["usr/sh4-linux-gnu/lib/libc.a", "its C library"],
    ["usr/sh4-linux-gnu/lib/libm.so", "\x7fELF /usr/sh4-linux-gnu/lib/"],
    [
      "usr/sh4-linux-gnu/lib/libc.so",
      "/* GNU ld script */ GROUP ( /usr/sh4-linux-gnu/lib64/ld.so /usr/sh4-linux-gnu/lib/libc.so.6 )",
    ],
    ["usr/bin/sh4-linux-gnu-gcc", ""],
    ["usr/bin/sh4-linux-gnu-as", ""],
    ["usr/bin/perl", "nobody's business"],
    ["usr/lib/gcc-cross/sh4-linux-gnu/77/libgcc.a", ""],
    [cc1, ""],
  ] as const) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
    await chmod(path.join(root, file), 0o755);
  }
  await wrapTools(root, "sh4-linux-gnu-", "sh4-linux-gnu-gcc");
  t.deepEqual((await readdir(path.join(root, "bin"))).sort(), [
    "sh4-linux-gnu-as",
    "sh4-linux-gnu-gcc",
  ]);
  const text = (file: string) => readFile(path.join(root, "usr/sh4-linux-gnu/lib", file), "utf8");
  t.is(await text("libc.so"), "/* GNU ld script */ GROUP ( ld.so libc.so.6 )", "found where it is");
  t.is(await text("libm.so"), "\x7fELF /usr/sh4-linux-gnu/lib/", "no script");
  const libraries = "ROOT/usr/lib/x86_64-linux-gnu:ROOT/lib/x86_64-linux-gnu";
  const said = async (file: string) => {
    const { stdout, output, exitCode } = await exec(path.join(root, file), ["x.c"]);
    t.is(exitCode, 0, output);
    const ways = /\/(?:usr\/sh4-linux-gnu\/bin\/\.\.\/\.\.\/\.\.\/bin|bin)(?:\/\.\.)+/g;
    return stdout.trim().replaceAll(root, "ROOT").replaceAll(ways, "");
  };
  t.is(
    await said("bin/sh4-linux-gnu-gcc"),
    `ROOT/usr/lib/gcc-cross/ --library-path ${libraries} ROOT/usr/bin/sh4-linux-gnu-gcc x.c`,
  );
  // What gcc starts as its assembler is the one that came with it.
  t.regex(await said("usr/sh4-linux-gnu/bin/as"), /ROOT\/usr\/bin\/sh4-linux-gnu-as x\.c$/);
});

test.serial(
  "a cross compiler that is new enough stays; one that is not is never taken",
  async (t) => {
    const dir = await temporaryDir();
    const before = { PATH: process.env["PATH"], XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] };
    t.teardown(async () => {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      await rm(dir, { recursive: true });
    });
    const bin = path.join(dir, "bin");
    const says = (version: string) =>
      fakeTool(bin, "sh4-linux-gnu-gcc", `echo "gcc (X) ${version}"`);
    await fakeApt(bin, []);
    await says("14.2.0");
    process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
    process.env["PATH"] = `${bin}:${before.PATH ?? ""}`;
    const events: Event[] = [];
    const emit = (event: Event) => void events.push(event);
    t.is(await withCompilers(sh4, { emit }), sh4);
    t.is(await withCompilers(m68k, { emit }), m68k, "any will do there");
    t.deepEqual(events, []);
    await says("12.2.0");
    // What a tool says is asked once for each PATH.
    process.env["PATH"] = `${bin}/.:${before.PATH ?? ""}`;
    const failure = await t.throwsAsync(withCompilers(sh4, { emit }), { instanceOf: Failure });
    t.is(`${failure.blame} ${failure.reason}`, "infra too-old");
  },
);
