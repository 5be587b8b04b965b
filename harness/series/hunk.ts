/** A hunk of a diff, for showing it. */
interface Hunk {
  /** Counted from 1 within its file. */
  readonly number: number;
  readonly of: number;
  /** With its @@ line; cut after some 40 lines. */
  readonly text: string;
}

/** The hunk of this file whose old lines begin at `line`, which is how `git apply` names the one that failed. */
export function findHunk(diff: Uint8Array, file: string, line: number): Hunk | undefined {
  const sections = Buffer.from(diff)
    .toString("latin1")
    .split(/^(?=diff --git |--- .*\n\+\+\+ )/m);
  for (const section of sections) {
    const names = [...section.matchAll(/^(?:---|\+\+\+) "?[^/\s]+\/(.*?)"?(?:\t.*)?$/gm)];
    if (!names.some(([, name]) => name === file)) continue;
    const hunks = section.split(/^(?=@@ )/m).slice(1);
    const index = hunks.findIndex((hunk) => Number(/^@@ -(\d+)/.exec(hunk)?.[1]) === line);
    const text = hunks[index];
    if (text !== undefined) return { number: index + 1, of: hunks.length, text: shorten(text) };
  }
  return undefined;
}

function shorten(text: string): string {
  const lines = text.trimEnd().split("\n");
  return lines.length <= 42
    ? lines.join("\n")
    : [...lines.slice(0, 40), `… ${lines.length - 40} more lines`].join("\n");
}
