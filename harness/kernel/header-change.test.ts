import test from "ava";
import { headerChange } from "./header-change.ts";

const numbers = `#ifndef _UNISTD_H
#define _UNISTD_H /* once */

#define __NR_read 0
#define __NR_mseal 462

#ifdef __KERNEL__
#define __NR_syscalls 463
#endif
#endif
`;

const changed = (before: string, after: string) => {
  const change = headerChange(before, after);
  return change && [...change.macros].sort();
};

test("a system call that gets a number", (t) => {
  const after = numbers
    .replace("462\n", "462\n#define __NR_wait6 600\n")
    .replace("_syscalls 463", "_syscalls 601");
  t.deepEqual(changed(numbers, after), ["__NR_syscalls", "__NR_wait6"]);
});

test("comments, blank lines and continued lines are no change of macros", (t) => {
  const after = numbers.replace("__NR_read 0", "__NR_read \\\n  0 // first\n/* two\nlines */\n");
  t.deepEqual(changed(numbers, after), []);
});

test("a definition that moves behind another condition has changed", (t) => {
  const moved = numbers
    .replace("#define __NR_read 0\n", "")
    .replace("#ifdef __KERNEL__\n", "#ifdef __KERNEL__\n#define __NR_read 0\n");
  t.deepEqual(changed(numbers, moved), ["__NR_read"]);
});

test("two definitions of a name that change places have changed", (t) => {
  const one = "#define A 1\n#undef A\n#define A 2\n";
  t.deepEqual(changed(one, "#define A 2\n#undef A\n#define A 1\n"), ["A"]);
});

test("what is more than a change of macros and declarations is not told", (t) => {
  t.is(changed(numbers, `${numbers}int f(void) { return 0; }\n`), undefined);
  t.is(changed(numbers, `${numbers}int f;\n`), undefined);
  t.is(changed(numbers, numbers.replace("__KERNEL__", "__ASSEMBLY__")), undefined);
  t.is(changed(numbers, `#include <linux/types.h>\n${numbers}`), undefined);
});

test("words of code that moves to another line are told, and __LINE__ not suffered", (t) => {
  const code = "#define A 1\nstatic inline void f(void) { WARN_ON(1); }\n";
  const moved = (after: string) => [...(headerChange(code, after)?.moved ?? [])];
  t.deepEqual(moved(code.replace("1\n", "2\n")), []);
  const after = code.replace("1\n", "1\n#define B 1\n");
  t.deepEqual(moved(after), ["static", "inline", "void", "f", "WARN_ON", "1"]);
  t.is(headerChange(`#define L __LINE__\n${code}`, `#define L __LINE__\n${after}`), undefined);
});

/** As in include/uapi/asm-generic/unistd.h. */
const generic = `#ifndef __SYSCALL
#define __SYSCALL(x, y)
#endif
#ifdef __SYSCALL_COMPAT
#define __SC_COMP(nr, sys, comp) __SYSCALL(nr, comp)
#else
#define __SC_COMP(nr, sys, comp) __SYSCALL(nr, sys)
#endif
#define __NR_mseal 462
__SYSCALL(__NR_mseal, sys_mseal)
`;

test("calls of macros that are empty come, go and move", (t) => {
  const more = "#define __NR_wait6 600\n__SC_COMP(__NR_wait6, sys_wait6, \\\n  compat_sys_wait6)\n";
  const change = headerChange(generic, generic + more);
  t.deepEqual(change?.macros, new Set(["__NR_wait6"]));
  t.deepEqual(change?.empty, new Set(["__SYSCALL", "__SC_COMP"]));
  t.is(changed(generic, generic.replace("(x, y)", "(x, y) x")), undefined);
  t.is(changed(generic, `${generic}__SYSCALL(__NR_wait6, sys_wait6) int a;\n`), undefined);
  t.is(changed(generic, `${generic}OTHER(__NR_wait6, sys_wait6)\n`), undefined);
  // Behind an #undef it may be anything.
  t.is(changed(`#undef __SYSCALL\n${generic}`, `#undef __SYSCALL\n${generic}${more}`), undefined);
});

