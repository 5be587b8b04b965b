/** Rows of two columns, with a mark where they differ. */
export function sideBySide(left: string, right: string, width: number): string {
  const column = Math.max(20, Math.floor((width - 5) / 2));
  const mark = left === right ? " | " : " ≠ ";
  return `${fitted(left, column)}${mark}${fitted(right, column).trimEnd()}`;
}

function fitted(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}
