import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { compilerOf, findArch, fragmentOf, loadArches, programPrefix } from "./arch.ts";
import { mergeFragments, parseFragment } from "./kconfig.ts";
import { Failure } from "./model/failure.ts";
import { projectDir } from "./paths.ts";
import { findSuite, listSuites, suiteFragments } from "./suite.ts";
import { temporaryDir } from "./testing/tree.ts";

const arches = await loadArches();

test("every descriptor has a fragment, and every fragment a descriptor", (t) => {
  const fragments = readdirSync(path.join(projectDir, "kconfigs/arch"));
  t.deepEqual(fragments.sort(), arches.map(({ name }) => `${name}.config`).sort());
});

test("a name means one architecture", (t) => {
  const names = arches.flatMap(({ name, aliases }) => [name, ...aliases]);
  t.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

for (const arch of arches) {
  test(`${arch.name}: the descriptor agrees with itself`, (t) => {
    const { abis, qemu, image, targets, crossCompile } = arch;
    // Where the native ABI has no C library, all programs are of another architecture's.
    const own = arches.find(({ name }) => name !== arch.name && name === abis[0]?.name);
    if (own && abis.length === 1) t.deepEqual(abis, own.abis);
    else t.is(abis[0]?.name, arch.name, "the first ABI is the native one");
    t.is(new Set(abis.map((abi) => abi.name)).size, abis.length);
    t.is(new Set(abis.map((abi) => compilerOf(abi).join(" "))).size, abis.length);
    for (const abi of abis) {
      t.true(abi.packages.length > 0, abi.name);
      t.true(abi.compiler.endsWith("gcc"), abi.compiler);
    }
    t.true(arch.packages.length > 0);
    t.true(crossCompile === "" || crossCompile.endsWith("-"), crossCompile);
    t.true(targets.includes(path.posix.basename(image)), `${image} is what a target makes`);
    t.regex(qemu.binary, /^qemu-system-/);
    t.true(qemu.memoryMiB >= 64 && qemu.cpus >= 1);
    t.is((qemu.serial ?? ["chardev:console"]).join(" ").match(/\bconsole\b/g)?.length, 1);
    t.true(arch.slowdown.kvm >= 1 && arch.slowdown.tcg >= arch.slowdown.kvm);
  });

  test(`${arch.name}: the fragment goes together with all others`, (t) => {
    const read = (file: string, asker: "project" | "arch") =>
      parseFragment(readFileSync(path.join(projectDir, file), "utf8"), file, asker);
    const own = read(fragmentOf(arch), "arch");
    const base = read("kconfigs/base.config", "project");
    const suites = listSuites().flatMap((name) => suiteFragments(findSuite(name), arch.name));
    const merged = mergeFragments([base, own, ...suites]);
    for (const { name, value } of own.options) t.is(merged.get(name)?.value, value);
    const isSmp = merged.get("CONFIG_SMP")?.value === "y";
    t.is(isSmp, arch.qemu.cpus > 1, "a kernel for several CPUs where there are several");
  });
}

test("suites' options for one architecture are for one that is there", (t) => {
  for (const suite of listSuites()) {
    const names = readdirSync(path.join(projectDir, "selftests", suite))
      .filter((name) => name.startsWith("config."))
      .map((name) => name.slice("config.".length));
    for (const name of names)
      t.true(
        arches.some((arch) => arch.name === name),
        name,
      );
  }
});

test("programs are made by the tools of their own compiler", async (t) => {
  t.is(programPrefix(await findArch("parisc64")), "hppa-linux-gnu-");
  t.is(programPrefix(await findArch("sparc64")), "sparc64-linux-gnu-");
  t.is(programPrefix(await findArch("x86_64")), "");
});

test("aliases are names too", async (t) => {
  t.is((await findArch("aarch64")).name, "arm64");
  t.is((await findArch("hppa")).name, "parisc");
});

async function descriptors(t: { teardown: (end: () => Promise<void>) => void }, name: string) {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await mkdir(path.join(dir, "arch"));
  await writeFile(
    path.join(dir, "arch", "vax.js"),
    `export default { name: "${name}", aliases: [] };`,
  );
  return path.join(dir, "arch");
}

test("a descriptor without a fragment, and the reverse, are told as such", async (t) => {
  t.false(existsSync(path.join(projectDir, "kconfigs/arch/vax.config")));
  const dir = await descriptors(t, "vax");
  const lacking = await t.throwsAsync(findArch("vax", dir), { instanceOf: Failure });
  t.is(lacking.reason, "arch-without-fragment");
  t.regex(lacking.what, /no kconfigs\/arch\/vax\.config/);
  const orphan = await t.throwsAsync(findArch("arm64", dir), { instanceOf: Failure });
  t.is(orphan.reason, "fragment-without-arch");
  t.regex(orphan.what, /no harness\/arch\/arm64\.ts/);
  const unknown = await t.throwsAsync(findArch("pdp11"), { instanceOf: Failure });
  t.is(unknown.reason, "unknown-arch");
  t.is(unknown.blame, "usage");
});

test("a descriptor under a file name of another architecture is a bug that is named", async (t) => {
  const dir = await descriptors(t, "pdp11");
  await t.throwsAsync(loadArches(dir), { message: /vax\.js describes "pdp11"/ });
});
