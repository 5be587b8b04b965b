import test from "ava";
import { headerChange, type HeaderChange } from "./header-change.ts";
import {
  derivedFrom,
  isPasted,
  LineTellers,
  mentionsOf,
  merged,
  readSource,
  setOptions,
} from "./mentions.ts";

const define = "#ifndef __SYSCALL\n#define __SYSCALL(x, y)\n#endif\n";

const change = (more: string) => {
  const found = headerChange(define, define + more);
  if (!found) throw new Error("the change is not told");
  return found;
};

const wait6 = change("#define __NR_wait6 600\n__SYSCALL(__NR_wait6, sys_wait6)\n");

const read = (source: string, isOrigin = false, changes: readonly HeaderChange[] = [wait6]) => {
  const own = isOrigin ? changes[0] : undefined;
  const words = readSource(source, own?.declared.lines);
  const all = merged(changes);
  const derived = derivedFrom(all, [{ words, own }]);
  const { uses, pieces } = mentionsOf(all, new Set([...derived, "LAST"]))(words, own);
  return { uses, derived: [...derived], pieces: [...pieces].sort() };
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
  t.false(read(`${define}__SYSCALL(__NR_wait6, sys_wait6)\n`, true).uses);
});

test("its own definition, comments and longer names do not", (t) => {
  t.false(read("#define __NR_wait6 600\n", true).uses);
  t.false(read("/* __NR_wait6 */ // __NR_wait6\nint __NR_wait64;\n").uses);
});

test("another definition is a use, also in a header that has changed elsewhere", (t) => {
  t.true(read("#define __NR_wait6 600\n", true, [change("#define OTHER 1\n"), wait6]).uses);
});

test("a function that is declared now: whoever names it uses it, its parameters are free", (t) => {
  const declared = [change("long sys_wait6(int upid);\n")];
  const uses = (source: string, isOrigin = false) => read(source, isOrigin, declared).uses;
  t.true(uses("int x = sys_wait6(1);\n"));
  t.true(uses("#define sys_wait6 sys_wait4\n"));
  t.false(uses("int upid, wait6; long sys_wait64(int upid);\n"));
  t.true(uses("#define upid 1\n"));
  t.false(uses(`${define}long sys_wait6(int upid);\n`, true));
  t.true(
    uses(`${define}long sys_wait6(int upid);\nlong wait(void) { return sys_wait6(1); }\n`, true),
  );
});

test("a function that moves to another header is not new: it is gone from the first", (t) => {
  const declare = "long sys_wait6(int upid);\n";
  const from = headerChange(define + declare, define);
  if (!from) throw new Error("the change is not told");
  t.deepEqual([...merged([change(declare)]).isNew], ["sys_wait6"]);
  t.deepEqual([...merged([from, change(declare)]).isNew], []);
});

test("incbin takes in what make does not know of", (t) => {
  t.true(read('asm(".incbin \\"config.gz\\"");\n').uses);
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
  t.true(isPasted("sys_wait6", new Set(["sys_", "wait6"]), 2));
  t.false(isPasted("sys_wait6", new Set(["sys", "_", "wait6"]), 2));
  t.true(isPasted("sys_wait6", new Set(["sys", "_", "wait6"])));
});

/** Whether CHECK may tell its line, in an object of these files. */
const tells = (
  files: Record<string, string>,
  options: readonly string[] = [],
  given: readonly string[] = [],
) => {
  const sources = Object.entries(files).map(([name, text]) => [name, readSource(text)] as const);
  const autoconf = options.map((option) => `#define CONFIG_${option} 1\n`).join("");
  const tellers = new LineTellers(new Map(sources), setOptions(autoconf));
  const own = Object.keys(files).filter((name) => name !== "other.h");
  return tellers.tell(new Set(["CHECK"]), new Set(own), new Set(given));
};

