import { rm } from "node:fs/promises";
import test from "ava";
import { temporaryDir, writeFiles } from "../testing/tree.ts";
import { archFolder, treeClaims } from "./claims.ts";

const support = (rows: Readonly<Record<string, string>>, kconfig: string) =>
  `#\n# Feature name:          f\n#         Kconfig:       ${kconfig}\n#\n    ---------\n    |  arch |status|\n${Object.entries(
    rows,
  )
    .map(([arch, status]) => `    |  ${arch}: | ${status} |\n`)
    .join("")}    ---------\n`;

test("what a tree says of its architectures, in its documentation and in Kconfig", async (t) => {
  const tree = await temporaryDir();
  t.teardown(() => rm(tree, { recursive: true, force: true }));
  await writeFiles(tree, {
    "Documentation/features/core/tracehook/arch-support.txt": support(
      { x86: " ok ", xtensa: "TODO", um: " .. " },
      "HAVE_ARCH_TRACEHOOK",
    ),
    "Documentation/features/locking/rwsem/arch-support.txt": support({ x86: "ok" }, "!GENERIC"),
    "arch/x86/Kconfig":
      "config X86\n\tselect HAVE_ARCH_TRACEHOOK_NOT\n\tselect HAVE_ARCH_TRACEHOOK\n",
    "arch/xtensa/Kconfig": "config XTENSA\n\tselect HAVE_ARCH_TRACEHOOK if MMU\n",
    "arch/alpha/Kconfig": "config ALPHA\n\tselect HAVE_ARCH_TRACEHOOK_NOT\n",
  });
  const claims = await treeClaims(tree);
  t.deepEqual(Object.fromEntries(claims.get("tracehook") ?? []), {
    x86: { documentation: true, kconfig: true },
    xtensa: { documentation: false, kconfig: true },
    um: { documentation: false, kconfig: undefined },
    alpha: { documentation: undefined, kconfig: false },
  });
  t.is(claims.get("rwsem")?.get("x86")?.kconfig, undefined);
  t.is((await treeClaims("/nonexistent")).size, 0);
});

test("the folder below arch/ of a kernel's ARCH", (t) => {
  t.deepEqual(["x86_64", "i386", "sparc64", "parisc64", "arm64"].map(archFolder), [
    "x86",
    "x86",
    "sparc",
    "parisc",
    "arm64",
  ]);
});
