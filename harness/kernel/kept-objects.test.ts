import { rm } from "node:fs/promises";
import test from "ava";
import { ObjectTree, type ObjectTreeCase } from "../testing/object-tree.ts";
import { writeFiles } from "../testing/tree.ts";

const numbers = [
  "#define __NR_mseal 462\n",
  "#define __NR_mseal 462\n#define __NR_wait6 600\n",
] as const;

async function isKept(
  t: { pass: () => void },
  one: ObjectTreeCase,
  prepare?: (kernel: ObjectTree) => Promise<void>,
) {
  await using kernel = await ObjectTree.of(one);
  await prepare?.(kernel);
  const before = await kernel.seconds("obj/kernel/wait.o");
  const { objects } = await kernel.keep();
  const isNewer = (await kernel.seconds("obj/kernel/wait.o")) > before;
  if (isNewer !== (objects === 1)) throw new Error("the count is not what was done");
  t.pass();
  return isNewer;
}

test("an object is kept whose header only has a new number", async (t) => {
  t.true(await isKept(t, { numbers }));
});

test("a tool that was not built is not missed", async (t) => {
  t.true(await isKept(t, { numbers }, (kernel) => rm(kernel.place("obj/tools/objtool"))));
});

test("a kept object is newer than the header by next to nothing", async (t) => {
  await using kernel = await ObjectTree.of({ numbers });
  t.deepEqual(await kernel.keep(), { objects: 1, outdated: 1, names: ["__NR_wait6"] });
  const seconds = await kernel.seconds("obj/kernel/wait.o");
  t.true(seconds > 3000 && seconds < 3000.01);
});

test("an object that is up to date keeps its time", async (t) => {
  await using kernel = await ObjectTree.of({ numbers });
  await kernel.setTime("obj/kernel/wait.o", 4000);
  t.deepEqual(await kernel.keep(), { objects: 0, outdated: 0, names: [] });
  t.is(await kernel.seconds("obj/kernel/wait.o"), 4000);
});

test("an object is kept or compiled by what it makes of a header's calls", async (t) => {
  const define = "#ifndef __SYSCALL\n#define __SYSCALL(x, y)\n#endif\n";
  const more = "#define __NR_wait6 600\n__SYSCALL(__NR_wait6, sys_wait6)\n";
  const table = { numbers: [define, define + more] } as const;
  t.true(await isKept(t, table));
  t.false(await isKept(t, { ...table, code: "#define __SYSCALL(nr, call) int call = nr;\n" }));
});

