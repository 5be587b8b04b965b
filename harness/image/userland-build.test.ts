import test from "ava";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Arch } from "../arch.ts";
import x86 from "../arch/x86_64.ts";
import { exec } from "../exec.ts";
import { userlandFingerprint } from "../image.ts";
import { Failure } from "../model/failure.ts";
import { projectDir } from "../paths.ts";
import { useOwnCache } from "../testing/tree.ts";
import { droppedOptions, mergeBusyboxConfig, parseBusyboxConfig } from "./busybox-config.ts";
import { buildPrograms, recipeFiles } from "./userland-build.ts";
import type { SourceArchive, UserlandProgram } from "./userland-source.ts";

const recipeDir = path.join(projectDir, "images", "guest");

/** The compiler that these tests put on PATH instead of a real one: it writes its name as the program. */
const fakeCompiler = `#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -o ] && echo compiled > "$2"; shift; done
`;

/**
 * A busybox whose Makefile does what the real one does to files, and a dropbear likewise; `make` is real.
 * `fault` replaces the recipe of a make target, or the body of dropbear's configure; `more` are
 * files of dropbear's, and of busybox' where they are in a folder of it; busybox' Makefile begins with
 * `makefile`.
 */
async function project(
  t: { teardown: (fn: () => Promise<void> | void) => void },
  fault: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, string>> = {},
  makefile = "",
) {
  const dir = await mkdtemp(path.join(os.tmpdir(), "userland-"));
  useOwnCache(t, dir);
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const wanted = await readFile(path.join(recipeDir, "busybox.config"), "utf8");
  const rule = (target: string, commands: string) =>
    `${target}:\n${(fault[target] ?? commands).replace(/^/gm, "\t")}\n.PHONY: ${target}\n`;
  const trees: Record<UserlandProgram, Record<string, string>> = {
    busybox: {
      wanted,
      Makefile: [
        makefile,
        rule("allnoconfig", "cp wanted .config"),
        rule("oldconfig", "@true"),
        rule("prepare", "@true"),
        rule("busybox", "echo program > busybox"),
        rule("busybox.links", "printf '/bin/ls\\n/usr/bin/wc\\n/bin/ls\\n' > busybox.links"),
      ].join(""),
      "scripts/gen_build_files.sh": "",
    },
    dropbear: {
      configure: `#!/bin/sh\n${fault["configure"] ?? "grep -q INETD_MODE localoptions.h"}\n`,
      Makefile: rule("dropbear", "echo server > dropbear"),
    },
  };
  const sources = {} as Record<UserlandProgram, SourceArchive>;
  for (const [file, text] of Object.entries(more))
    trees[file.endsWith("Kbuild") ? "busybox" : "dropbear"][file] = text;
  for (const [name, files] of Object.entries(trees)) {
    const program = name as UserlandProgram;
    const tree = path.join(dir, "trees", program, `${program}-1.0`);
    const into = path.join(dir, "downloads", program);
    await mkdir(tree, { recursive: true });
    await mkdir(into, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(tree, file)), { recursive: true });
      await writeFile(path.join(tree, file), text, { mode: 0o755 });
    }
    const file = path.join(into, "source.tar");
    await exec("tar", ["-cf", file, "-C", path.dirname(tree), `${program}-1.0`]);
    sources[program] = { program, version: "1.0", file, sha256: program, origin: "test" };
  }
  const compiler = path.join(dir, "cc");
  await writeFile(compiler, fakeCompiler);
  await chmod(compiler, 0o755);
  // The sandbox hides /tmp; what is on PATH stays visible.
  process.env["PATH"] = `${dir}:${process.env["PATH"] ?? ""}`;
  const arch: Arch = { ...x86, abis: [{ name: "x86_64", compiler: "cc", packages: [] }] };
  const outputDir = path.join(dir, "output");
  await mkdir(outputDir);
  const workDir = path.join(dir, "work");
  return { arch, sources, recipeDir, workDir, outputDir, jobs: 2 };
}

test.serial("the steps leave init, busybox, dropbear and the applets' names", async (t) => {
  const request = await project(t);
  const steps: string[] = [];
  await buildPrograms({ ...request, progress: (text) => steps.push(text) });
  const made = async (name: string) => readFile(path.join(request.outputDir, name), "utf8");
  t.is(await made("init"), "compiled\n");
  t.is(await made("busybox"), "program\n");
  t.is(await made("dropbear"), "server\n");
  t.is(await made("applets"), "ls\nwc\n");
  t.true(steps.includes("dropbear: configure"));
});

