import test from "ava";
import { rm } from "node:fs/promises";
import path from "node:path";
import arm64 from "../arch/arm64.ts";
import { fakeTool } from "../testing/fake-apt.ts";
import { temporaryDir } from "../testing/tree.ts";
import { findToolchain } from "./toolchain.ts";

test.serial("gcc leaves out what only its messages need; clang has no such option", async (t) => {
  const dir = await temporaryDir();
  const before = process.env["PATH"];
  t.teardown(async () => {
    process.env["PATH"] = before;
    await rm(dir, { recursive: true });
  });
  for (const [tool, says] of [
    ["aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0"],
    ["aarch64-linux-gnu-ld", "GNU ld (GNU Binutils for Debian) 2.40"],
    ["clang", "Debian clang version 19.1.7"],
    ["ld.lld", "Debian LLD 19.1.7"],
  ] as const)
    await fakeTool(dir, tool, `echo "${says}"`);
  process.env["PATH"] = `${dir}:${before ?? ""}`;
  const variablesOf = async (name: string) =>
    (await findToolchain(name, arm64, { emit: () => undefined })).makeVariables.filter((word) =>
      /^(CROSS_COMPILE|LLVM|K\w*FLAGS)=/.test(word),
    );
  t.deepEqual(await variablesOf("gcc"), [
    "CROSS_COMPILE=aarch64-linux-gnu-",
    "KCFLAGS=-ftrack-macro-expansion=0",
  ]);
  t.deepEqual(await variablesOf("clang"), ["LLVM=1"]);
});
