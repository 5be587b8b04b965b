import test from "ava";
import { changedMacros, isPasted, mentionsOf } from "./macro-change.ts";

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
  const change = changedMacros(before, after);
  return change && [...change.names].sort();
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

test("what is more than a change of macros is not told", (t) => {
  t.is(changed(numbers, `${numbers}int f(void);\n`), undefined);
  t.is(changed(numbers, numbers.replace("__KERNEL__", "__ASSEMBLY__")), undefined);
  t.is(changed(numbers, `#include <linux/types.h>\n${numbers}`), undefined);
});

test("code that moves to another line has changed: it may tell its line", (t) => {
  const code = "#define A 1\nstatic inline void f(void) { WARN_ON(1); }\n";
  t.deepEqual(changed(code, code.replace("1\n", "2\n")), ["A"]);
  t.is(changed(code, code.replace("1\n", "1\n#define B 1\n")), undefined);
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
  t.deepEqual(changedMacros(generic, generic + more), {
    names: new Set(["__NR_wait6"]),
    empty: new Set(["__SYSCALL", "__SC_COMP"]),
  });
  t.is(changed(generic, generic.replace("(x, y)", "(x, y) x")), undefined);
  t.is(changed(generic, `${generic}__SYSCALL(__NR_wait6, sys_wait6) int a;\n`), undefined);
  t.is(changed(generic, `${generic}OTHER(__NR_wait6, sys_wait6)\n`), undefined);
  // Behind an #undef it may be anything.
  t.is(changed(`#undef __SYSCALL\n${generic}`, `#undef __SYSCALL\n${generic}${more}`), undefined);
});

const wait6 = { names: new Set(["__NR_wait6"]), empty: new Set(["__SYSCALL"]) };

const read = (source: string, isOrigin = false) => {
  const reader = mentionsOf(wait6, new Set(["LAST"]));
  const { uses, derived, pieces } = reader(source, isOrigin ? wait6 : undefined);
  return { uses, derived, pieces: [...pieces].sort() };
};

test("code, directives and other definitions use a macro", (t) => {
  t.true(read("int number = __NR_wait6;\n").uses);
  t.true(read("#if defined(__NR_wait6)\n#endif\n").uses);
  t.true(read("#define __NR_wait6 1\n").uses);
  t.true(read("#undef __NR_wait6\n").uses);
  t.true(read("int last = LAST;\n").uses);
  t.true(read("int number = __NR_\\\nwait6;\n").uses);
  t.true(read('char *url = "http://"; int number = __NR_wait6;\n').uses);
});

test("whoever defines an empty macro, or does more than to call it, uses it", (t) => {
  t.true(read("#define __SYSCALL(nr, call) [nr] = call,\n").uses);
  t.true(read("#undef __SYSCALL\n").uses);
  t.true(read("int x = 1 + __SYSCALL(1, 2) 2;\n").uses);
  t.true(read("__SYSCALL(__NR_wait6, sys_wait6)\n").uses);
  t.false(read("__SYSCALL(244, sys_riscv_hwprobe)\n").uses);
  t.false(read(`${generic}__SYSCALL(__NR_wait6, sys_wait6)\n`, true).uses);
});

test("its own definition, comments and longer names do not", (t) => {
  t.false(read("#define __NR_wait6 600\n", true).uses);
  t.false(read("/* __NR_wait6 */ // __NR_wait6\nint __NR_wait64;\n").uses);
});

test("another definition is a use, also in a header that has changed elsewhere", (t) => {
  const own = { names: new Set(["OTHER"]), empty: new Set<string>() };
  t.true(mentionsOf(wait6, new Set())("#define __NR_wait6 600\n", own).uses);
});

test("a macro that is defined by means of another is told", (t) => {
  t.deepEqual(read("#define NR_syscalls \\\n  (__NR_wait6 + 1)\n"), {
    uses: false,
    derived: ["NR_syscalls"],
    pieces: [],
  });
});

test("pieces are words that a name could be pasted together from", (t) => {
  t.deepEqual(read("#define NR(name) __NR_##name\nNR(wait6)\nint fd, w, t6;\n").pieces, [
    "NR",
    "__NR_",
    "t6",
    "wait6",
  ]);
  const from = (...pieces: string[]) => isPasted("__NR_wait6", new Set(pieces));
  t.true(from("__NR_", "wait6"));
  t.true(from("__", "NR_", "wait"));
  t.false(from("__NR_", "wait4"));
  t.false(from("NR_", "wait6"));
});
