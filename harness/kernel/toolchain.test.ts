import test from "ava";
import arm64 from "../arch/arm64.ts";
import { exec } from "../exec.ts";
import { fakeTool, toolsOnPath } from "../testing/fake-apt.ts";
import { findToolchain } from "./toolchain.ts";

test.serial(
  "ccache is asked for the host's programs even where it is off for the kernel",
  async (t) => {
    const dir = await toolsOnPath(t);
    for (const [tool, says] of [
      ["aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0"],
      ["aarch64-linux-gnu-ld", "GNU ld (GNU Binutils for Debian) 2.40"],
      ["clang", "Debian clang version 19.1.7"],
      ["ld.lld", "Debian LLD 19.1.7"],
      ["ccache", "ccache version 4.7.5"],
    ] as const)
      await fakeTool(
        dir,
        tool,
        `[ "$1" = --version ] && echo "${says}" || echo "\${CCACHE_DISABLE-on} $*"`,
      );
    const variablesOf = async (name: string) => {
      const { makeVariables } = await findToolchain(name, arm64, { emit: () => undefined });
      return new Map(makeVariables.map((word) => word.split("=") as [string, string]));
    };
    const saidBy = async (command = "") =>
      (
        await exec("sh", ["-c", `${command} -c x.c`], { env: { CCACHE_DISABLE: "1" } })
      ).stdout.trim();
    const gcc = await variablesOf("gcc");
    t.is(gcc.get("CROSS_COMPILE"), "aarch64-linux-gnu-");
    t.is(await saidBy(gcc.get("CC")), "1 aarch64-linux-gnu-gcc -c x.c");
    t.is(await saidBy(gcc.get("HOSTCC")), "on gcc -c x.c");
    const clang = await variablesOf("clang");
    t.is(clang.get("LLVM"), "1");
    t.is(await saidBy(clang.get("HOSTCC")), "on clang -c x.c");
  },
);
