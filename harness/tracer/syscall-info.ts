import type { Stop } from "./machine.ts";
import type { CallTable, Interpreter, Reading } from "./reading.ts";

/** struct ptrace_syscall_info (include/uapi/linux/ptrace.h) as the kernel filled it in. */
type SyscallInfo = {
  readonly arch: number;
  readonly instructionPointer: bigint;
  readonly stackPointer: bigint;
} & (
  | { readonly op: "none" }
  | { readonly op: "entry"; readonly nr: bigint; readonly args: readonly bigint[] }
  | { readonly op: "exit"; readonly value: bigint; readonly isError: boolean }
  | {
      readonly op: "seccomp";
      readonly nr: bigint;
      readonly args: readonly bigint[];
      readonly data: number;
    }
);

/** Decodes the struct; undefined when it is shorter than its kind needs, or of no known kind. */
function decodeSyscallInfo(bytes: Buffer, bigEndian: boolean): SyscallInfo | undefined {
  if (bytes.length < 24) return undefined;
  const u32 = (at: number) => (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const u64 = (at: number) => (bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  const args = () => [0, 1, 2, 3, 4, 5].map((index) => u64(32 + 8 * index));
  const common = { arch: u32(4), instructionPointer: u64(8), stackPointer: u64(16) };
  switch (bytes.readUInt8(0)) {
    case 0:
      return { ...common, op: "none" };
    case 1:
      if (bytes.length < 80) return undefined;
      return { ...common, op: "entry", nr: BigInt.asIntN(64, u64(24)), args: args() };
    case 2:
      if (bytes.length < 33) return undefined;
      return {
        ...common,
        op: "exit",
        value: BigInt.asIntN(64, u64(24)),
        isError: bytes[32] !== 0,
      };
    case 3: {
      if (bytes.length < 84) return undefined;
      const nr = BigInt.asIntN(64, u64(24));
      return { ...common, op: "seccomp", nr, args: args(), data: u32(80) };
    }
    default:
      return undefined;
  }
}

/** PTRACE_GET_SYSCALL_INFO alone: no memory of earlier stops, the same code on every architecture. */
export class SyscallInfoInterpreter implements Interpreter {
  readonly name = "syscall-info";
  readonly #table: CallTable;
  readonly #bigEndian: boolean;

  constructor(table: CallTable, bigEndian: boolean) {
    this.#table = table;
    this.#bigEndian = bigEndian;
  }

  read({ raw, kind }: Stop): Reading | undefined {
    if (kind.kind === "exited" || kind.kind === "killed" || kind.kind === "continued")
      return undefined;
    if (!raw.info) return undefined;
    if (!raw.info.ok) {
      if (kind.kind !== "syscall") return undefined;
      return { op: "unknown", why: `PTRACE_GET_SYSCALL_INFO: errno ${raw.info.errno}` };
    }
    const info = decodeSyscallInfo(raw.info.value.bytes, this.#bigEndian);
    if (!info) return { op: "unknown", why: "PTRACE_GET_SYSCALL_INFO tells nothing known" };
    switch (info.op) {
      case "none":
        return { op: "none" };
      case "exit":
        return {
          op: "exit",
          abi: this.#table.abiOf(info.arch, 0n),
          value: info.value,
          isError: info.isError,
        };
      case "entry":
      case "seccomp": {
        const abi = this.#table.abiOf(info.arch, info.nr);
        const call = this.#table.call(abi, info.nr);
        return { op: info.op, abi, nr: info.nr, ...(call ? { call } : {}), args: info.args };
      }
    }
  }
}
