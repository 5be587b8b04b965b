import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { execSandboxed } from "../sandbox.ts";

/** Where a tree says which number is which call. */
export type TableSource =
  /** <number> <abi> <name> [<entry> [<compat entry>]] (scripts/syscalltbl.sh). */
  | {
      readonly kind: "tbl";
      readonly file: string;
      /** Values of the second column that belong to this ABI. */
      readonly columns: readonly string[];
      /** Further ones, as "syscall_abis_64 += renameat" in this Makefile. */
      readonly moreColumns?: { readonly file: string; readonly variable: string };
      /** Whether the compat entry counts where there is one: a 32-bit ABI on a 64-bit kernel. */
      readonly compat?: boolean;
    }
  /** A header of __NR_* and __SYSCALL(), read by the C preprocessor. */
  | {
      readonly kind: "header";
      readonly file: string;
      /** Folders of the tree for -I. */
      readonly include: readonly string[];
      /** -D arguments. */
      readonly define: readonly string[];
      /** -U arguments: what the host's compiler defines, and that of the ABI does not. */
      readonly undefine?: readonly string[];
    };

export interface TableEntry {
  readonly nr: number;
  readonly name: string;
  readonly entry: string;
}

/** Reads the first of the tables that the tree has; undefined when it has none. */
export async function readTable(
  tree: string,
  sources: readonly TableSource[],
  signal?: AbortSignal,
): Promise<{ readonly file: string; readonly entries: readonly TableEntry[] } | undefined> {
  const source = sources.find(({ file }) => existsSync(path.join(tree, file)));
  if (!source) return undefined;
  const entries =
    source.kind === "tbl"
      ? await readTbl(tree, source)
      : parseHeader(await preprocess(tree, source, signal));
  return { file: source.file, entries: [...entries].sort((a, b) => a.nr - b.nr) };
}

async function readTbl(
  tree: string,
  source: Extract<TableSource, { kind: "tbl" }>,
): Promise<TableEntry[]> {
  const columns = [...source.columns];
  if (source.moreColumns) {
    const { file, variable } = source.moreColumns;
    const text = await readFile(path.join(tree, file), "utf8").catch(() => "");
    const assigned = new RegExp(`^${variable}\\s*\\+?=(.*)$`, "gm");
    for (const [, words = ""] of text.matchAll(assigned))
      columns.push(...words.split(/[\s,]+/).filter(Boolean));
  }
  const text = await readFile(path.join(tree, source.file), "utf8");
  return parseTbl(text, columns, source.compat ?? false);
}

/** The entries of a syscall.tbl that belong to an ABI. */
export function parseTbl(text: string, columns: readonly string[], compat: boolean): TableEntry[] {
  return text.split("\n").flatMap((line) => {
    const [nr = "", abi = "", name = "", entry, compatEntry] = line
      .replace(/#.*/, "")
      .trim()
      .split(/\s+/);
    if (!/^\d+$/.test(nr) || !columns.includes(abi)) return [];
    const isThere = compat && compatEntry !== undefined && compatEntry !== "-";
    return [{ nr: Number(nr), name, entry: plainEntry((isThere ? compatEntry : entry) ?? "") }];
  });
}

/**
 * Before 5.7 x86's tables had "__x64_sys_read" and "__ia32_compat_sys_open/ptregs"; mips' and sparc's
 * have "__sys_clone", parisc's "sys_clone_wrapper", which save registers before they call sys_clone().
 */
function plainEntry(entry: string): string {
  const plain = entry
    .replace(/^__(x64|ia32|x32|arm64|s390x?)_/, "")
    .replace(/^__sys_/, "sys_")
    .replace(/_wrapper$/, "")
    .replace(/\/.*$/, "");
  return plain === "" || plain === "-" ? "sys_ni_syscall" : plain;
}

interface Preprocessed {
  /** What -E gives with __SYSCALL defined as "HARNESS_ENTRY number entry". */
  readonly entries: string;
  /** What -dM gives: all macros. */
  readonly macros: string;
}

async function preprocess(
  tree: string,
  source: Extract<TableSource, { kind: "header" }>,
  signal?: AbortSignal,
): Promise<Preprocessed> {
  const inside = "/mnt/tree";
  const run = async (how: string): Promise<string> => {
    const args = [
      ...["-E", "-P", "-nostdinc", how, "-x", "c"],
      ...source.include.flatMap((dir) => ["-I", `${inside}/${dir}`]),
      ...(source.undefine ?? []).flatMap((word) => ["-U", word]),
      ...source.define.flatMap((word) => ["-D", word]),
      `${inside}/${source.file}`,
    ];
    const result = await execSandboxed("gcc", args, {
      readOnly: { [tree]: inside },
      insideCwd: inside,
      env: { LC_ALL: "C" },
      timeoutSeconds: 60,
      signal,
    });
    if (result.exitCode !== 0) throw new Error(`${source.file}: ${result.output.slice(-2000)}`);
    return result.stdout;
  };
  return {
    entries: await run("-D__SYSCALL(nr,entry)=HARNESS_ENTRY nr entry"),
    macros: await run("-dM"),
  };
}

/** Numbers and entries from what the preprocessor made, names from its macros. */
export function parseHeader({ entries, macros }: Preprocessed): TableEntry[] {
  const values = new Map<string, string>();
  for (const [, name = "", value = ""] of macros.matchAll(/^#define (__NR\w*_\w+) (\S+)$/gm))
    values.set(name, value);
  const names = new Map<number, string>();
  for (const [macro] of values) {
    const name = /^__NR_(\w+)$/.exec(macro)?.[1];
    const nr = numberOf(macro, values);
    if (name !== undefined && nr !== undefined && name !== "syscalls") names.set(nr, name);
  }
  return [...entries.matchAll(/HARNESS_ENTRY (\S+) (\w+)/g)].flatMap(
    ([, number = "", entry = ""]) => {
      const nr = numberOf(number, values);
      const name = nr === undefined ? undefined : names.get(nr);
      return nr === undefined || name === undefined ? [] : [{ nr, name, entry }];
    },
  );
}

function numberOf(word: string, macros: ReadonlyMap<string, string>): number | undefined {
  let value: string | undefined = word;
  // Aliases of aliases: __NR_fcntl, __NR3264_fcntl, 25.
  for (let steps = 0; steps < 8 && value !== undefined; steps++) {
    if (/^\d+$/.test(value)) return Number(value);
    value = macros.get(value);
  }
  return undefined;
}
