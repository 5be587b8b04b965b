import test from "ava";
import { bringsOptions, withoutDefaults } from "./configure.ts";

test("Kconfig and what it starts bring options, tables of system calls do not", (t) => {
  const files = [
    ...["init/Kconfig", "lib/Kconfig.debug", "scripts/Kconfig.include", "scripts/cc-version.sh"],
    ...["scripts/syscall.tbl", "kernel/exit.c", "arch/x86/entry/syscalls/syscall_64.tbl"],
  ];
  t.deepEqual(files.filter(bringsOptions), files.slice(0, 4));
});

test("of tinyconfig the switches are taken, not numbers and strings, which it gives for another machine", (t) => {
  const tiny = [
    "# CONFIG_SMP is not set",
    "CONFIG_EXPERT=y",
    "CONFIG_THREAD_SHIFT=13",
    "CONFIG_PHYSICAL_START=0x00000000",
    'CONFIG_CMDLINE=""',
    "CONFIG_OFFSET=-1",
    "",
  ];
  t.deepEqual(withoutDefaults(tiny.join("\n")).split("\n"), [...tiny.slice(0, 2), ""]);
});
