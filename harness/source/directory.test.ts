import test from "ava";
import { readFile, readdir, rm, stat, symlink, writeFile, chmod } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { resolveSource } from "../source.ts";
import { makeKernelTree, mustRun, temporaryDir, writeFiles } from "../testing/tree.ts";

const serial = test.serial;
const options = { emit: () => undefined };

async function setUp() {
  const dir = await temporaryDir();
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  const tree = await makeKernelTree(path.join(dir, "my linux"), "6.9.4");
  const resolve = () => resolveSource(`dir:${tree}`, options);
  return { dir, tree, resolve };
}

serial(
  "a folder is known by its content: every change counts, and changing back too",
  async (t) => {
    const { tree, resolve } = await setUp();
    const first = await resolve();
    t.is(first.version.minor, 9);
    t.is((await resolve()).identity, first.identity);
    const file = path.join(tree, "kernel/exit.c");
    const original = await readFile(file, "utf8");
    const seen = new Set([first.identity]);
    const changes: (() => Promise<void>)[] = [
      () => writeFile(file, original.replace("line 7", "LINE 7")),
      () => writeFile(path.join(tree, "kernel/new.c"), ""),
      () => rm(path.join(tree, "kernel/pid.c")),
      () => chmod(file, 0o755),
      () => symlink("exit.c", path.join(tree, "kernel/link.c")),
    ];
    for (const change of changes) {
      await change();
      const { identity } = await resolve();
      t.false(seen.has(identity));
      seen.add(identity);
    }
    await writeFile(file, original);
    await chmod(file, 0o644);
    await rm(path.join(tree, "kernel/new.c"));
    await rm(path.join(tree, "kernel/link.c"));
    await writeFile(path.join(tree, "kernel/pid.c"), "int pid;\n");
    t.is((await resolve()).identity, first.identity);
  },
);

serial("what is remembered of a file is only used while the file is the same", async (t) => {
  const { dir, tree, resolve } = await setUp();
  // Old enough to be remembered.
  await new Promise((done) => setTimeout(done, 2100));
  const first = await resolve();
  t.is((await resolve()).identity, first.identity);
  const file = path.join(tree, "kernel/pid.c");
  const { ino, size, mtimeMs } = await stat(file);
  await mustRun("cp", ["--preserve=timestamps", file, path.join(dir, "times")]);
  await writeFile(file, "int PID;\n");
  // To the nanosecond, so that only the inode's change time tells.
  await mustRun("touch", [`--reference=${path.join(dir, "times")}`, file]);
  t.like(await stat(file), { ino, size, mtimeMs });
  t.not((await resolve()).identity, first.identity);
});

serial("the build gets a copy: later edits and the user's folder stay apart", async (t) => {
  const { tree, resolve } = await setUp();
  await chmod(path.join(tree, "kernel/pid.c"), 0o755);
  await symlink("exit.c", path.join(tree, "kernel/link.c"));
  const before = await mustRun("find", [tree, "-printf", "%p %T@ %m %n\n"]);
  const copy = await (await resolve()).tree();
  t.not(copy.dir, tree);
  t.is(await mustRun("diff", ["-r", "--no-dereference", tree, copy.dir]), "");
  t.is((await stat(path.join(copy.dir, "kernel/pid.c"))).mode & 0o111, 0o111);
  t.is(await mustRun("find", [tree, "-printf", "%p %T@ %m %n\n"]), before);
  const file = path.join(copy.dir, "kernel/exit.c");
  await writeFile(path.join(tree, "kernel/exit.c"), "edited\n");
  t.regex(await readFile(file, "utf8"), /^line 1;/);
  // The next copy shares what did not change with this one, and nothing with the user's folder.
  const next = await (await resolve()).tree();
  t.is(await readFile(path.join(next.dir, "kernel/exit.c"), "utf8"), "edited\n");
  t.is(
    (await stat(path.join(next.dir, "Makefile"))).ino,
    (await stat(path.join(copy.dir, "Makefile"))).ino,
  );
  t.not(
    (await stat(path.join(next.dir, "Makefile"))).ino,
    (await stat(path.join(tree, "Makefile"))).ino,
  );
  t.regex(await readFile(file, "utf8"), /^line 1;/);
});

serial("a file that changes between look and copy is noticed", async (t) => {
  const { tree, resolve } = await setUp();
  const resolved = await resolve();
  await writeFile(path.join(tree, "kernel/pid.c"), "int other;\n");
  const failure = await t.throwsAsync(resolved.tree(), { instanceOf: Failure });
  t.is(failure.reason, "source-changed");
  t.regex(failure.what, /kernel\/pid\.c changed/);
});

serial(
  "of a git checkout the ignored files stay out, new ones count, and git's index is not touched",
  async (t) => {
    const { tree, resolve } = await setUp();
    await writeFiles(tree, { ".gitignore": "*.o\n.config\n/include/config/\n" });
    await mustRun("git", ["init", "-q"], tree);
    await mustRun("git", ["add", "."], tree);
    await mustRun("git", ["commit", "-qm", "all"], tree);
    const clean = await resolve();
    await writeFiles(tree, {
      ".config": "CONFIG_X=y\n",
      "kernel/exit.o": "x",
      "include/config/a": "",
    });
    t.is((await resolve()).identity, clean.identity);
    await writeFiles(tree, { "kernel/untracked.c": "int a;\n" });
    await rm(path.join(tree, "kernel/pid.c"));
    const index = await readFile(path.join(tree, ".git/index"));
    const changed = await resolve();
    t.not(changed.identity, clean.identity);
    const copy = await changed.tree();
    t.deepEqual((await readdir(path.join(copy.dir, "kernel"))).sort(), ["exit.c", "untracked.c"]);
    t.false((await readdir(copy.dir)).includes(".git"));
    t.deepEqual(await readFile(path.join(tree, ".git/index")), index);
  },
);

serial("a tree built in place without git is refused, with what to do", async (t) => {
  const { tree, resolve } = await setUp();
  await writeFiles(tree, { ".config": "CONFIG_X=y\n", "arch/x86/include/generated/a.h": "" });
  const failure = await t.throwsAsync(resolve(), { instanceOf: Failure });
  t.is(failure.reason, "unclean-tree");
  t.is(failure.blame, "usage");
  t.regex(failure.evidence ?? "", /\.config, arch\/x86\/include\/generated/);
  t.regex(failure.hint ?? "", /make mrproper/);
});

serial("a folder that is no kernel tree is the user's fault", async (t) => {
  const { dir, tree } = await setUp();
  const nothing = await t.throwsAsync(resolveSource(`dir:${dir}/none`, options), {
    instanceOf: Failure,
  });
  t.is(nothing.reason, "not-a-kernel-tree");
  t.is(nothing.blame, "usage");
  await rm(path.join(tree, "Kconfig"));
  const failure = await t.throwsAsync(resolveSource(`dir:${tree}`, options), {
    instanceOf: Failure,
  });
  t.is(failure.evidence, "missing there: Kconfig");
  await writeFiles(tree, { Kconfig: "", Makefile: "all:\n" });
  const makefile = await t.throwsAsync(resolveSource(`dir:${tree}`, options), {
    instanceOf: Failure,
  });
  t.regex(makefile.evidence ?? "", /states no VERSION/);
});
