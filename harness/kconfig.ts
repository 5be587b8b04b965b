import { Failure } from "./model/failure.ts";
import type { Blame } from "./model/failure.ts";

/**
 * Who asked for an option; decides whose fault it is when the kernel does not take it, and who
 * yields to whom (see `rank`). "arch": the architecture's own fragment.
 */
export type Asker = "project" | "suite" | "arch" | "user";

/** What all kernels and suites want yields to what a machine can have, and all to the user. */
const rank: Readonly<Record<Asker, number>> = { project: 0, suite: 0, arch: 1, user: 2 };

export interface Origin {
  /** A path, or what the user typed. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly asker: Asker;
}

/** One wanted option. `value` as in .config: y, m, a number, a quoted string; n for "is not set". */
export interface Option {
  /** With its CONFIG_ prefix. */
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** A piece of .config. */
export interface Fragment {
  readonly file: string;
  readonly asker: Asker;
  readonly options: readonly Option[];
}

/** Fragments put together: one value an option. Sorted by name. */
export type Merged = ReadonlyMap<string, Option>;

/** An option that the finished .config does not have as wanted. */
export interface Dropped {
  readonly wanted: Option;
  /** What .config says: a value, or "n" when it is off or not there at all. */
  readonly got: string;
}

/** A line of .config. */
const setting = /^(CONFIG_[A-Za-z0-9_]+)=(.*)$/;
/** A line of a fragment: a value that Kconfig knows, and perhaps a comment. */
const wish =
  /^(CONFIG_[A-Za-z0-9_]+)=(y|m|n|-?\d+|0[xX][0-9a-fA-F]+|"(?:[^"\\]|\\.)*")(?:\s+#.*)?$/;
const unset = /^# (CONFIG_[A-Za-z0-9_]+) is not set$/;

/**
 * Reads a fragment: CONFIG_X=value, "# CONFIG_X is not set", comments (also behind a value), blank
 * lines. The same option twice with different values in one file is a contradiction too.
 * Throws Failure "kconfig-syntax" or "kconfig-contradiction" with the line; blame by the asker.
 */
export function parseFragment(text: string, file: string, asker: Asker): Fragment {
  const options = new Map<string, Option>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const option = parseLine(raw.trim(), { file, line: index + 1, asker });
    if (!option) continue;
    const earlier = options.get(option.name);
    if (earlier && earlier.value !== option.value) throw contradiction(earlier, option);
    options.set(option.name, option);
  }
  return { file, asker, options: [...options.values()] };
}

/** Reads one setting of the command line, such as CONFIG_KASAN=y. Throws as parseFragment does. */
export function parseSetting(text: string): Fragment {
  return parseFragment(text, `--kconfig ${text}`, "user");
}

function parseLine(line: string, origin: Origin): Option | undefined {
  const off = unset.exec(line)?.[1];
  if (off) return { name: off, value: "n", origin };
  if (line === "" || line.startsWith("#")) return undefined;
  const [, name, value] = wish.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return { name, value, origin };
  throw new Failure({
    reason: "kconfig-syntax",
    blame: blameOf(origin.asker),
    what: `${place(origin)} is no kernel option: ${line}`,
    hint: 'write CONFIG_NAME=y, CONFIG_NAME="text", CONFIG_NAME=123, or "# CONFIG_NAME is not set"',
  });
}

/**
 * Puts fragments together. Two that want different values of one option contradict each other:
 * Failure "kconfig-contradiction", usage, naming both places. But an architecture's fragment
 * overrides the project's and the suites', and the user's overrides all, which `notice` is told.
 */
export function mergeFragments(
  fragments: readonly Fragment[],
  notice: (text: string) => void = () => undefined,
): Merged {
  const merged = new Map<string, Option>();
  const ordered = [...fragments].sort((a, b) => rank[a.asker] - rank[b.asker]);
  for (const option of ordered.flatMap((fragment) => fragment.options)) {
    const earlier = merged.get(option.name);
    const outranks = earlier && rank[option.origin.asker] > rank[earlier.origin.asker];
    if (earlier && earlier.value !== option.value) {
      if (!outranks) throw contradiction(earlier, option);
      if (option.origin.asker === "user") {
        notice(
          `${option.name}=${option.value} (${place(option.origin)}) overrides ` +
            `${option.name}=${earlier.value} (${place(earlier.origin)})`,
        );
      }
    }
    // A higher word takes the place even of an equal one: two words of the user may disagree.
    if (!earlier || outranks) merged.set(option.name, option);
  }
  return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The merged options as a file for KCONFIG_ALLCONFIG or merge_config.sh. */
export function formatConfig(merged: Merged): string {
  return [...merged.values()].map((option) => `${formatOption(option)}\n`).join("");
}

function formatOption({ name, value }: Option): string {
  return value === "n" ? `# ${name} is not set` : `${name}=${value}`;
}

/** The values of a finished .config; options that are off are left out. */
export function parseConfig(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = setting.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], match[2]);
  }
  return values;
}

/** The wanted options that the finished .config (the file's text) has not, or has otherwise. */
export function missingFrom(merged: Merged, config: string): Dropped[] {
  const values = parseConfig(config);
  return [...merged.values()]
    .map((wanted) => ({ wanted, got: values.get(wanted.name) ?? "n" }))
    .filter(({ wanted, got }) => number(got) !== number(wanted.value));
}

/** 0x10 and 16 are one value; .config may write either. */
function number(text: string): string {
  return /^(0[xX][0-9a-fA-F]+|-?\d+)$/.test(text) ? String(Number(text)) : text;
}

/**
 * The failure for dropped options, "option-dropped": usage when the user asked for one of them, a
 * suite's fault when a suite did, and the harness's own otherwise.
 */
export function droppedFailure(dropped: readonly Dropped[]): Failure {
  const askers = new Set(dropped.map(({ wanted }) => wanted.origin.asker));
  const worst = (["user", "suite", "arch", "project"] as const).find((each) => askers.has(each));
  return new Failure({
    reason: "option-dropped",
    blame: blameOf(worst ?? "project"),
    what: `the kernel's configuration did not take ${dropped.map((d) => d.wanted.name).join(", ")}`,
    evidence: dropped
      .map(
        ({ wanted, got }) =>
          `${wanted.name}: wanted ${wanted.value} (${place(wanted.origin)}), got ${got}`,
      )
      .join("\n"),
    hint: "this kernel does not have the option, or something it depends on is off; `make menuconfig`, then / and the name, shows which",
  });
}

function contradiction(a: Option, b: Option): Failure {
  return new Failure({
    reason: "kconfig-contradiction",
    blame: "usage",
    what: `${a.name} is wanted as ${a.value} and as ${b.value}`,
    evidence: [a, b].map((each) => `${place(each.origin)}: ${formatOption(each)}`).join("\n"),
    hint: "take one of the two out, or decide with --kconfig, which comes last",
  });
}

function blameOf(asker: Asker): Blame {
  return ({ user: "usage", suite: "suite", arch: "infra", project: "infra" } as const)[asker];
}

/** file:line, as compilers write it. */
function place({ file, line }: Origin): string {
  return file.startsWith("--kconfig ") ? file : `${file}:${line}`;
}
