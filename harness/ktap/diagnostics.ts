const first = 10;
const last = 30;
const lineLength = 400;

/** The lines printed before a result: the first ten and the last thirty, however many there were. */
export class Diagnostics {
  #head: string[] = [];
  #tail: string[] = [];
  #at = 0;
  #seen = 0;

  push(line: string): void {
    this.#seen++;
    const text = line.length > lineLength ? `${line.slice(0, lineLength)}...` : line;
    if (this.#head.length < first) this.#head.push(text);
    else {
      // A ring: floods of many million lines pass through here.
      this.#tail[this.#at] = text;
      this.#at = (this.#at + 1) % last;
    }
  }

  /** Gives the lines, at most `limit` of the last ones, and starts anew. */
  take(limit: number): string[] {
    const tail = [...this.#tail.slice(this.#at), ...this.#tail.slice(0, this.#at)];
    const lost = this.#seen - this.#head.length - tail.length;
    const all = [
      ...this.#head,
      ...(lost > 0 ? [`... ${lost} lines are left out ...`] : []),
      ...tail,
    ];
    this.#head = [];
    this.#tail = [];
    this.#at = 0;
    this.#seen = 0;
    return limit > 0 ? all.slice(-Math.max(limit, 1)) : [];
  }
}
