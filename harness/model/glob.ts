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
