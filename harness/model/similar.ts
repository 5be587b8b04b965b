/**
 * The known names closest to one that is not known, best first; for "did you mean".
 * Names that share nothing with it are left out.
 */
export function similarNames(name: string, known: readonly string[], limit = 5): string[] {
  const wanted = name.toLowerCase();
  return known
    .map((each) => {
      const candidate = each.toLowerCase();
      const distance = editDistance(wanted, candidate);
      const related = wanted !== "" && (candidate.includes(wanted) || wanted.includes(candidate));
      return { each, distance, close: related || distance <= Math.ceil(wanted.length / 3) };
    })
    .filter(({ close }) => close)
    .sort((a, b) => a.distance - b.distance || (a.each < b.each ? -1 : 1))
    .slice(0, limit)
    .map(({ each }) => each);
}

/** Levenshtein's distance: insertions, deletions and substitutions of one character. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
