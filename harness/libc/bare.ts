import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";

/**
 * What a compiler for bare machines lacks to make programs for Linux, beside a C library: macros, the
 * kernel's headers, start files of gcc's, and a linker script that leaves room below the program.
 */

/** What gcc defines where it makes programs for Linux (gcc/config/linux.h). */
export const linuxMacros = ["-D__linux__=1", "-D__gnu_linux__=1", "-D__unix__=1"] as const;

/**
 * Writes asm/ for a CPU: the generic headers, each under its name there, as the kernel does for
 * architectures that have none of their own (scripts/Makefile.asm-headers), and over them those in `own`.
 */
export async function writeAsmHeaders(
  asm: string,
  { generic, own }: { readonly generic: string; readonly own: string },
): Promise<void> {
  await mkdir(asm, { recursive: true });
  for (const name of await headersIn(generic))
    await writeFile(path.join(asm, name), `#include <asm-generic/${name}>\n`);
  for (const name of await headersIn(own))
    await copyFile(path.join(own, name), path.join(asm, name));
}

/** The headers in a folder, sorted. */
export async function headersIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith(".h")).sort();
}

/**
 * The linker's own script for programs that begin at `textSegment`, with their ELF headers in front, by
 * which a program finds its thread-local data (AT_PHDR in getauxval(3)). Throws where the linker's script is
 * another than expected.
 */
export async function linuxScript(linker: string, textSegment: string): Promise<string> {
  const { stdout } = await exec(linker, ["--verbose"]);
  const [, script = ""] = stdout.split(/^={10,}$/m);
  const begins = /(?<=\. = )SEGMENT_START\("text-segment", [^)]*\)(?=;)/;
  if (!begins.test(script))
    throw new Error(`${linker} --verbose shows no script with a text segment:\n${stdout}`);
  return script.replace(begins, `SEGMENT_START("text-segment", ${textSegment}) + SIZEOF_HEADERS`);
}
