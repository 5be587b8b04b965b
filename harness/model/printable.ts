/** Control characters but tab and newline, DEL and C1, and the marks that reorder text (bidi) or are invisible. */
export const unprintable =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Text from a guest, a compiler or a patch in a form that a terminal or a log can take: what would
 * move the cursor, change colours or reorder text is shown as \x1b or \u202e. Newline and tab stay;
 * a carriage return at a line's end goes.
 */
export function printable(text: string): string {
  return text.replace(/\r+$/gm, "").replace(unprintable, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/**
 * At most `head` + `tail` lines of a text and 400 characters of each line; what is left out is said
 * in its place.
 */
export function boundedLines(text: string, head = 15, tail = 25): string[] {
  const lines = text.replace(/\n+$/, "").split("\n");
  const left = lines.length - head - tail;
  const kept =
    left <= 1
      ? lines
      : [...lines.slice(0, head), `... ${left} lines left out ...`, ...lines.slice(-tail)];
  return kept.map((line) =>
    line.length <= 400
      ? line
      : `${line.slice(0, 400)}... ${line.length - 400} characters left out ...`,
  );
}
