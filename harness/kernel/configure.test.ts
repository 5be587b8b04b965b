import test from "ava";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { mergeFragments, parseSetting } from "../kconfig.ts";
import { temporaryDir } from "../testing/tree.ts";
import { bringsOptions, configure } from "./configure.ts";

test("Kconfig and what it starts bring options, tables of system calls do not", (t) => {
  const files = [
    ...["init/Kconfig", "lib/Kconfig.debug", "scripts/Kconfig.include", "scripts/cc-version.sh"],
    ...["scripts/syscall.tbl", "kernel/exit.c", "arch/x86/entry/syscalls/syscall_64.tbl"],
  ];
  t.deepEqual(files.filter(bringsOptions), files.slice(0, 4));
});

test("of tinyconfig the switches are taken, not numbers and strings, which it gives for another machine", async (t) => {
  const objects = await temporaryDir();
  t.teardown(() => rm(objects, { recursive: true, force: true }));
  const file = path.join(objects, ".config");
  const switches = ["# CONFIG_SMP is not set", "CONFIG_EXPERT=y"];
  const numbers = [
    "CONFIG_THREAD_SHIFT=13",
    "CONFIG_PHYSICAL_START=0x00000000",
    "CONFIG_OFFSET=-1",
  ];
  const tiny = [...switches, ...numbers, 'CONFIG_CMDLINE=""'];
  let asked = "";
  const run = async ([target]: readonly string[]) => {
    if (target === "tinyconfig") await writeFile(file, `${tiny.join("\n")}\n`);
    else asked = await readFile(file, "utf8");
    return exec("true", []);
  };
  const wanted = mergeFragments([parseSetting("CONFIG_HZ=1000")]);
  await configure({ objects, run }, wanted);
  t.deepEqual(
    asked.split("\n").filter((line) => line.includes("CONFIG_")),
    [...switches, "CONFIG_HZ=1000"],
  );
});
