import test from "ava";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { projectDir } from "../paths.ts";
import { fakeApt, packLinuxSource } from "../testing/fake-apt.ts";
import { makeKernelTree, temporaryDir } from "../testing/tree.ts";
import { resolveSource } from "../source.ts";
import { main } from "./main.ts";

const hostPath = process.env["PATH"] ?? "";

/** What `harness list` prints, in the order of its lines; remarks go to the other list. */
async function run(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const output = {
    print: (text: string) => lines.push(text),
    remark: (text: string) => complaints.push(text),
  };
  await main(["list", ...args], new AbortController().signal, output);
  return lines.join("\n");
}

const complaints: string[] = [];

test.serial("arches, series and suites are what the folders hold", async (t) => {
  t.regex(await run("arches"), /^x86_64 .*amd64.*i386, x32/m);
  const folders = await readdir(path.join(projectDir, "patches"));
  const series = await run("series");
  // Loose patches: to see the suites fail, and for faults that they found.
  const loose = ["fixes", "mutants"];
  for (const name of folders) {
    const line = new RegExp(`^${name} `, "m");
    if (loose.includes(name)) t.notRegex(series, line);
    else t.regex(series, line);
  }
  t.regex(series, /^ptrace-get-syscall-info +control: /m);
  const suites = await run("suites");
  t.regex(suites, /^wait6 /m);
  t.notRegex(suites, /^include/m);
  const parsed = JSON.parse(await run("suites", "--json")) as { name: string; what: string }[];
  t.true(parsed.every(({ what }) => what.length > 0));
});

test.serial("quirks have where they hold, what is done, why, and a source", async (t) => {
  t.regex(
    await run("quirks"),
    /^x32-option +kernel before 5\.18, x86_64: CONFIG_X86_X32_ABI is asked for as \S+: .*; [0-9a-f]{12} \(/m,
  );
});

test.serial("kernels are those of apt, and those in the cache", async (t) => {
  const dir = await temporaryDir();
  const bin = path.join(dir, "bin");
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  process.env["PATH"] = `${bin}:${hostPath}`;
  const tree = await makeKernelTree(path.join(dir, "linux-source-6.1"), "6.1.192");
  await fakeApt(bin, [await packLinuxSource(tree, dir, "6.1", "6.1.192-2")]);
  t.is(await run("kernels"), "apt:6.1  6.1.192 (linux-source-6.1 6.1.192-2, bookworm)");
  await (await resolveSource("apt:6.1", { emit: () => undefined })).tree();
  t.regex(await run("kernels"), /^apt:6\.1 {2}in the cache: 6\.1\.192 with Debian's patches/m);
  // The cache is worth knowing when apt is not to be had.
  await fakeApt(bin, [], true);
  process.env["XDG_CACHE_HOME"] = path.join(dir, "other");
  complaints.length = 0;
  t.is(await run("kernels"), "no kernels");
  t.is(complaints.length, 1);
});
