import { readFile } from "node:fs/promises";
import path from "node:path";

type Numbers = Record<string, number>;

/**
 * The names and numbers of errors and signals that a tree has for an architecture: its own headers',
 * or those that most architectures share. A name that is only another one's synonym comes after it.
 */
export async function readNumbers(
  tree: string,
  sourceArch: string,
): Promise<{ readonly errors: Numbers; readonly signals: Numbers }> {
  const read = (name: string) =>
    definitions(tree, [
      `arch/${sourceArch}/include/uapi/asm/${name}`,
      `include/uapi/asm-generic/${name}`,
    ]);
  return {
    errors: only(await read("errno.h"), /^E/),
    // Without SIG_BLOCK and the like, and without names that nobody uses for these signals.
    signals: only(await read("signal.h"), /^SIG(?!IOT$|UNUSED$|STKSZ$|RTM)[A-Z0-9]+$/),
  };
}

function only(numbers: Numbers, wanted: RegExp): Numbers {
  return Object.fromEntries(Object.entries(numbers).filter(([name]) => wanted.test(name)));
}

/** Numbers that the first of these headers that is there defines, or a generic one that it includes. */
async function definitions(tree: string, [header, ...others]: readonly string[]): Promise<Numbers> {
  if (header === undefined) return {};
  const text = await readFile(path.join(tree, header), "utf8").catch(() => undefined);
  if (text === undefined) return definitions(tree, others);
  const found: Numbers = {};
  const line = /^#\s*(?:include\s+<(asm-generic\/[\w-]+\.h)>|define\s+(\w+)\s+(\w+))/gm;
  for (const [, included, name = "", value = ""] of text.matchAll(line)) {
    const added: Numbers =
      included === undefined
        ? { [name]: found[value] ?? (/^\d+$/.test(value) ? Number(value) : NaN) }
        : await definitions(tree, [`include/uapi/${included}`]);
    // The first one stays: what a generic header has, it has under #ifndef.
    for (const [key, number] of Object.entries(added))
      if (!Number.isNaN(number)) found[key] ??= number;
  }
  return found;
}
