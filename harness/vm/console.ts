import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Splat } from "../model/verdict.ts";
import { SplatDetector } from "../splat.ts";
import type { ConsoleView } from "../vm.ts";

/** Splats kept for one console; a kernel that warns without end must not fill the memory. */
const mostSplats = 1000;
const defaultTail = 4096;

/**
 * A guest's console: every byte goes to the file, whole lines are looked at for splats and for
 * lines that somebody waits for. Holds no more than one line and the splats in memory.
 */
export class Console implements ConsoleView {
  readonly file: string;
  readonly splats: Splat[] = [];
  #offset = 0;
  /** When the last byte came, in performance.now() milliseconds. */
  #lastByteAt = performance.now();
  readonly #fd: number;
  #open = true;
  readonly #lines: ConsoleLines;
  readonly #detector: SplatDetector;
  readonly #watchers = new Set<(line: string) => void>();

  private constructor(file: string, onSplat: (splat: Splat) => void) {
    this.file = file;
    this.#fd = openSync(file, "w+");
    this.#detector = new SplatDetector((splat) => {
      if (this.splats.length >= mostSplats) return;
      this.splats.push(splat);
      onSplat(splat);
    });
    this.#lines = new ConsoleLines((line, start) => {
      this.#detector.push(line, start);
      for (const watcher of this.#watchers) watcher(line);
    });
  }

  /** Opens the console's file, replacing an earlier one. */
  static async open(file: string, onSplat: (splat: Splat) => void): Promise<Console> {
    await mkdir(path.dirname(file), { recursive: true });
    return new Console(file, onSplat);
  }

  get offset(): number {
    return this.#offset;
  }

  /** Seconds since the guest last said something. */
  get silentSeconds(): number {
    return (performance.now() - this.#lastByteAt) / 1000;
  }

  push(chunk: Buffer): void {
    if (!this.#open || chunk.length === 0) return;
    this.#lastByteAt = performance.now();
    let written = 0;
    while (written < chunk.length) written += writeSync(this.#fd, chunk, written);
    this.#offset += chunk.length;
    this.#lines.push(chunk);
  }

  /** Calls `watcher` with each line from now on; the returned function ends that. */
  watch(watcher: (line: string) => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  tail(bytes = defaultTail): string {
    if (!this.#open) return this.#closedTail.subarray(-bytes).toString("utf8");
    return this.#read(bytes).toString("utf8");
  }

  #closedTail = Buffer.alloc(0);

  #read(bytes: number): Buffer {
    const from = Math.max(0, this.#offset - bytes);
    const buffer = Buffer.alloc(this.#offset - from);
    const got = readSync(this.#fd, buffer, 0, buffer.length, from);
    const text = buffer.subarray(0, got);
    // Begin with a whole line, if there is one.
    const newline = from === 0 ? -1 : text.indexOf(10);
    return newline < 0 || newline === text.length - 1 ? text : text.subarray(newline + 1);
  }

  /** The guest is gone: hands on the last line and an unfinished splat, closes the file. */
  close(): void {
    if (!this.#open) return;
    this.#lines.end();
    this.#detector.end();
    this.#closedTail = Buffer.from(this.#read(64 << 10));
    this.#open = false;
    closeSync(this.#fd);
  }
}

/** Cuts bytes into lines and knows each line's offset. Long lines come in pieces. */
export class ConsoleLines {
  #rest: Buffer[] = [];
  #restSize = 0;
  #start = 0;
  readonly #onLine: (line: string, start: number) => void;
  static readonly longest = 16 << 10;

  constructor(onLine: (line: string, start: number) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#emit(chunk.subarray(from, end), 1);
      from = end + 1;
    }
    let rest = chunk.subarray(from);
    while (this.#restSize + rest.length > ConsoleLines.longest) {
      const part = rest.subarray(0, ConsoleLines.longest - this.#restSize);
      rest = rest.subarray(part.length);
      this.#emit(part, 0);
    }
    if (rest.length) {
      // A copy: the chunk may be a small part of a big buffer.
      this.#rest.push(Buffer.from(rest));
      this.#restSize += rest.length;
    }
  }

  /** Hands on the last line, if it had no newline. */
  end(): void {
    if (this.#restSize) this.#emit(Buffer.alloc(0), 0);
  }

  #emit(last: Buffer, newline: number): void {
    const bytes = this.#rest.length ? Buffer.concat([...this.#rest, last]) : last;
    const start = this.#start;
    this.#start += bytes.length + newline;
    this.#rest = [];
    this.#restSize = 0;
    this.#onLine(bytes.toString("utf8").replace(/\r+$/, ""), start);
  }
}