const faults = [
  ["allnoconfig", "busybox: configure"],
  ["busybox", "busybox: compile"],
  ["configure", "dropbear: configure"],
  ["dropbear", "dropbear: compile"],
] as const;
for (const [fault, step] of faults) {
  test.serial(
    `a failure in "${step}" names the step, shows its output, and is infra's`,
    async (t) => {
      const request = await project(t, {
        [fault]: "echo 'x.c:1: error: no such thing' >&2; exit 3",
      });
      const failure = await t.throwsAsync(buildPrograms(request), { instanceOf: Failure });
      t.is(failure.blame, "infra");
      t.is(failure.reason, "userland-build");
      t.true(failure.what.includes(`"${step}"`), failure.what);
      t.regex(failure.evidence ?? "", /x\.c:1: error: no such thing/);
    },
  );
}

// A library of three objects; the recipe's list has the first only.
const library = `OBJECTS=src/aes.o src/blowfish.o \\
src/des.o
library.a: $(OBJECTS)
	cat $(OBJECTS) > library.a
%.o:
	mkdir -p src && echo $@ > $@
`;
const serverOf = (objects: string) =>
  `$(MAKE) -C libtomcrypt library.a\nfor object in ${objects}; do grep src/$$object libtomcrypt/library.a >> dropbear || exit; done`;

test.serial("dropbear's libraries are built as far as the server needs them", async (t) => {
  const request = await project(
    t,
    { dropbear: serverOf("aes.o") },
    { "libtomcrypt/Makefile": library },
  );
  await buildPrograms(request);
  t.is(await readFile(path.join(request.outputDir, "dropbear"), "utf8"), "src/aes.o\n");
  const made = await readFile(path.join(request.workDir, "dropbear/libtomcrypt/library.a"), "utf8");
  t.is(made, "src/aes.o\n", "the others are not compiled");
});

test.serial("a server that needs more of its libraries gets all of them", async (t) => {
  const request = await project(
    t,
    { dropbear: serverOf("aes.o des.o") },
    { "libtomcrypt/Makefile": library },
  );
  await buildPrograms(request);
  const server = await readFile(path.join(request.outputDir, "dropbear"), "utf8");
  t.true(server.endsWith("src/aes.o\nsrc/des.o\n"), server);
});

/** busybox' own way to say what is compiled; the recipe's list has libbb/chomp.o not, nor anything of archival/. */
const folders = "libs-y\t\t:= \\\n\t\tarchival/ \\\n\t\tlibbb/ \\\n\nLDLIBS := m\n";
const kbuilds = {
  "archival/Kbuild": "lib-y:=\n\nlib-y += gzip.o\n",
  "libbb/Kbuild": "lib-y:=\nlib-$(CONFIG_CHOMP) += chomp.o\n\nlib-y += appletlib.o\n",
};
const linked =
  'echo "libraries:$(LDLIBS)" > busybox; for dir in $(libs-y); do sed -n "s,.*+= ,$$dir,p" $$dir/Kbuild >> busybox; done';

test.serial("busybox is built as far as it is linked", async (t) => {
  const request = await project(t, { busybox: linked }, kbuilds, folders);
  await buildPrograms(request);
  const made = await readFile(path.join(request.outputDir, "busybox"), "utf8");
  t.is(made, "libraries:\nlibbb/appletlib.o\n");
});

test.serial("a busybox that needs more gets all of it", async (t) => {
  const needsMore = `${linked}; grep -q chomp busybox`;
  const request = await project(t, { busybox: needsMore }, kbuilds, folders);
  await buildPrograms(request);
  const made = await readFile(path.join(request.outputDir, "busybox"), "utf8");
  t.is(made, "libraries:m\narchival/gzip.o\nlibbb/chomp.o\nlibbb/appletlib.o\n");
});

