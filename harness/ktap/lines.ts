/** Bytes of a line that are looked at; the rest of a longer line is dropped as it streams by. */
export const lineLimit = 4096;

/** Cuts a byte stream into lines, each at most lineLimit bytes, whatever the stream brings. */
export class BoundedLines {
  #rest: Buffer[] = [];
  #size = 0;
  readonly #onLine: (line: Buffer, cut: boolean) => void;

  /** `cut`: the line was longer and its end is lost. The line's bytes are only valid during the call. */
  constructor(onLine: (line: Buffer, cut: boolean) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (this.#size === 0) this.#give(chunk.subarray(from, end));
      else {
        this.#keep(chunk.subarray(from, end));
        this.#flush();
      }
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** Hands on the last line, if it had no newline. */
  end(): void {
    if (this.#size > 0) this.#flush();
  }

  #keep(part: Buffer): void {
    const room = lineLimit - this.#size;
    // The caller may use its buffer again; and a slice would keep the whole chunk alive.
    if (room > 0) this.#rest.push(Buffer.from(part.subarray(0, room)));
    this.#size += part.length;
  }

  #flush(): void {
    const line = Buffer.concat(this.#rest);
    const cut = this.#size > lineLimit;
    this.#rest = [];
    this.#size = 0;
    this.#onLine(line, cut);
  }

  #give(line: Buffer): void {
    if (line.length > lineLimit) this.#onLine(line.subarray(0, lineLimit), true);
    else this.#onLine(line, false);
  }
}

// ECMA-48: CSI sequences, OSC strings with their terminator, and two-byte escapes.
const terminalSequences =
  // eslint-disable-next-line no-control-regex -- terminal escapes are control characters
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Whether a decoded line holds bytes that text does not: NUL, or U+FFFD for invalid UTF-8. */
export function isNotText(line: string): boolean {
  return line.includes("\0") || line.includes("\ufffd");
}

/** A line's text without terminal sequences, NULs and other control characters (tabs stay). */
export function plainText(line: string): string {
  // Nearly all lines hold none, and output may be long.
  if (line.search(controls) < 0) return line;
  return line.replace(terminalSequences, "").replace(controls, "");
}
