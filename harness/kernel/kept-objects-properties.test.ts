import test from "ava";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { ObjectTree } from "../testing/object-tree.ts";

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
        await using kernel = await ObjectTree.of({
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
        await using kernel = await ObjectTree.of({
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
