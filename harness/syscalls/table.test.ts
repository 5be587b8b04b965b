import test from "ava";
import { parseHeader, parseTbl } from "./table.ts";

test("a table's rows belong to ABIs; compat entries count where they are asked for", (t) => {
  const text = `
# comment
0	common	read	sys_read
1	64	write	__x64_sys_write
5	i386	open	sys_open	compat_sys_open
7	i386	waitpid	sys_waitpid	-
9	i386	gone
520	x32	execve	compat_sys_execve/ptregs
`;
  t.deepEqual(parseTbl(text, ["common", "64"], false), [
    { nr: 0, name: "read", entry: "sys_read" },
    { nr: 1, name: "write", entry: "sys_write" },
  ]);
  t.deepEqual(
    parseTbl(text, ["i386"], true).map(({ entry }) => entry),
    ["compat_sys_open", "sys_waitpid", "sys_ni_syscall"],
  );
  t.is(parseTbl(text, ["x32"], false)[0]?.entry, "compat_sys_execve");
  t.is(parseTbl("55\tn64\tclone\t__sys_clone", ["n64"], false)[0]?.entry, "sys_clone");
  t.is(parseTbl("2\t32\tfork\tsys_fork_wrapper", ["32"], false)[0]?.entry, "sys_fork");
});

test("a header's numbers come from the preprocessor, its names through aliases", (t) => {
  const found = parseHeader({
    entries:
      "HARNESS_ENTRY 0 sys_io_setup HARNESS_ENTRY 25 sys_fcntl\nHARNESS_ENTRY 99 sys_nameless",
    macros:
      "#define __NR_io_setup 0\n#define __NR3264_fcntl 25\n#define __NR_fcntl __NR3264_fcntl\n#define __NR_syscalls 451\n",
  });
  t.deepEqual(found, [
    { nr: 0, name: "io_setup", entry: "sys_io_setup" },
    { nr: 25, name: "fcntl", entry: "sys_fcntl" },
  ]);
});
