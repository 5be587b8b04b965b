import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../model/failure.ts";
import { GuestOrder } from "./guest-order.ts";
import type { Stop } from "./machine.ts";
import type { CallTable, Interpreter, Reading } from "./reading.ts";

/** A register in the bytes of a register set. */
export interface Register {
  readonly offset: number;
  readonly bytes: 4 | 8;
}

/** What a tracer without PTRACE_GET_SYSCALL_INFO knows of one kind of register set. */
export interface RegisterSet {
  /** The length by which it is recognised, in bytes. */
  readonly length: number;
  /** The ABI that this length is taken for. */
  readonly abi: string;
  /** An ABI that is recognised by a bit of the number. */
  readonly numberBit?: { readonly bit: number; readonly abi: string };
  /** An ABI that has numbers of its own. */
  readonly numbers?: { readonly from: number; readonly to: number; readonly abi: string };
  readonly ip: Register;
  readonly nr: Register;
  /** Those that are in registers. */
  readonly args: readonly Register[];
  /** The others: words on the stack, so many bytes above where this register points to. */
  readonly stackArgs?: { readonly pointer: Register; readonly above: readonly number[] };
  readonly result: Register;
  /** Absent where a result from -4095 to -1 is an error. */
  readonly errorFlag?: ErrorFlag;
}

/** A bit that tells whether a call failed; the result is the positive errno then. */
interface ErrorFlag {
  readonly register: Register;
  readonly mask: bigint;
  /** Register and bits that say that the call was made in a way without this flag. */
  readonly unless?: { readonly register: Register; readonly mask: bigint; readonly value: bigint };
}

/** The architecture-dependent part of a legacy tracer; inert data, a file of legacy/ for each architecture. */
export interface LegacyArch {
  readonly name: string;
  readonly sets: readonly RegisterSet[];
  /** The ABI of the instruction that made the call, by its bytes as hex digits, for tracers that look at it. */
  readonly opcodes: Readonly<Record<string, string>>;
}

/** Reads legacy/<arch>. Throws Failure usage "no-legacy-tracer". */
export async function loadLegacyArch(name: string): Promise<LegacyArch> {
  const dir = path.join(path.dirname(fileURLToPath(import.meta.url)), "legacy");
  const file = readdirSync(dir).find((each) => new RegExp(`^${name}\\.[jt]s$`).test(each));
  if (file !== undefined)
    return ((await import(path.join(dir, file))) as { default: LegacyArch }).default;
  throw new Failure({
    reason: "no-legacy-tracer",
    blame: "usage",
    what: `it is not known how tracers read the registers of ${name}`,
    hint: "give --interpreter syscall-info, or write harness/tracer/legacy/<arch>.ts",
  });
}

/** What is remembered of a thread that is taken to be in a call. */
interface InCall {
  readonly abi: string;
}

/**
 * What tracers did before Linux 5.3: alternate entry and exit, judge the ABI by the length of the
 * register set (or, with `opcode`, by the instruction before the instruction pointer), and take
 * number, arguments and result from registers.
 */
export class LegacyInterpreter implements Interpreter {
  readonly name: string;
  readonly #table: CallTable;
  readonly #arch: LegacyArch;
  readonly #order: GuestOrder;
  readonly #opcode: boolean;
  readonly #inCall = new Map<number, InCall>();

  constructor(
    table: CallTable,
    arch: LegacyArch,
    options: { readonly bigEndian: boolean; readonly opcode?: boolean },
  ) {
    this.#table = table;
    this.#arch = arch;
    this.#order = new GuestOrder(options.bigEndian);
    this.#opcode = options.opcode ?? false;
    this.name = this.#opcode ? "legacy-opcode" : "legacy";
  }

  read(stop: Stop): Reading | undefined {
    const { raw, kind, formerPid } = stop;
    if (kind.kind === "exited" || kind.kind === "killed") {
      this.#inCall.delete(raw.pid);
      return undefined;
    }
    if (formerPid !== undefined) this.#rename(formerPid, raw.pid);
    if (kind.kind === "event" && kind.event === "seccomp") return this.#call(stop, "seccomp");
    if (kind.kind !== "syscall") return undefined;
    if (this.#inCall.has(raw.pid)) {
      this.#inCall.delete(raw.pid);
      return this.#exit(stop);
    }
    const entry = this.#call(stop, "entry");
    this.#inCall.set(raw.pid, { abi: entry.op === "entry" ? entry.abi : "?" });
    return entry;
  }