test("an object is compiled that uses the number, by whatever way", async (t) => {
  const uses: readonly Partial<ObjectTreeCase>[] = [
    { code: "int wait = __NR_wait6;\n" },
    { code: "#ifdef __NR_wait6\nint wait;\n#endif\n" },
    {
      asm: "#define LAST __NR_wait6\n#define NR_syscalls (LAST + 1)\n",
      code: "int a[NR_syscalls];\n",
    },
    { code: "#define NR(name) __NR_##name\nint wait = NR(wait6);\n" },
    { code: "#define P(a, b) a##b\nint wait = P(P(__, NR_), P(wait, 6));\n" },
    { command: "gcc -DLAST=__NR_wait6 -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
    { command: "gcc -D__NR_wait6=1 -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
    { command: "gcc -U__NR_wait6 -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
  ];
  for (const one of uses) t.false(await isKept(t, { numbers, ...one }), JSON.stringify(one));
});

test("an object is compiled where more is newer than the header with the numbers", async (t) => {
  for (const name of ["src/kernel/wait.c", "obj/tools/objtool"])
    t.false(await isKept(t, { numbers }, (kernel) => kernel.setTime(name, 2500)), name);
  const header = (kernel: ObjectTree) =>
    writeFiles(kernel.place(""), { "src/include/asm.h": "int more;\n" });
  t.false(await isKept(t, { numbers }, header));
  const option = "obj/include/config/PID_NS";
  const set = (kernel: ObjectTree) => writeFiles(kernel.place(""), { [option]: "" });
  t.false(await isKept(t, { numbers }, set));
});

test("an object is compiled whose header is gone, has other code or takes in other files", async (t) => {
  const gone = (kernel: ObjectTree) => rm(kernel.place("src/include/asm.h"));
  t.false(await isKept(t, { numbers }, gone));
  t.false(await isKept(t, { numbers: ["int a;\n", "int b;\n"] }));
  t.false(await isKept(t, { numbers, code: 'asm(".incbin \\"config.gz\\"");\n' }));
  t.false(await isKept(t, { numbers, command: "gcc -ggdb3 -c kernel/wait.c" }));
});

const declarations = "struct pid;\nlong sys_wait4(struct pid *pid);\n";
const more = "struct rusage;\nlong sys_wait6(struct pid *pid, int flags);\n";
const inline = "static inline int old(void) { return check(1); }\n";
const prototype = {
  numbers: [declarations + inline, declarations + more + inline],
  isCompiledElsewhere: true,
} as const;

const warn = "#define WARN(x) warn(x, __FILE__, __LINE__)\n";

test("an object is kept whose header only has a new prototype", async (t) => {
  t.true(await isKept(t, prototype));
  t.true(await isKept(t, { ...prototype, numbers: [declarations + more, declarations] }));
  const asm = `${warn}#ifdef CONFIG_DEBUG\n#define check(x) WARN(x)\n#endif\n`;
  t.true(await isKept(t, { ...prototype, asm }));
  t.false(await isKept(t, { ...prototype, asm, options: ["DEBUG"] }));
});

test("an object is compiled that may have its lines where the configuration is not known", async (t) => {
  const asm = `${warn}#ifdef CONFIG_DEBUG\n#define check(x) WARN(x)\n#endif\n`;
  const lose = (kernel: ObjectTree) => rm(kernel.place("obj/include/generated/autoconf.h"));
  t.false(await isKept(t, { ...prototype, asm }, lose));
});

test("an object is compiled that uses the function, or has its lines, by whatever way", async (t) => {
  const uses: readonly Partial<ObjectTreeCase>[] = [
    { code: "long wait = sys_wait6;\n" },
    { code: "struct rusage { int sum; };\n" },
    { code: "#define CALL(name) sys_##name\nlong wait = CALL(wait6);\n" },
    { code: "#define flags 1\n" },
    { asm: "#define check(x) WARN(x)\n" },
    { asm: "#define check(x) WA##RN(x)\n" },
    { command: "gcc -g -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
    { command: "gcc -fsanitize=undefined -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
    { command: "gcc -Dcheck=WARN -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
    { command: "gcc -Dflags=1 -c -o kernel/wait.o /mnt/src/kernel/wait.c" },
  ];
  t.true(await isKept(t, { ...prototype, asm: warn }));
  for (const one of uses)
    t.false(
      await isKept(t, { ...prototype, ...one, asm: warn + (one.asm ?? "") }),
      JSON.stringify(one),
    );
});

test("a new declaration is compiled at least once", async (t) => {
  t.false(await isKept(t, { ...prototype, isCompiledElsewhere: false }));
});

test("an object is compiled that gets two declarations of a function from two headers", async (t) => {
  const asm = "struct pid;\n";
  const declare = (name: string) => (kernel: ObjectTree) =>
    writeFiles(kernel.place("src"), { "include/asm.h": `${asm}int ${name}(struct pid *pid);\n` });
  t.true(await isKept(t, { ...prototype, asm }, declare("sys_wait7")));
  t.false(await isKept(t, { ...prototype, asm }, declare("sys_wait6")));
});

test("a removed prototype: whoever may put its name together is compiled", async (t) => {
  const numbers = [declarations + more, declarations] as const;
  const code = "#define P(a, b) a##b\nlong wait = P(P(sys, _), P(wait, 6));\n";
  t.false(await isKept(t, { ...prototype, numbers, code }));
});
