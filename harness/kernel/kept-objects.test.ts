import { readFile, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import fc from "fast-check";
import { exec } from "../exec.ts";
import { temporaryDir, writeFiles } from "../testing/tree.ts";
import { keepObjects, NoteReader } from "./kept-objects.ts";

/** kbuild's note of kernel/wait.o. */
const note = (command = "gcc -c -o kernel/wait.o /mnt/src/kernel/wait.c") => `\
savedcmd_kernel/wait.o := ${command}

source_kernel/wait.o := /mnt/src/kernel/wait.c

deps_kernel/wait.o := \\
    $(wildcard include/config/PID_NS) \\
  /mnt/src/include/asm.h \\
  include/generated/numbers.h \\

kernel/wait.o: $(deps_kernel/wait.o)

$(deps_kernel/wait.o):

kernel/wait.o: $(wildcard ./tools/objtool)
`;

interface Case {
  /** The generated header, before and after. */
  readonly numbers: readonly [string, string];
  readonly asm?: string;
  readonly code?: string;
  readonly command?: string;
  /** The kernel's options: "SMP". */
  readonly options?: readonly string[];
  /** Another object includes the header, and is compiled. */
  readonly isCompiledElsewhere?: boolean;
}

/** One object of a kernel whose generated header is newer. */
class Kernel {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async of(its: Case): Promise<Kernel> {
    const { numbers, asm = "", code = "int wait;\n", command, options = [] } = its;
    const kernel = new Kernel(await temporaryDir());
    const [before, after] = numbers;
    const source = { "include/asm.h": asm, "kernel/wait.c": code };
    const object = {
      "kernel/wait.o": "",
      "kernel/.wait.o.cmd": note(command),
      "tools/objtool": "",
      "include/generated/autoconf.h": options
        .map((option) => `#define CONFIG_${option} 1\n`)
        .join(""),
      ...(its.isCompiledElsewhere && {
        "kernel/gone.o": "",
        "kernel/.gone.o.cmd": note().replaceAll("wait", "gone"),
      }),
    };
    for (const [tree, text] of [
      ["baseline", before],
      ["patched", after],
    ] as const) {
      await writeFiles(path.join(kernel.dir, tree, "src"), source);
      const header = { "include/generated/numbers.h": text };
      await writeFiles(path.join(kernel.dir, tree, "obj"), { ...object, ...header });
    }
    for (const name of ["src/include/asm.h", "src/kernel/wait.c", "obj/tools/objtool"])
      await kernel.setTime(name, 1000);
    await kernel.setTime("obj/kernel/wait.o", 2000);
    if (its.isCompiledElsewhere) await kernel.setTime("obj/kernel/gone.o", 2000);
    await kernel.setTime("obj/include/generated/numbers.h", 3000);
    return kernel;
  }

  place(name: string): string {
    return path.join(this.dir, "patched", name);
  }

  async setTime(name: string, seconds: number): Promise<void> {
    await utimes(this.place(name), seconds, seconds);
  }

  async seconds(name: string): Promise<number> {
    return (await stat(this.place(name))).mtimeMs / 1000;
  }

  keep() {
    const tree = (name: string) => ({
      objects: path.join(this.dir, name, "obj"),
      source: path.join(this.dir, name, "src"),
    });
    return keepObjects({
      ...tree("patched"),
      baseline: tree("baseline"),
      inside: { obj: "/mnt/obj", src: "/mnt/src" },
    });
  }

  /** What the compiler proper gets of kernel/wait.c, and whether that much can be done. */
  async tokens(tree: "baseline" | "patched"): Promise<string> {
    const includes = ["src", "obj"].map((name) => `-I${path.join(this.dir, tree, name)}/include`);
    const code = path.join(this.dir, tree, "src/kernel/wait.c");
    // What is only a warning, such as one macro's second definition, changes no object.
    const { exitCode, stdout } = await exec("gcc", ["-E", "-P", "-w", ...includes, code]);
    return `${String(exitCode)}: ${stdout}`;
  }

  /** What the compiler makes of a file; undefined for an error. */
  async assembly(tree: "baseline" | "patched", file: string): Promise<string | undefined> {
    const dir = path.join(this.dir, tree);
    const options = ["-S", "-O1", "-w", "-x", "c", "-o", "-"];
    const includes = [`-I${dir}/src/include`, `-I${dir}/obj/include`];
    const { exitCode, stdout } = await exec("gcc", [...options, ...includes, path.join(dir, file)]);
    return exitCode === 0 ? stdout : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}

const numbers = [
  "#define __NR_mseal 462\n",
  "#define __NR_mseal 462\n#define __NR_wait6 600\n",
] as const;

async function isKept(
  t: { pass: () => void },
  one: Case,
  prepare?: (kernel: Kernel) => Promise<void>,
) {
  await using kernel = await Kernel.of(one);
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
  await using kernel = await Kernel.of({ numbers });
  t.deepEqual(await kernel.keep(), { objects: 1, outdated: 1, names: ["__NR_wait6"] });
  const seconds = await kernel.seconds("obj/kernel/wait.o");
  t.true(seconds > 3000 && seconds < 3000.01);
});

test("an object that is up to date keeps its time", async (t) => {
  await using kernel = await Kernel.of({ numbers });
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
  const uses: readonly Partial<Case>[] = [
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
  const header = (kernel: Kernel) =>
    writeFiles(kernel.place(""), { "src/include/asm.h": "int more;\n" });
  t.false(await isKept(t, { numbers }, header));
  const option = "obj/include/config/PID_NS";
  const set = (kernel: Kernel) => writeFiles(kernel.place(""), { [option]: "" });
  t.false(await isKept(t, { numbers }, set));
});

test("an object is compiled whose header is gone, has other code or takes in other files", async (t) => {
  const gone = (kernel: Kernel) => rm(kernel.place("src/include/asm.h"));
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
  const lose = (kernel: Kernel) => rm(kernel.place("obj/include/generated/autoconf.h"));
  t.false(await isKept(t, { ...prototype, asm }, lose));
});

test("an object is compiled that uses the function, or has its lines, by whatever way", async (t) => {
  const uses: readonly Partial<Case>[] = [
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
  const declare = (name: string) => (kernel: Kernel) =>
    writeFiles(kernel.place("src"), { "include/asm.h": `${asm}int ${name}(struct pid *pid);\n` });
  t.true(await isKept(t, { ...prototype, asm }, declare("sys_wait7")));
  t.false(await isKept(t, { ...prototype, asm }, declare("sys_wait6")));
});

test("a removed prototype: whoever may put its name together is compiled", async (t) => {
  const numbers = [declarations + more, declarations] as const;
  const code = "#define P(a, b) a##b\nlong wait = P(P(sys, _), P(wait, 6));\n";
  t.false(await isKept(t, { ...prototype, numbers, code }));
});

test("only notes of compiled C are read", (t) => {
  const notes = new NoteReader();
  t.deepEqual(notes.read(note()), {
    command: "gcc -c -o kernel/wait.o /mnt/src/kernel/wait.c",
    prerequisites: [
      "/mnt/src/kernel/wait.c",
      "include/config/PID_NS",
      "/mnt/src/include/asm.h",
      "include/generated/numbers.h",
    ],
    tools: ["./tools/objtool"],
  });
  t.is(notes.read(note().replaceAll("wait.c", "wait.S")), undefined);
  t.is(notes.read("savedcmd_kernel/built-in.a := ar cDPrST\n"), undefined);
});

test("whatever the macros: where an object is kept, the compiler would get the same", async (t) => {
  const name = fc.constantFrom("NR_a", "NR_b", "NR_", "NR", "a", "b", "LAST", "xx", "_");
  const body = fc.array(fc.oneof({ weight: 3, arbitrary: name }, fc.constantFrom("1", "2", "+")), {
    maxLength: 2,
  });
  const define = fc.tuple(name, body).map(([n, b]) => `#define ${n} ${b.join(" ")}`);
  const paste = fc.tuple(name, name).map(([n, left]) => `#define ${n}(x) ${left}##x`);
  const undef = name.map((n) => `#undef ${n}`);
  const block = (line: fc.Arbitrary<string>) =>
    fc.tuple(name, line).map(([n, l]) => `#ifdef ${n}\n${l}\n#endif`);
  const call = fc.tuple(name, name).map(([n, x]) => `int v = ${n}(${x});`);
  const plain = fc.oneof(define, define, undef, block(define));
  const header = fc.array(plain, { maxLength: 4 });
  const use = fc.oneof(
    define,
    paste,
    call,
    block(call),
    name.map((n) => `int w = ${n};`),
  );
  const include = '#include "generated/numbers.h"\n#include "asm.h"\n';
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(
      header,
      fc.array(fc.oneof(define, undef), { minLength: 1, maxLength: 2 }),
      fc.nat(4),
      fc.array(use, { maxLength: 3 }),
      fc.array(use, { maxLength: 3 }),
      async (before, added, place, asm, code) => {
        const after = [...before.slice(0, place), ...added, ...before.slice(place)];
        const text = (lines: readonly string[]) => `${lines.join("\n")}\n`;
        await using kernel = await Kernel.of({
          numbers: [text(before), text(after)],
          asm: text(asm),
          code: include + text(code),
        });
        const { objects } = await kernel.keep();
        if (objects === 0) return;
        kept++;
        t.is(
          await kernel.tokens("patched"),
          await kernel.tokens("baseline"),
          await readFile(kernel.place("src/kernel/wait.c"), "utf8"),
        );
      },
    ),
    { numRuns: 150 },
  );
  // Else this would have shown nothing.
  t.true(kept > 10, `only ${String(kept)} objects were kept`);
});

test("whatever the declarations: where an object is kept, the compiler makes the same of it", async (t) => {
  const name = fc.constantFrom("fa", "fb", "f", "a", "b", "in", "sa", "x");
  const declaration = fc.oneof(
    fc.tuple(name, name).map(([f, x]) => `int ${f}(int ${x});`),
    fc.tuple(name, name, name).map(([f, s, x]) => `long ${f}(struct ${s} *${x},\n\tint);`),
    name.map((s) => `struct ${s};`),
  );
  const other = fc.oneof(
    fc.tuple(name, name).map(([f, g]) => `static inline int ${f}(int x) { return ${g}(x); }`),
    fc.tuple(name, name).map(([m, n]) => `#define ${m} ${n}`),
    fc.tuple(name, name).map(([m, n]) => `#define ${m}(x) ${n}##x`),
    name.map((m) => `#define ${m}(x) __LINE__`),
    name.map((s) => `struct ${s} { int a; };`),
  );
  const block = (line: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.constantFrom("ifdef CONFIG_A", "ifndef CONFIG_A", "ifdef x"), line)
      .map(([condition, l]) => `#${condition}\n${l}\n#endif`);
  const line = fc.oneof(declaration, declaration, other, block(other));
  const use = fc.oneof(
    other,
    fc.tuple(name, name).map(([f, x]) => `int use_${x}(void) { return ${f}(1); }`),
    fc.tuple(name, name).map(([f, x]) => `long v_${x} = sizeof(${f}(a));`),
  );
  const include = '#include "generated/numbers.h"\n#include "asm.h"\n';
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 3 }),
      fc.array(declaration, { minLength: 1, maxLength: 2 }),
      fc.nat(4),
      fc.array(use, { maxLength: 2 }),
      fc.array(use, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (before, added, place, asm, code, isRemoved) => {
        const after = [...before.slice(0, place), ...added, ...before.slice(place)];
        const text = (lines: readonly string[]) => `int a;\n${lines.join("\n")}\n`;
        const both = [text(before), text(after)] as const;
        await using kernel = await Kernel.of({
          numbers: isRemoved ? [both[1], both[0]] : both,
          asm: text(asm),
          code: include + text(code),
          isCompiledElsewhere: true,
        });
        const { objects } = await kernel.keep();
        if (objects === 0) return;
        const [was, is] = await Promise.all([
          kernel.assembly("baseline", "src/kernel/wait.c"),
          kernel.assembly("patched", "src/kernel/wait.c"),
        ]);
        // What was not compiled is no object.
        if (was === undefined) return;
        kept++;
        const all = [...both, text(asm), text(code)].join("--\n");
        // An error of the header's own shows where it is compiled.
        if (is === undefined)
          t.is(await kernel.assembly("patched", "obj/include/generated/numbers.h"), undefined, all);
        else t.is(is, was, all);
      },
    ),
    { numRuns: 150 },
  );
  t.true(kept > 10, `only ${String(kept)} objects were kept`);
});
