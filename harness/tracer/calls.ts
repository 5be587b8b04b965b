import { Failure } from "../model/failure.ts";
import type { Argument, Call } from "./agent.ts";
import { GuestOrder } from "./guest-order.ts";
import type { CallTable } from "./reading.ts";

/** struct sock_filter: an instruction of classic BPF. */
export type FilterInstruction = readonly [code: number, jt: number, jf: number, k: number];

/** Makes system calls of the guest's kernel by name, with what their pointers point to. */
export class Calls {
  readonly #table: CallTable;
  readonly #pointerBytes: number;
  /** How data for these calls is written. */
  readonly order: GuestOrder;

  constructor(
    table: CallTable,
    guest: { readonly pointerBytes: number; readonly bigEndian: boolean },
  ) {
    this.#table = table;
    this.#pointerBytes = guest.pointerBytes;
    this.order = new GuestOrder(guest.bigEndian);
  }

  /** Throws Failure "no-such-syscall" when the kernel has it not. */
  make(name: string, args: readonly Argument[], rest: Omit<Call, "nr" | "args"> = {}): Call {
    const nr = this.#table.number(name);
    if (nr !== undefined) return { nr, args, ...rest };
    throw new Failure({
      reason: "no-such-syscall",
      blame: "suite",
      what: `this kernel has no system call ${name}`,
    });
  }

  /** execve() of a path with arguments and an environment. */
  execve(file: string, argv: readonly string[], env: readonly string[] = ["PATH=/bin"]): Call {
    const data = new DataBlock(this.#pointerBytes, this.order);
    const path = data.text(file);
    const argvAt = data.pointers(argv.map((text) => data.text(text)));
    const envAt = data.pointers(env.map((text) => data.text(text)));
    return this.make("execve", [{ data: path }, { data: argvAt }, { data: envAt }], data.done());
  }

  /** kill(getpid(), signal) by whoever makes the call. */
  raise(signal: string): Call {
    return this.make("kill", ["self", this.#table.signal(signal)]);
  }

  chdir(dir: string): Call {
    const data = new DataBlock(this.#pointerBytes, this.order);
    return this.make("chdir", [{ data: data.text(dir) }], data.done());
  }

  /** PR_SET_NO_NEW_PRIVS and a seccomp filter, which whoever makes these calls then lives under. */
  seccompFilter(filter: readonly FilterInstruction[]): Call[] {
    const data = new DataBlock(this.#pointerBytes, this.order);
    const program = Buffer.alloc(8 * filter.length);
    filter.forEach(([code, jt, jf, k], index) => {
      this.order.write(program, 8 * index, 2, code);
      program.writeUInt8(jt, 8 * index + 2);
      program.writeUInt8(jf, 8 * index + 3);
      this.order.write(program, 8 * index + 4, 4, k);
    });
    const code = data.bytes(program);
    // struct sock_fprog: a count of two bytes, and where they are.
    const head = Buffer.alloc(2 * this.#pointerBytes);
    this.order.write(head, 0, 2, filter.length);
    const fprog = data.bytes(head);
    data.point(fprog + this.#pointerBytes, code);
    return [
      this.make("prctl", [38, 1, 0, 0, 0]),
      this.make("seccomp", [1, 0, { data: fprog }], data.done()),
    ];
  }
}

/** The data of a call, put together piece by piece; each piece is aligned to eight bytes. */
class DataBlock {
  readonly #parts: Buffer[] = [];
  readonly #pointers: { at: number; to: number }[] = [];
  readonly #pointerBytes: number;
  readonly #order: GuestOrder;
  #length = 0;

  constructor(pointerBytes: number, order: GuestOrder) {
    this.#pointerBytes = pointerBytes;
    this.#order = order;
  }

  bytes(value: Uint8Array): number {
    const at = this.#length;
    const padded = Buffer.alloc(Math.ceil(value.length / 8) * 8);
    padded.set(value);
    this.#parts.push(padded);
    this.#length += padded.length;
    return at;
  }

  room(length: number): number {
    return this.bytes(Buffer.alloc(length));
  }

  text(value: string): number {
    return this.bytes(Buffer.from(`${value}\0`));
  }

  /** Words as wide as a pointer. */
  words(values: readonly bigint[]): number {
    const words = Buffer.alloc(values.length * this.#pointerBytes);
    values.forEach((value, index) => {
      this.#order.write(words, this.#pointerBytes * index, this.#pointerBytes, value);
    });
    return this.bytes(words);
  }

  /** A list of pointers with a null behind it. */
  pointers(to: readonly number[]): number {
    const at = this.words([...to.map(() => 0n), 0n]);
    to.forEach((target, index) => {
      this.point(at + index * this.#pointerBytes, target);
    });
    return at;
  }

  point(at: number, to: number): void {
    this.#pointers.push({ at, to });
  }

  done(): { data: Buffer; pointers: readonly { at: number; to: number }[] } {
    return { data: Buffer.concat(this.#parts), pointers: this.#pointers };
  }
}
