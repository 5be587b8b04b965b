import { readFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";

/** A system call's function as its source defines it. */
export interface Definition {
  readonly args: readonly { readonly type: string; readonly name: string }[];
  /** "fs/open.c:1434". */
  readonly place: string;
}

const macro = /^(?:\w+_)?SYSCALL(?:32)?_DEFINE[0-6]\(/m;

/**
 * All SYSCALL_DEFINEs of a tree that serve an architecture, by the name that tables use
 * ("sys_openat", "compat_sys_openat"). Where there are several, the architecture's own comes first;
 * of those that depend on an option (clone's arguments come in four orders), the one whose option
 * the architecture selects, else the last.
 */
export async function findDefinitions(
  tree: string,
  arch: { readonly sourceArch: string; readonly configSymbols: readonly string[] },
  signal?: AbortSignal,
): Promise<Map<string, Definition>> {
  // Millions of lines: grep reads them in a second or two, from the page cache.
  const pattern = "^([A-Z0-9]+_)?SYSCALL(32)?_DEFINE[0-6]\\(";
  const listed = await exec("grep", ["-rlE", "--include=*.c", pattern, "."], {
    cwd: tree,
    signal,
    env: { LC_ALL: "C" },
  });
  signal?.throwIfAborted();
  const own = `arch/${arch.sourceArch}/`;
  const files = listed.stdout
    .split("\n")
    .filter(Boolean)
    .map((name) => path.posix.normalize(name))
    .filter((name) => !/^(tools|Documentation|samples)\//.test(name))
    .filter((name) => !name.startsWith("arch/") || name.startsWith(own))
    // User-mode Linux lies there too; it is no kernel for this hardware.
    .filter((name) => !name.startsWith(`${own}um/`))
    .sort((a, b) => Number(b.startsWith(own)) - Number(a.startsWith(own)) || (a < b ? -1 : 1));
  const kconfig = await readFile(path.join(tree, own, "Kconfig"), "utf8").catch(() => "");
  const selected = selectedOptions(kconfig, arch.configSymbols);
  const found = new Map<string, Definition>();
  for (const file of files) {
    const ofFile = new Map<string, { definition: Definition; chosen: boolean }>();
    const text = await readFile(path.join(tree, file), "utf8");
    for (const { name, option, definition } of parseDefinitions(text, file)) {
      if (ofFile.get(name)?.chosen) continue;
      ofFile.set(name, { definition, chosen: option !== undefined && selected.has(option) });
    }
    for (const [name, { definition }] of ofFile) if (!found.has(name)) found.set(name, definition);
  }
  // What stands for a reserved number has no arguments to speak of.
  found.delete("sys_ni_syscall");
  return found;
}

/** What an architecture's Kconfig selects without a condition, in the blocks of these symbols. */
export function selectedOptions(kconfig: string, symbols: readonly string[]): Set<string> {
  const selected = new Set<string>();
  let block = "";
  for (const line of kconfig.split("\n")) {
    block = /^(?:menu)?config\s+(\w+)/.exec(line)?.[1] ?? block;
    const option = /^\s+select\s+(\w+)\s*$/.exec(line)?.[1];
    if (option !== undefined && symbols.includes(block)) selected.add(option);
  }
  return selected;
}

interface Found {
  /** As tables name it. */
  readonly name: string;
  /** The option on which this definition depends, if the line before says so. */
  readonly option?: string;
  readonly definition: Definition;
}

/** The SYSCALL_DEFINEs of one file, in order. */
export function parseDefinitions(text: string, file: string): Found[] {
  const found: Found[] = [];
  const finder = new RegExp(macro.source, "gm");
  for (let match = finder.exec(text); match; match = finder.exec(text)) {
    const words = argumentsAt(text, match.index + match[0].length);
    // include/linux/syscalls.h: a 64-bit value in two registers.
    const [name = "", ...rest] = (words ?? []).flatMap((word) => {
      const halves = /^SC_ARG64\((\w+)\)$/.exec(word)?.[1];
      return halves === undefined ? [word] : ["u32", `${halves}_lo`, "u32", `${halves}_hi`];
    });
    // Types and names by turns; a macro of another shape is none of ours.
    if (!/^\w+$/.test(name) || rest.length % 2 !== 0) continue;
    const args = [];
    for (let i = 0; i < rest.length; i += 2)
      args.push({ type: rest[i] ?? "", name: rest[i + 1] ?? "" });
    const before = text.slice(0, match.index);
    const [, option] = /^#(?:if|elif).*\bCONFIG_(\w+).*\n$/m.exec(lastLine(before)) ?? [];
    const definition = { args, place: `${file}:${before.split("\n").length}` };
    // fs/notify/fanotify: SYSCALL32_DEFINE is the compat call of a 64-bit kernel.
    const compat = /^(COMPAT_|SYSCALL32)/.test(match[0]);
    found.push({
      name: (compat ? "compat_sys_" : "sys_") + name,
      ...(option === undefined ? {} : { option }),
      definition,
    });
  }
  return found;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
}

/** The words of a macro's argument list whose parenthesis was just opened; undefined if it never ends. */
function argumentsAt(text: string, start: number): string[] | undefined {
  const words: string[] = [];
  let depth = 0;
  let word = "";
  for (let at = start; at < Math.min(text.length, start + 2000); at++) {
    const char = text.charAt(at);
    if (depth === 0 && (char === "," || char === ")")) {
      words.push(tidy(word));
      word = "";
      if (char === ")") return words;
      continue;
    }
    if (char === "(") depth++;
    if (char === ")") depth--;
    word += char;
  }
  return undefined;
}

function tidy(word: string): string {
  return word
    .replace(/\/\*[^]*?\*\//g, " ")
    .replace(/\b__user\b/g, " ")
    .replace(/\s+/g, " ")
    .replace(/ ?\* ?/g, " *")
    .replace(/\* \*/g, "**")
    .trim();
}
