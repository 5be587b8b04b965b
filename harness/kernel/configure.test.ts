import test from "ava";
import { bringsOptions } from "./configure.ts";

test("Kconfig and what it starts bring options, tables of system calls do not", (t) => {
  const files = [
    ...["init/Kconfig", "lib/Kconfig.debug", "scripts/Kconfig.include", "scripts/cc-version.sh"],
    ...["scripts/syscall.tbl", "kernel/exit.c", "arch/x86/entry/syscalls/syscall_64.tbl"],
  ];
  t.deepEqual(files.filter(bringsOptions), files.slice(0, 4));
});
