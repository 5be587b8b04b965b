// Unicode's East Asian wide and fullwidth blocks, and emoji; and what takes no column at all.
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const none = /\p{Mn}|\p{Me}|[\u200b-\u200d\u2060]|[\ufe00-\ufe0f]/u;

function characterWidth(character: string): number {
  if (character < "\u0300") return 1;
  if (none.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Columns that a text takes in a terminal; the text has no control characters and no colours. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += characterWidth(character);
  return columns;
}

/** The text, or as much of it as fits into the columns with "…" for the rest. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The line cut at spaces into lines of at most so many columns; those after the first stand further in. */
export function wrap(line: string, columns: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = "";
  for (const word of line.slice(indent.length).split(" ")) {
    const longer = current === "" ? indent + word : `${current} ${word}`;
    if (current !== "" && width(longer) > columns) {
      lines.push(current);
      current = `${indent}  ${word}`;
    } else current = longer;
  }
  return [...lines, current];
}
