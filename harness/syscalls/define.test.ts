import test from "ava";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { findDefinitions, parseDefinitions, selectedOptions } from "./define.ts";

test("a definition is its types and names, over as many lines as it likes", (t) => {
  const text = `
SYSCALL_DEFINE3(write, unsigned int, fd, const char __user *, buf,
		size_t, count)
{
}
SYSCALL_DEFINE0(getpid)
COMPAT_SYSCALL_DEFINE2(statfs, const char __user *, pathname, struct compat_statfs __user *, buf)
`;
  const found = parseDefinitions(text, "fs/x.c");
  t.deepEqual(
    found.map(({ name, definition }) => [
      name,
      definition.place,
      definition.args.map(({ type, name: arg }) => `${type}|${arg}`).join(),
    ]),
    [
      ["sys_write", "fs/x.c:2", "unsigned int|fd,const char *|buf,size_t|count"],
      ["sys_getpid", "fs/x.c:6", ""],
      ["compat_sys_statfs", "fs/x.c:7", "const char *|pathname,struct compat_statfs *|buf"],
    ],
  );
});

test("a 64-bit value of a 32-bit call is two arguments", (t) => {
  const [found] = parseDefinitions(
    "SYSCALL32_DEFINE3(mark, int, fd, SC_ARG64(mask), int, dfd)\n",
    "x.c",
  );
  t.is(found?.name, "compat_sys_mark");
  t.deepEqual(
    found?.definition.args.map(({ name }) => name),
    ["fd", "mask_lo", "mask_hi", "dfd"],
  );
});

test("what is no list of types and names is left alone, and so is one that never ends", (t) => {
  t.deepEqual(
    parseDefinitions("SYSCALL_DEFINE1(odd, int)\nSYSCALL_DEFINE2(open, int, a", "x.c"),
    [],
  );
});

test("options that an architecture selects, and those of others", (t) => {
  const kconfig =
    "config X86_32\n\tselect CLONE_BACKWARDS\nconfig X86\n\tselect A\n\tselect B if C\n";
  t.deepEqual([...selectedOptions(kconfig, ["X86", "X86_64"])], ["A"]);
});

const clone = `
#ifdef CONFIG_CLONE_BACKWARDS
SYSCALL_DEFINE2(clone, unsigned long, tls, int, child)
#else
SYSCALL_DEFINE2(clone, int, child, unsigned long, tls)
#endif
`;

async function tree(
  t: { teardown: (fn: () => Promise<void>) => void },
  files: Record<string, string>,
) {
  const dir = await mkdtemp(path.join(os.tmpdir(), "syscalls-"));
  t.teardown(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  return dir;
}

test("of several definitions the architecture's option decides, and its own folder comes first", async (t) => {
  const dir = await tree(t, {
    "kernel/fork.c": clone,
    "mm/mmap.c": "SYSCALL_DEFINE1(mmap, int, generic)\n",
    "arch/x86/kernel/mmap.c": "SYSCALL_DEFINE1(mmap, long, own)\n",
    "arch/arm/kernel/mmap.c": "SYSCALL_DEFINE1(mmap, long, foreign)\n",
    "arch/x86/Kconfig": "config X86_32\n\tselect CLONE_BACKWARDS\n",
    "arch/arm/Kconfig": "config ARM\n\tselect CLONE_BACKWARDS\n",
    "tools/x.c": "SYSCALL_DEFINE1(tool, int, x)\n",
  });
  const names = (found: Awaited<ReturnType<typeof findDefinitions>>, name: string) =>
    found
      .get(name)
      ?.args.map((each) => each.name)
      .join();
  const x86 = await findDefinitions(dir, { sourceArch: "x86", configSymbols: ["X86"] });
  t.is(names(x86, "sys_clone"), "child,tls");
  t.is(names(x86, "sys_mmap"), "own");
  t.is(x86.get("sys_tool"), undefined);
  const arm = await findDefinitions(dir, { sourceArch: "arm", configSymbols: ["ARM"] });
  t.is(names(arm, "sys_clone"), "tls,child");
  t.is(names(arm, "sys_mmap"), "foreign");
});
