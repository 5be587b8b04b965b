/** Names that are taken, each with the number that was last given to a repetition of it. */
export type Names = Map<string, number>;

/** The name itself, or with the first "#2", "#3" ... that nobody has; takes it. */
export function unique(taken: Names, name: string): string {
  let free = name;
  let nth = taken.get(name) ?? 1;
  while (taken.has(free)) free = `${name}#${++nth}`;
  taken.set(name, nth);
  taken.set(free, taken.get(free) ?? 1);
  return free;
}