/** As in include/linux/syscalls.h. */
const calls = `#ifndef _SYSCALLS_H
#define _SYSCALLS_H
struct rusage;
asmlinkage long sys_wait4(pid_t pid, int __user *stat_addr,
				int options, struct rusage __user *ru);
#ifdef CONFIG_COMPAT
asmlinkage long sys_old(compat_pid_t);
#endif
static inline int ksys_pipe(int *fds)
{
	struct nothing;
	return 0;
}
#endif
`;

const prototype = "asmlinkage long sys_wait6(pid_t upid,\n\tstruct rusage __user *ru);\n";
const before = (line: string, more: string) => calls.replace(line, more + line);

test("a prototype and a structure that come", (t) => {
  const after = before("#ifdef", prototype).replace("struct r", "struct ts64;\nstruct r");
  const change = headerChange(calls, after);
  if (!change) throw new Error("it is not told");
  const { functions, structures, parameters, gone, lines } = change.declared;
  t.deepEqual([...functions], ["sys_wait6"]);
  t.deepEqual([...structures], ["ts64"]);
  t.deepEqual([...parameters], ["upid"]);
  t.deepEqual([...gone], []);
  t.deepEqual([...lines], [3, 7, 8]);
});

test("declarations that go, or become others, are told as gone", (t) => {
  const went = headerChange(before("#ifdef", prototype), calls)?.declared;
  t.deepEqual([...(went?.functions ?? [])], ["sys_wait6"]);
  t.deepEqual([...(went?.gone ?? [])], ["sys_wait6"]);
  const with6 = before("#ifdef", prototype);
  const other = headerChange(with6, with6.replace("pid_t upid", "int upid"))?.declared;
  t.deepEqual([...(other?.functions ?? [])], ["sys_wait6"]);
  t.deepEqual([...(other?.gone ?? [])], ["sys_wait6"]);
});

test("a declaration that takes a type the header did not have before it is not told", (t) => {
  const told = (text: string, line = "#ifdef") =>
    headerChange(calls, before(line, text)) !== undefined;
  t.true(told("long f(pid_t pid);\n"));
  t.false(told("long f(size_t size);\n"));
  t.false(told("long f(struct timespec *ts);\n"));
  t.true(told("struct timespec;\nlong f(struct timespec *ts);\n"));
  t.false(told("long f(pid_t pid);\n", "struct rusage;"));
  t.false(told("__must_check long f(pid_t pid);\n"));
  // Used, but only under a condition.
  t.false(told("long f(compat_pid_t pid);\n", "static inline"));
  t.true(told("long f(compat_pid_t pid);\n", "#endif\nstatic inline"));
});

test("what only looks like a declaration is none", (t) => {
  const told = (text: string, line = "#ifdef") =>
    headerChange(calls, before(line, text)) !== undefined;
  t.false(told("static long f(pid_t pid);\n"));
  t.false(told("typedef long f(pid_t pid);\n"));
  t.false(told("DECLARE_FLAG(pid);\n"));
  t.false(told("long f(pid_t pid) __pure;\n"));
  t.false(told("long f(int (*callback)(int));\n"));
  t.false(told("struct pid { int number; };\n"));
  t.false(told("struct more;\n", "\treturn 0;"));
  // What is before it has not ended.
  const open = "struct pid;\nextern long\n#ifdef X\n#endif\nf(struct pid *pid);\n";
  const within = open.replace("#endif", "long g(struct pid *pid);\n#endif");
  t.is(headerChange(open, within), undefined);
});

test("a declaration whose words are macros of the header is not told", (t) => {
  const after = before("#ifdef", prototype);
  t.is(headerChange(`#define upid x\n${calls}`, `#define upid x\n${after}`), undefined);
  t.is(headerChange(calls, `#define pid_t x\n${after}`), undefined);
});
