import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { cached } from "./cache.ts";
import { fingerprint, sha256 } from "./fingerprint.ts";
import { Failure } from "./model/failure.ts";
import { findDefinitions, type Definition } from "./syscalls/define.ts";
import { readNumbers } from "./syscalls/numbers.ts";
import { readTable, type TableEntry, type TableSource } from "./syscalls/table.ts";

/** One ABI of an architecture as its kernel dispatches it; inert data, a file of syscalls/abi/ for each architecture. */
export interface SyscallAbi {
  /** As in arch/: "x86_64", "i386", "x32". */
  readonly name: string;
  /** AUDIT_ARCH_* (include/uapi/linux/audit.h): what PTRACE_GET_SYSCALL_INFO and seccomp call it. */
  readonly auditArch: number;
  /** Width of its registers and pointers. */
  readonly bits: 32 | 64;
  /** Set in all numbers of this ABI, where it shares auditArch with another. */
  readonly numberBit?: number;
  /** What is added to a table's numbers. */
  readonly numbersFrom?: number;
  /** Where its table is; kernels moved it, the first one that a tree has is taken. */
  readonly tables: readonly TableSource[];
}

export interface ArchAbis {
  /** As in arch/. */
  readonly name: string;
  /** SRCARCH of the kernel's Makefile: the folder below arch/ with its own definitions. */
  readonly sourceArch: string;
  /** The symbols of its Kconfig that are always set, whose "select" lines hold. */
  readonly configSymbols: readonly string[];
  readonly abis: readonly SyscallAbi[];
}

const callSchema = z.object({
  nr: z.number(),
  name: z.string(),
  /** The function that the table names; "sys_ni_syscall" where the number is reserved. */
  entry: z.string(),
  /** Types and names as SYSCALL_DEFINE states them; absent where no such definition was found. */
  args: z.array(z.object({ type: z.string(), name: z.string() })).optional(),
  /** File and line of the definition. */
  definedIn: z.string().optional(),
});
export type SyscallCall = z.infer<typeof callSchema>;

const abiSchema = z.object({
  name: z.string(),
  auditArch: z.number(),
  bits: z.union([z.literal(32), z.literal(64)]),
  numberBit: z.number().optional(),
  /** Which file of the tree the numbers are from. */
  table: z.string(),
  calls: z.array(callSchema),
});

/** Every system call of a kernel tree for one architecture. */
export const syscallsSchema = z.object({
  arch: z.string(),
  abis: z.array(abiSchema),
  /** "ENOSYS" and the like: architectures differ in their numbers. */
  errors: z.record(z.string(), z.number()),
  /** "SIGSTOP" and the like. */
  signals: z.record(z.string(), z.number()),
});
export type Syscalls = z.infer<typeof syscallsSchema>;
export type SyscallsAbi = z.infer<typeof abiSchema>;

/** A tree that is unpacked (or patched) only when it has to be read. */
export interface SyscallTree {
  readonly identity: string;
  dir(): Promise<string>;
}

interface DescribeOptions {
  readonly notice?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The system calls that a kernel tree has for an architecture: numbers from its tables, arguments
 * from its SYSCALL_DEFINEs; from the cache where this tree was read before.
 * Throws Failure: usage "no-syscall-tables" for an architecture without a file in syscalls/abi/,
 * infra "syscall-table-missing" for a tree in which none of the tables is.
 */
export async function describeSyscalls(
  tree: SyscallTree,
  arch: string,
  options: DescribeOptions = {},
): Promise<Syscalls> {
  const description = await loadAbis(arch);
  const entry = await cached(
    {
      kind: "syscalls",
      fingerprint: fingerprint({
        // Raised when this folder reads trees in another way.
        recipe: 2,
        // All that is read.
        tree: tree.identity,
        // Where it is looked for.
        abis: sha256(JSON.stringify(description)),
      }),
      verify: "content",
      ...options,
    },
    async (into) => {
      const found = await extract(await tree.dir(), description, options.signal);
      await writeFile(path.join(into, "syscalls.json"), JSON.stringify(found));
    },
  );
  const text = await readFile(path.join(entry.dir, "syscalls.json"), "utf8");
  return syscallsSchema.parse(JSON.parse(text));
}

async function extract(
  dir: string,
  arch: ArchAbis,
  signal: AbortSignal | undefined,
): Promise<Syscalls> {
  const definitions = await findDefinitions(dir, arch, signal);
  const abis: SyscallsAbi[] = [];
  for (const abi of arch.abis) {
    const table = await readTable(dir, abi.tables, signal);
    if (!table) {
      throw new Failure({
        reason: "syscall-table-missing",
        blame: "infra",
        what: `the kernel tree has no system call table for ${abi.name}`,
        evidence: `none of: ${abi.tables.map(({ file }) => file).join(", ")}`,
        hint: `say in harness/syscalls/abi/${arch.name}.ts where this kernel keeps it`,
      });
    }
    abis.push({
      name: abi.name,
      auditArch: abi.auditArch,
      bits: abi.bits,
      ...(abi.numberBit === undefined ? {} : { numberBit: abi.numberBit }),
      table: table.file,
      calls: table.entries.map((each) =>
        described(each, definitions, abi.numberBit ?? abi.numbersFrom ?? 0),
      ),
    });
  }
  return { arch: arch.name, abis, ...(await readNumbers(dir, arch.sourceArch)) };
}

function described(
  { nr, name, entry }: TableEntry,
  definitions: ReadonlyMap<string, Definition>,
  numbersFrom: number,
): SyscallCall {
  const found = definitions.get(entry);
  const call = { nr: nr + numbersFrom, name, entry };
  if (found) return { ...call, args: [...found.args], definedIn: found.place };
  // Architectures that define it otherwise give it no arguments either.
  return /^(rt_)?sigreturn$/.test(name) ? { ...call, args: [] } : call;
}

const abiDir = path.join(path.dirname(fileURLToPath(import.meta.url)), "syscalls", "abi");

/** The architectures whose system call tables can be read: the files of syscalls/abi/. */
export function describedArches(): string[] {
  return readdirSync(abiDir)
    .filter((name) => /\.(js|ts)$/.test(name))
    .map((name) => name.replace(/\.[jt]s$/, ""))
    .sort();
}

/** Where the tables of an architecture lie. Throws Failure usage "no-syscall-tables". */
async function loadAbis(arch: string): Promise<ArchAbis> {
  const known = describedArches();
  if (!known.includes(arch)) {
    throw new Failure({
      reason: "no-syscall-tables",
      blame: "usage",
      what: `it is not known where the system call tables of ${arch} lie`,
      hint: `known: ${known.join(", ")}; harness/syscalls/abi/ has a file for each`,
    });
  }
  const file = path.join(abiDir, `${arch}${path.extname(fileURLToPath(import.meta.url))}`);
  return ((await import(file)) as { default: ArchAbis }).default;
}
