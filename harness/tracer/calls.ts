import { Failure } from "../model/failure.ts";
import type { Argument, Call } from "./agent.ts";
import type { CallTable } from "./reading.ts";

/** Makes system calls of the guest's kernel by name, with what their pointers point to. */
export class Calls {
  readonly #table: CallTable;
  readonly #pointerBytes: number;

  constructor(table: CallTable, guest: { readonly pointerBytes: number }) {
    this.#table = table;
    this.#pointerBytes = guest.pointerBytes;
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
    const data = new DataBlock(this.#pointerBytes);
    const path = data.text(file);
    const argvAt = data.pointers(argv.map((text) => data.text(text)));
    const envAt = data.pointers(env.map((text) => data.text(text)));
    return this.make("execve", [{ data: path }, { data: argvAt }, { data: envAt }], data.done());
  }

  /** kill(getpid(), signal) by whoever makes the call. */
  raise(signal: number): Call {
    return this.make("kill", ["self", signal]);
  }

  chdir(dir: string): Call {
    const data = new DataBlock(this.#pointerBytes);
    return this.make("chdir", [{ data: data.text(dir) }], data.done());
  }
}

/** The data of a call, put together piece by piece; each piece is aligned to eight bytes. */
class DataBlock {
  readonly #parts: Buffer[] = [];
  readonly #pointers: { at: number; to: number }[] = [];
  readonly #pointerBytes: number;
  #length = 0;

  constructor(pointerBytes: number) {
    this.#pointerBytes = pointerBytes;
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
      if (this.#pointerBytes === 4) words.writeUInt32LE(Number(value), 4 * index);
      else words.writeBigUInt64LE(value, 8 * index);
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
