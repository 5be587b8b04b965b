/**
 * AVA knows no reason behind "# SKIP" and decides on skipping before a test runs. A test that found
 * out says so in its log, as its first line: "SKIP why" or "XFAIL why"; here that becomes the
 * directive of its result line. A test that failed stays one that failed.
 */
export class AvaTap {
  #held: string | undefined;
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  line(line: string): void {
    const directive = /^# {3}(SKIP|XFAIL) (.*)$/.exec(line);
    const held = this.#held;
    if (held !== undefined && directive) {
      this.#held = undefined;
      this.#write(withDirective(held, directive[1] ?? "", directive[2] ?? ""));
      return;
    }
    this.#release();
    if (/^(not )?ok \d/.test(line)) this.#held = line;
    else this.#write(`${line}\n`);
  }

  end(): void {
    this.#release();
  }

  #release(): void {
    if (this.#held !== undefined) this.#write(`${this.#held}\n`);
    this.#held = undefined;
  }
}

function withDirective(result: string, directive: string, why: string): string {
  if (result.startsWith("not ok") || result.includes(" # "))
    return `${result}\n#   ${directive} ${why}\n`;
  // A failing TODO is what TAP has for an expected failure.
  if (directive === "XFAIL") return `not ${result} # TODO ${why}\n`;
  return `${result} # SKIP ${why}\n`;
}
