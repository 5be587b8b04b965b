import { oneLine } from "../model/escape.ts";
import type { Stop } from "./machine.ts";
import type { CallTable, Reading } from "./reading.ts";

type Call = Extract<Reading, { op: "entry" }>;

/**
 * Turns one interpreter's readings into lines as strace prints them: a call when it has returned,
 * signals, ends. A line belongs to the stop that completed it.
 */
export class LineMaker {
  readonly #table: CallTable;
  readonly #entered = new Map<number, Call>();

  constructor(table: CallTable) {
    this.#table = table;
  }

  /** The lines that this stop completes, safe for a terminal; mostly none or one. */
  lines(stop: Stop, reading: Reading | undefined): string[] {
    const { raw, kind, formerPid } = stop;
    if (formerPid !== undefined) this.#move(formerPid, raw.pid);
    switch (kind.kind) {
      case "exited":
        return [...this.#unfinished(raw.pid), `+++ exited with ${kind.code} +++`];
      case "killed":
        return [
          ...this.#unfinished(raw.pid),
          `+++ killed by ${this.#table.signalName(kind.signal)} +++`,
        ];
      case "signal": {
        const code = raw.siginfo?.ok ? ` {si_code=${raw.siginfo.value.code}}` : "";
        return [`--- ${this.#table.signalName(kind.signal)}${code} ---`];
      }
      case "group-stop":
        return [`--- stopped by ${this.#table.signalName(kind.signal)} ---`];
      case "syscall":
      case "event":
      case "trap-stop":
      case "continued":
      case "unknown":
        return reading ? this.#syscall(raw.pid, reading) : [];
    }
  }

  #syscall(pid: number, reading: Reading): string[] {
    switch (reading.op) {
      case "none":
      case "seccomp":
        return [];
      case "unknown":
        return [`? ${reading.why}`];
      case "entry": {
        const lines = this.#unfinished(pid);
        this.#entered.set(pid, reading);
        return lines;
      }
      case "exit": {
        const call = this.#entered.get(pid);
        this.#entered.delete(pid);
        const text = call ? callText(call, this.#table) : "<... resumed>";
        return [`${text} = ${resultText(reading, this.#table)}`];
      }
    }
  }

  #unfinished(pid: number): string[] {
    const call = this.#entered.get(pid);
    this.#entered.delete(pid);
    return call ? [`${callText(call, this.#table)} = ?`] : [];
  }

  #move(from: number, to: number): void {
    const call = this.#entered.get(from);
    this.#entered.delete(from);
    if (call) this.#entered.set(to, call);
  }
}

/** A call as strace writes it; the ABI is told where it is not the architecture's own. */
export function callText(call: Call, table: CallTable): string {
  const { abi, nr, args } = call;
  const known = call.call;
  const shown = known?.args
    ? known.args.map((each, index) => argumentText(args[index] ?? 0n, each.type, table.bits(abi)))
    : known?.entry === "sys_ni_syscall"
      ? []
      : args.map((value) => `0x${value.toString(16)}`);
  const name = known?.name ?? `syscall_${nr < 0n ? nr : `0x${nr.toString(16)}`}`;
  const where = abi === table.nativeAbi ? "" : `[${abi}] `;
  return oneLine(`${where}${name}(${shown.join(", ")})`);
}

function argumentText(value: bigint, type: string, bits: 32 | 64): string {
  if (type.includes("*") || /^(__sighandler_t|cap_user_\w+)$/.test(type))
    return value === 0n ? "NULL" : `0x${value.toString(16)}`;
  // The call takes so many of the register's bits.
  if (/^(int|pid_t|key_t|mqd_t|timer_t|clockid_t|__s32|const clockid_t)$/.test(type))
    return String(BigInt.asIntN(32, value));
  if (/^(unsigned|unsigned int|uid_t|gid_t|qid_t|u32|__u32|umode_t)$/.test(type))
    return String(BigInt.asUintN(32, value));
  if (/^(long|off_t|loff_t|compat_long_t)$/.test(type)) return String(BigInt.asIntN(bits, value));
  return value > 0xffffn ? `0x${value.toString(16)}` : String(value);
}

/** What a call returned: a number, an address, or an error by name. */
export function resultText(
  { value, isError }: { readonly value: bigint; readonly isError: boolean },
  table: CallTable,
): string {
  if (!isError) return value > 0x7fffffffn ? `0x${value.toString(16)}` : String(value);
  return `-1 ${table.errorName(Number(-value))}`;
}