  #rename(from: number, to: number): void {
    const inCall = this.#inCall.get(from);
    this.#inCall.delete(from);
    if (inCall) this.#inCall.set(to, inCall);
    else this.#inCall.delete(to);
  }

  #call(stop: Stop, op: "entry" | "seccomp"): Reading {
    const found = this.#set(stop);
    if (typeof found === "string") return { op: "unknown", why: found };
    const { set, bytes } = found;
    const nr = this.#signed(bytes, set.nr);
    const abi = this.#abi(stop, set, nr);
    const call = this.#table.call(abi, nr);
    const args = set.args.map((register) => this.#unsigned(bytes, register));
    args.push(...this.#stackArgs(stop, set));
    return { op, abi, nr, ...(call ? { call } : {}), args };
  }

  /** What cannot be read is 0, as the kernel takes it. */
  #stackArgs({ raw }: Stop, { stackArgs }: RegisterSet): readonly bigint[] {
    if (!stackArgs) return [];
    const { pointer, above } = stackArgs;
    const stack = raw.stack?.ok ? raw.stack.value : Buffer.alloc(0);
    return above.map((offset) =>
      offset + pointer.bytes <= stack.length
        ? this.#unsigned(stack, { offset, bytes: pointer.bytes })
        : 0n,
    );
  }

  #exit(stop: Stop): Reading {
    const found = this.#set(stop);
    if (typeof found === "string") return { op: "unknown", why: found };
    const { set, bytes } = found;
    const abi = this.#abi(stop, set, this.#signed(bytes, set.nr));
    return { op: "exit", abi, ...this.#result(set, bytes) };
  }

  /** An error is its negative number, however the architecture tells it. */
  #result(
    { result, errorFlag }: RegisterSet,
    bytes: Buffer,
  ): { readonly value: bigint; readonly isError: boolean } {
    const value = this.#signed(bytes, result);
    const negative = { value, isError: value < 0n && value >= -4095n };
    if (errorFlag === undefined) return negative;
    const { register, mask, unless } = errorFlag;
    const isWithout = unless ? this.#bits(bytes, unless) === unless.value : false;
    if (isWithout) return negative;
    const isError = this.#bits(bytes, { register, mask }) !== 0n;
    return { value: isError ? -value : value, isError };
  }

  #abi({ raw }: Stop, set: RegisterSet, nr: bigint): string {
    if (this.#opcode && raw.opcode?.ok) {
      const known = this.#arch.opcodes[raw.opcode.value.toString("hex")];
      if (known !== undefined && known !== set.abi) return known;
    }
    const { numberBit, numbers } = set;
    if (numbers && nr >= numbers.from && nr <= numbers.to) return numbers.abi;
    // Bit 30 is set in -1 too, which is no number.
    if (numberBit && nr >= 0n && (Number(nr) & numberBit.bit) !== 0) return numberBit.abi;
    return set.abi;
  }

  #set({ raw }: Stop): { set: RegisterSet; bytes: Buffer } | string {
    if (!raw.registers) return "the registers were not asked for";
    if (!raw.registers.ok) return `PTRACE_GETREGSET: errno ${raw.registers.errno}`;
    const bytes = raw.registers.value;
    const set = this.#arch.sets.find(({ length }) => length === bytes.length);
    return set ? { set, bytes } : `a register set of ${bytes.length} bytes`;
  }

  #bits(bytes: Buffer, { register, mask }: Pick<ErrorFlag, "register" | "mask">): bigint {
    return this.#unsigned(bytes, register) & mask;
  }

  #unsigned(bytes: Buffer, { offset, bytes: width }: Register): bigint {
    return this.#order.read(bytes, offset, width);
  }

  #signed(bytes: Buffer, register: Register): bigint {
    return BigInt.asIntN(register.bytes * 8, this.#unsigned(bytes, register));
  }
}
