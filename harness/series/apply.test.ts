import test from "ava";
import { existsSync } from "node:fs";
import { readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { applySeries, markTouched, type Patch } from "../series.ts";
import { fakeTool } from "../testing/fake-apt.ts";
import { makeKernelTree, mustRun, temporaryDir } from "../testing/tree.ts";
import { patchSet } from "./patch-set.ts";
import { filesOf } from "./reach.ts";

const hostPath = process.env["PATH"] ?? "";

async function setUp() {
  const dir = await temporaryDir();
  const tree = await makeKernelTree(path.join(dir, "shared"));
  const events: Event[] = [];
  const apply = async (...diffs: string[]) => {
    const patches: Patch[] = [];
    for (const [index, text] of diffs.entries()) {
      const name = `000${index + 1}-test.patch`;
      const diff = Buffer.from(text);
      patches.push({ name, subject: "test", diff, files: await filesOf(diff, name) });
    }
    return applySeries({ name: "tested" }, patchSet(patches, "test"), { dir: tree }, into, {
      emit: (event) => events.push(event),
    });
  };
  const into = path.join(dir, "patched", "linux");
  const notices = () => events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
  return { dir, tree, into, apply, notices };
}

/** A hunk that changes line `n` of kernel/exit.c, with true context. */
function change(n: number, to: string, context = (line: number) => `line ${line};`): string {
  return `diff --git a/kernel/exit.c b/kernel/exit.c
--- a/kernel/exit.c
+++ b/kernel/exit.c
@@ -${n - 2},5 +${n - 2},5 @@
 ${context(n - 2)}
 ${context(n - 1)}
-line ${n};
+${to}
 ${context(n + 1)}
 ${context(n + 2)}
`;
}

const everyKind = `diff --git a/kernel/new.c b/kernel/new.c
new file mode 100644
--- /dev/null
+++ b/kernel/new.c
@@ -0,0 +1 @@
+int new;
diff --git a/kernel/pid.c b/kernel/pid.c
deleted file mode 100644
--- a/kernel/pid.c
+++ /dev/null
@@ -1 +0,0 @@
-int pid;
`;

test("a series changes the clone and not one byte, time or mode of the shared tree", async (t) => {
  const { dir, tree, into, apply } = await setUp();
  const state = () => mustRun("find", [tree, "-type", "f", "-printf", "%P %T@ %s %m %i\n"]);
  await mustRun("cp", ["-a", tree, path.join(dir, "before")]);
  const before = await state();
  const patched = await apply(change(10, "TEN;"), change(20, "TWENTY;"), everyKind);
  t.is(patched.dir, into);
  t.deepEqual(patched.touched, ["kernel/exit.c", "kernel/new.c", "kernel/pid.c"]);
  const text = await readFile(path.join(into, "kernel/exit.c"), "utf8");
  t.regex(text, /line 9;\nTEN;\nline 11;[^]*TWENTY;/);
  t.deepEqual((await readdir(path.join(into, "kernel"))).sort(), ["exit.c", "new.c"]);
  t.is(await state(), before);
  t.is(await mustRun("diff", ["-r", path.join(dir, "before"), tree]), "");
  // Untouched files are shared, with their old times; touched ones are the clone's own and new.
  const [shared, own] = [
    await stat(path.join(into, "Makefile")),
    await stat(path.join(into, "kernel/exit.c")),
  ];
  t.is(shared.ino, (await stat(path.join(tree, "Makefile"))).ino);
  t.is(own.nlink, 1);
  t.true(own.mtimeMs > shared.mtimeMs);
});

test("touched files can be made newer than objects that were built meanwhile", async (t) => {
  const { dir, tree, into, apply } = await setUp();
  const patched = await apply(change(10, "TEN;"), everyKind);
  const object = path.join(dir, "exit.o");
  await new Promise((done) => setTimeout(done, 20));
  await writeFile(object, "");
  const file = path.join(into, "kernel/exit.c");
  t.true((await stat(file)).mtimeMs < (await stat(object)).mtimeMs);
  await new Promise((done) => setTimeout(done, 20));
  await markTouched(patched);
  t.true((await stat(file)).mtimeMs > (await stat(object)).mtimeMs);
  // Never a file that the shared tree has too.
  await t.throwsAsync(markTouched({ dir: into, touched: ["Makefile"] }), {
    message: /still shared/,
  });
  t.true((await stat(path.join(tree, "Makefile"))).mtimeMs < (await stat(object)).mtimeMs);
});

test("a conflict is the series' fault, with patch, file, hunk and what is there", async (t) => {
  const { into, apply } = await setUp();
  const wrong = change(30, "THIRTY;", (line) => `other ${line};`).replace(/^diff.*\n.*\n.*\n/, "");
  const failure = await t.throwsAsync(apply(change(10, "TEN;"), change(20, "TWENTY;") + wrong), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "patch-does-not-apply");
  t.is(failure.blame, "series");
  t.is(failure.what, "0002-test.patch of tested does not apply at kernel/exit.c, hunk 2 of 2");
  t.regex(failure.evidence ?? "", /patch failed: kernel\/exit\.c:28/);
  t.regex(failure.evidence ?? "", /@@ -28,5 \+28,5 @@\n other 28;/);
  t.regex(failure.evidence ?? "", /the tree has there:[^]* 28 {2}line 28;/);
  t.false(existsSync(into));
});

test("context is never guessed at; a hunk that only moved is taken and told", async (t) => {
  const { into, apply, notices } = await setUp();
  // GNU patch would take this one with fuzz 1.
  const fuzzy = change(10, "TEN;").replace(" line 8;", " line eight;");
  await t.throwsAsync(apply(fuzzy), { instanceOf: Failure, message: /does not apply/ });
  await apply(change(10, "TEN;").replaceAll("8,5", "5,5"));
  t.regex(await readFile(path.join(into, "kernel/exit.c"), "utf8"), /line 9;\nTEN;\nline 11;/);
  t.is(notices().length, 1);
  t.regex(
    notices()[0] ?? "",
    /0001-test\.patch applies to kernel\/exit\.c with an offset \(hunk 1: 3 lines\)/,
  );
});

test("what is there already, and what is not there, is said", async (t) => {
  const { tree, apply } = await setUp();
  const exit = path.join(tree, "kernel/exit.c");
  await writeFile(exit, (await readFile(exit, "utf8")).replace("line 10;", "TEN;"));
  const already = await t.throwsAsync(apply(change(10, "TEN;")), { instanceOf: Failure });
  t.regex(already.hint ?? "", /has this change already/);
  const missing = await t.throwsAsync(apply(change(10, "TEN;").replaceAll("exit.c", "none.c")), {
    instanceOf: Failure,
  });
  t.is(missing.what, "0001-test.patch of tested does not apply at kernel/none.c");
  t.is(missing.blame, "series");
});

test("a patch that writes outside of the tree is refused before anything is written", async (t) => {
  const created = (name: string) =>
    `diff --git a/${name} b/${name}\nnew file mode 100644\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+x\n`;
  const link = (name: string, target: string) =>
    `diff --git a/${name} b/${name}\nnew file mode 120000\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+${target}\n\\ No newline at end of file\n`;
  const tricks = [
    created("../outside.c"),
    created("kernel/../../outside.c"),
    created("/tmp/outside.c"),
    created(".git/hooks/post-checkout"),
    created("kernel/.GIT/config"),
    link("kernel/way", "/etc"),
    link("kernel/way", "../../.."),
    "diff --git a/kernel/x.c b/kernel/x.c\nsimilarity index 100%\nrename from ../secret\nrename to kernel/x.c\n",
  ];
  for (const trick of tricks) {
    const { dir, into, apply } = await setUp();
    const failure = await t.throwsAsync(
      apply(change(10, "TEN;"), trick),
      { instanceOf: Failure },
      trick,
    );
    t.is(failure.reason, "patch-writes-outside");
    t.is(failure.blame, "usage");
    t.false(existsSync(into));
    t.deepEqual(await readdir(dir), ["shared"]);
  }
});

test("a link that the tree or the series itself has leads nowhere out", async (t) => {
  const { dir, tree, apply } = await setUp();
  const target = path.join(dir, "target");
  await makeKernelTree(target);
  await symlink(target, path.join(tree, "way"));
  const through = change(10, "TEN;").replaceAll("kernel/exit.c", "way/kernel/exit.c");
  const failure = await t.throwsAsync(apply(through), { instanceOf: Failure });
  t.is(failure.reason, "patch-writes-outside");
  t.is(failure.blame, "series");
  t.regex(await readFile(path.join(target, "kernel/exit.c"), "utf8"), /line 10;/);
});

test("links within the tree stay allowed, the kernel has them", async (t) => {
  const { into, apply } = await setUp();
  await apply(
    "diff --git a/arch/x86/link b/arch/x86/link\nnew file mode 120000\n--- /dev/null\n+++ b/arch/x86/link\n@@ -0,0 +1 @@\n+../../kernel/exit.c\n\\ No newline at end of file\n",
  );
  t.regex(await readFile(path.join(into, "arch/x86/link"), "utf8"), /^line 1;/);
});

test("the folder may lie inside somebody's git repository", async (t) => {
  const { dir, into, apply } = await setUp();
  await mustRun("git", ["init", "-q"], dir);
  await apply(change(10, "TEN;"));
  t.regex(await readFile(path.join(into, "kernel/exit.c"), "utf8"), /TEN;/);
});

test.serial("a full disk is infra's fault", async (t) => {
  const { dir, into, apply } = await setUp();
  const bin = path.join(dir, "bin");
  await fakeTool(bin, "cp", "echo 'cp: error writing: No space left on device' >&2; exit 1");
  process.env["PATH"] = `${bin}:${hostPath}`;
  try {
    const failure = await t.throwsAsync(apply(change(10, "TEN;")), { instanceOf: Failure });
    t.is(failure.reason, "disk-full");
    t.is(failure.blame, "infra");
  } finally {
    process.env["PATH"] = hostPath;
  }
  t.false(existsSync(into));
});
