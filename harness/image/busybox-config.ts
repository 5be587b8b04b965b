/** What a fragment wants of an option: its value as .config writes it, "n" for an option that is off. */
export type BusyboxOptions = ReadonlyMap<string, string>;

/** Reads CONFIG_X=value and "# CONFIG_X is not set" lines; everything else is comment. */
export function parseBusyboxConfig(text: string): BusyboxOptions {
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
    const unset = /^# (CONFIG_\w+) is not set$/.exec(line);
    if (set?.[1] !== undefined) options.set(set[1], set[2] ?? "");
    else if (unset?.[1] !== undefined) options.set(unset[1], "n");
  }
  return options;
}

/** A .config with the wanted values in place of its own. */
export function mergeBusyboxConfig(base: string, wanted: BusyboxOptions): string {
  const merged = new Map([...parseBusyboxConfig(base), ...wanted]);
  return [...merged]
    .map(([name, value]) => (value === "n" ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join("");
}

/** Wanted options that are not in a finished .config, as "CONFIG_X=y (is n)". */
export function droppedOptions(finished: string, wanted: BusyboxOptions): string[] {
  const have = parseBusyboxConfig(finished);
  return [...wanted]
    .filter(([name, value]) => (have.get(name) ?? "n") !== value)
    .map(([name, value]) => `${name}=${value} (is ${have.get(name) ?? "unknown"})`);
}
