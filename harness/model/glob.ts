/**
 * Matches a case name against a glob of series.json: `*` is any text (dots included, so that
 * "wait6.*" is the whole suite), `?` one character; everything else stands for itself, since
 * case names hold brackets, parentheses and spaces.
 */
export function matchesGlob(glob: string, name: string): boolean {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, "[^]*")
    .replace(/\?/g, "[^]");
  return new RegExp(`^${source}$`).test(name);
}

/** Whether a glob matches any text that begins so. */
export function canMatchFrom(glob: string, beginning: string): boolean {
  const star = glob.indexOf("*");
  const literal = star < 0 ? glob : glob.slice(0, star);
  if (literal.length < beginning.length && star < 0) return false;
  const both = Math.min(literal.length, beginning.length);
  return matchesGlob(literal.slice(0, both), beginning.slice(0, both));
}
