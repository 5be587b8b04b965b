import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { temporaryDir, writeFiles } from "../testing/tree.ts";
import { linuxScript, writeAsmHeaders } from "./bare.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A linker with that script. */
async function linker(dir: string, script: string): Promise<string> {
  const file = path.join(dir, "or1k-elf-ld");
  const said = `GNU ld\n${"=".repeat(50)}\n${script}${"=".repeat(50)}\n`;
  await writeFile(file, `#!/bin/sh\ncat <<'EOF'\n${said}EOF\n`);
  await chmod(file, 0o755);
  return file;
}

test("programs begin above 0, with their headers in memory", async (t) => {
  const begins = (to: string) =>
    `SECTIONS\n{\n  PROVIDE (__executable_start = SEGMENT_START("text-segment", 0x0000)); . = ${to};\n}\n`;
  const ld = await linker(await folder(t), begins('SEGMENT_START("text-segment", 0x0000)'));
  t.is(
    (await linuxScript(ld, "0x2000")).trim(),
    begins('SEGMENT_START("text-segment", 0x2000) + SIZEOF_HEADERS').trim(),
  );
});

test("a script of another kind is no script for Linux", async (t) => {
  const ld = await linker(await folder(t), "SECTIONS\n{\n  .text : { *(.text) }\n}\n");
  await t.throwsAsync(linuxScript(ld, "0x2000"), { message: /shows no script/ });
});

test("asm/ is the generic headers, with the CPU's own over them", async (t) => {
  const dir = await folder(t);
  await writeFiles(dir, {
    "generic/errno.h": "",
    "generic/unistd.h": "",
    "own/unistd.h": "/* own */\n",
    "own/README": "",
  });
  const asm = path.join(dir, "asm");
  await writeAsmHeaders(asm, { generic: path.join(dir, "generic"), own: path.join(dir, "own") });
  t.is(await readFile(path.join(asm, "errno.h"), "utf8"), "#include <asm-generic/errno.h>\n");
  t.is(await readFile(path.join(asm, "unistd.h"), "utf8"), "/* own */\n");
  await t.throwsAsync(readFile(path.join(asm, "README")));
});