test("a macro tells its line by way of others", (t) => {
  const bug = "#define BUG(x) report(__FILE__, __LINE__)\n";
  t.true(tells({ "a.h": `#define CHECK BUG\n${bug}` }));
  t.true(tells({ "a.h": "#define CHECK BUG(1)\n", "b.h": bug }));
  t.true(new LineTellers(new Map(), new Set()).tell(new Set(["__LINE__"]), new Set()));
  t.true(tells({ "a.h": "#define CHECK __builtin_LINE()\n" }));
  t.false(tells({ "a.h": "#define CHECK do_check()\n", "b.h": bug }));
  // Of a file that the object is not compiled from.
  t.false(tells({ "a.h": "#define CHECK BUG(1)\n", "other.h": bug }));
});

test("a macro that pastes names together may make any other", (t) => {
  t.true(tells({ "a.h": "#define CHECK(x) __LI##x\n" }));
  t.false(tells({ "a.h": "#define CHECK(x, ...) print(x, ##__VA_ARGS__)\n" }));
});

test("what the configuration leaves out does not count", (t) => {
  const among = (condition: string, more = "") =>
    `${condition}\n#define CHECK __LINE__\n${more}#endif\n`;
  const isLeftOut = (condition: string, ...options: string[]) =>
    !tells({ "a.h": among(condition) }, options);
  t.true(isLeftOut("#ifdef CONFIG_A"));
  t.false(isLeftOut("#ifdef CONFIG_A", "A"));
  t.true(isLeftOut("#ifndef CONFIG_A", "A"));
  t.false(isLeftOut("#ifndef CONFIG_A"));
  t.true(isLeftOut("#if defined(CONFIG_A) && !defined(__CHECKER__)"));
  t.true(isLeftOut("# if defined CONFIG_A && !defined(CONFIG_B)", "A", "B"));
  t.false(isLeftOut("# if defined CONFIG_A && !defined(CONFIG_B)", "A"));
  t.false(isLeftOut("#if defined(CONFIG_A) || defined(X)"));
  t.false(isLeftOut("#if defined(CONFIG_A) && X || Y"));
  t.false(isLeftOut("#if !(defined(CONFIG_A) && defined(CONFIG_B) && X)"));
  t.false(isLeftOut("#if defined(CONFIG_A) == 0"));
  t.false(isLeftOut("#ifdef __KERNEL__"));
  t.true(isLeftOut("#ifdef CONFIG_A\n#else", "A"));
  t.false(isLeftOut("#ifdef CONFIG_A\n#else"));
  t.false(isLeftOut("#ifdef CONFIG_A\n#elif X"));
  t.false(isLeftOut("#ifdef CONFIG_A\n#elif X\n#else", "A"));
  t.false(isLeftOut("#ifdef CONFIG_A\n#endif\n#if 1"));
  t.true(isLeftOut("#ifdef CONFIG_A\n#if X\n#endif"));
});

test("an option that a file itself defines is not known", (t) => {
  const text = "#ifdef CONFIG_A\n#define CHECK __LINE__\n#endif\n";
  t.true(tells({ "a.h": text, "fake.h": "#define CONFIG_A 1\n" }));
  t.true(tells({ "a.h": text.replace("ifdef", "ifndef"), "fake.h": "#undef CONFIG_A\n" }, ["A"]));
});

test("a command can define what a word stands for, and options", (t) => {
  t.true(tells({ "a.h": "#define CHECK how()\n" }, [], ["how"]));
  t.false(tells({ "a.h": "#define CHECK how()\n" }, [], ["why"]));
  const text = "#ifdef CONFIG_A\n#define CHECK __LINE__\n#endif\n";
  t.true(tells({ "a.h": text }, [], ["CONFIG_A"]));
});

test("where the configuration is not known, nothing is left out", (t) => {
  const text = "#ifdef CONFIG_A\n#define CHECK __LINE__\n#endif\n";
  const sources = new Map([["a.h", readSource(text)]]);
  const tell = (options?: ReadonlySet<string>) =>
    new LineTellers(sources, options).tell(new Set(["CHECK"]), new Set(["a.h"]));
  t.true(tell());
  t.false(tell(new Set()));
});