test.serial("busybox is configured once for all architectures", async (t) => {
  const count = "cp wanted .config; echo configured >> .count";
  const request = await project(t, { allnoconfig: count, busybox: "cp .count busybox" });
  const steps: string[] = [];
  const progress = (text: string) => steps.push(text);
  await buildPrograms({ ...request, progress });
  await buildPrograms({ ...request, progress, workDir: `${request.workDir}-other` });
  const made = await readFile(path.join(request.outputDir, "busybox"), "utf8");
  t.is(made, "configured\n");
  t.is(steps.filter((step) => step === "busybox: unpack").length, 1);
  t.is(steps.filter((step) => step === "busybox: compile").length, 2);
});

test.serial("what fails ends the other tree's steps", async (t) => {
  for (const fault of [
    { allnoconfig: "exit 3", configure: "exec sleep 60" },
    { allnoconfig: "sleep 60", configure: "exit 3" },
  ]) {
    const began = performance.now();
    const request = await project(t, fault);
    const failure = await t.throwsAsync(buildPrograms(request), { instanceOf: Failure });
    t.regex(
      failure.what,
      fault.configure === "exit 3" ? /dropbear: configure/ : /busybox: configure/,
    );
    t.true(performance.now() - began < 30_000);
  }
});

test.serial("a compiler that is killed is told from one that fails", async (t) => {
  const request = await project(t, { configure: "kill -KILL $$" });
  const failure = await t.throwsAsync(buildPrograms(request), { instanceOf: Failure });
  t.regex(failure.what, /dropbear: configure.*(killed by SIGKILL|exit status 137)/);
});

test.serial("an option that busybox drops is named", async (t) => {
  const request = await project(t, { oldconfig: "sed -i '/^CONFIG_AWK=/d' .config" });
  const failure = await t.throwsAsync(buildPrograms(request), { instanceOf: Failure });
  t.is(failure.reason, "userland-config");
  t.is(failure.evidence, "CONFIG_AWK=y (is unknown)");
});

test("each file of the recipe, each source and the compiler are in the fingerprint", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "recipe-"));
  t.teardown(() => rm(dir, { recursive: true }));
  await cp(recipeDir, dir, { recursive: true });
  const sources = { busybox: { sha256: "1" }, dropbear: { sha256: "2" } };
  const before = await userlandFingerprint(x86, dir, sources);
  t.is(await userlandFingerprint(x86, dir, sources), before);
  t.is(
    await userlandFingerprint(x86, recipeDir, sources),
    before,
    "the folder's place is not in it",
  );
  const seen = new Set([before]);
  for (const file of recipeFiles) {
    await writeFile(path.join(dir, file), "changed");
    seen.add(await userlandFingerprint(x86, dir, sources));
  }
  seen.add(await userlandFingerprint(x86, dir, { ...sources, busybox: { sha256: "3" } }));
  seen.add(await userlandFingerprint(x86, dir, { ...sources, dropbear: { sha256: "3" } }));
  seen.add(await userlandFingerprint({ ...x86, name: "other" }, dir, sources));
  t.is(seen.size, 1 + recipeFiles.length + 3);
  await writeFile(path.join(dir, "README.md"), "words change nothing");
  t.true(seen.has(await userlandFingerprint(x86, dir, sources)));
});

test("a compiler that is not there is the host's fault, with the packages to install", async (t) => {
  const arch: Arch = { ...x86, abis: [{ name: "x", compiler: "no-such-cc", packages: [] }] };
  const sources = { busybox: { sha256: "1" }, dropbear: { sha256: "2" } };
  const failure = await t.throwsAsync(userlandFingerprint(arch, recipeDir, sources), {
    instanceOf: Failure,
  });
  t.is(failure.blame, "infra");
  t.regex(failure.hint ?? "", /gcc/);
});

test("wanted options replace what allnoconfig says, and are looked for afterwards", (t) => {
  const wanted = parseBusyboxConfig('# words\nCONFIG_A=y\nCONFIG_B=n\nCONFIG_P="/x"\n');
  const merged = mergeBusyboxConfig("# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=y\n", wanted);
  t.is(
    merged,
    "# CONFIG_B is not set\n".replace(/^/, "CONFIG_A=y\n") + 'CONFIG_C=y\nCONFIG_P="/x"\n',
  );
  t.deepEqual(droppedOptions(merged, wanted), []);
  t.deepEqual(droppedOptions("CONFIG_B=y\n", wanted), [
    "CONFIG_A=y (is unknown)",
    "CONFIG_B=n (is y)",
    'CONFIG_P="/x" (is unknown)',
  ]);
});
