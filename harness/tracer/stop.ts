import { protocolFailure } from "./wire.ts";

/** What a request came to in the guest: its value, or errno. */
export type Fact<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errno: number };

/** Everything that the agent tells of one wait status, as the kernel gave it. */
export interface RawStop {
  readonly pid: number;
  /** As wait4() stores it. */
  readonly status: number;
  /** CLOCK_MONOTONIC of the guest, nanoseconds. */
  readonly time: bigint;
  readonly siginfo?: Fact<{
    readonly signo: number;
    readonly errno: number;
    readonly code: number;
  }>;
  readonly eventMessage?: Fact<bigint>;
  /** PTRACE_GET_SYSCALL_INFO: how many bytes the kernel has, and those that it wrote. */
  readonly info?: Fact<{ readonly size: number; readonly bytes: Buffer }>;
  /** The register set NT_PRSTATUS. Its length is a fact too. */
  readonly registers?: Fact<Buffer>;
  /** The two bytes before the instruction pointer. */
  readonly opcode?: Fact<Buffer>;
  /** What lies from the stack pointer on, as much as was asked for of such a register set. */
  readonly stack?: Fact<Buffer>;
  /** Time used, nanoseconds, as precise as the way of waiting is. */
  readonly usage?: { readonly userNs: bigint; readonly systemNs: bigint };
}

/** Which facts the agent is to collect; the bits of the protocol. */
export const factBits = {
  siginfo: 1,
  eventMessage: 2,
  info: 4,
  registers: 8,
  opcode: 16,
  usage: 32,
  stack: 64,
} as const;
export type FactName = keyof typeof factBits;

/** Reads records one after the other. Throws Failure "tracer-protocol" for what is no record. */
export function decodeStops(records: Buffer): RawStop[] {
  const stops: RawStop[] = [];
  let at = 0;
  while (at < records.length) {
    if (records.length - at < 2) throw protocolFailure("a record without its length");
    const length = records.readUInt16LE(at);
    if (records.length - at - 2 < length) throw protocolFailure("a record cut short");
    stops.push(decodeStop(records.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return stops;
}

function decodeStop(record: Buffer): RawStop {
  const from = new Cursor(record);
  const pid = from.i32();
  const status = from.i32();
  const time = from.u64();
  const facts = from.u8();
  const has = (name: FactName) => (facts & factBits[name]) !== 0;
  const stop: RawStop = {
    pid,
    status,
    time,
    ...(has("siginfo")
      ? {
          siginfo: from.fact(() => ({ signo: from.i32(), errno: from.i32(), code: from.i32() })),
        }
      : {}),
    ...(has("eventMessage") ? { eventMessage: from.fact(() => from.u64()) } : {}),
    ...(has("info")
      ? { info: from.fact(() => ({ size: from.u16(), bytes: from.bytes(from.u16()) })) }
      : {}),
    ...(has("registers") ? { registers: from.fact(() => from.bytes(from.u16())) } : {}),
    ...(has("opcode") ? { opcode: from.fact(() => from.bytes(2)) } : {}),
    ...(has("usage") ? { usage: { userNs: from.u64(), systemNs: from.u64() } } : {}),
    ...(has("stack") ? { stack: from.fact(() => from.bytes(from.u16())) } : {}),
  };
  if (from.left > 0) throw protocolFailure(`a record with ${from.left} bytes too many`);
  return stop;
}

/** Reads a record from front to back. */
class Cursor {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  get left(): number {
    return this.#data.length - this.#at;
  }

  u8(): number {
    return this.#data.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#data.readUInt16LE(this.#take(2));
  }

  i32(): number {
    return this.#data.readInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.#data.readBigUInt64LE(this.#take(8));
  }

  bytes(count: number): Buffer {
    const at = this.#take(count);
    return this.#data.subarray(at, at + count);
  }

  fact<T>(read: () => T): Fact<T> {
    const errno = this.u16();
    return errno === 0 ? { ok: true, value: read() } : { ok: false, errno };
  }

  #take(count: number): number {
    if (this.left < count) throw protocolFailure("a record that ends in a fact");
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
