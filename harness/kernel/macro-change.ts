/**
 * What a change of a header can do to the files that include it, for the one kind of change that can
 * be told without compiling: macros that come, go or get another value, as when a system call gets a
 * number. Pure functions over text.
 */

/** A line as the preprocessor sees it: continued lines joined, comments gone, white space folded. */
interface LogicalLine {
  readonly text: string;
  /** Where it began; from 1. */
  readonly number: number;
}

/** Stands for a line's end that a backslash has joined; no source has it. */
const joint = "\u0001";

const lineEnd = new RegExp(`\n|${joint}`);

const commentOrLiteral = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

function logicalLines(source: string): LogicalLine[] {
  const code = source
    .replace(/\\\r?\n/g, joint)
    .replace(commentOrLiteral, (match) =>
      match.startsWith("/") ? ` ${joint.repeat(match.split(lineEnd).length - 1)}` : match,
    );
  const lines: LogicalLine[] = [];
  let number = 1;
  for (const raw of code.split("\n")) {
    const text = raw.replaceAll(joint, "").replace(/\s+/g, " ").trim();
    if (text) lines.push({ text, number });
    number += 1 + raw.split(joint).length - 1;
  }
  return lines;
}

/** "#define NAME..." and "#undef NAME", with what is behind the name. */
const definition = /^# ?(?:define|undef) ([A-Za-z_]\w*)(.*)$/;

/** A line that is one call of a macro with plain arguments. */
const call = /^([A-Za-z_]\w*) ?\([\w ,]*\);?$/;

export interface MacroChange {
  /** Macros that come, go, or are defined in another way or place. */
  readonly names: ReadonlySet<string>;
  /**
   * Macros that the header itself defines to be nothing, whatever their arguments, and whose calls
   * come, go or move: no change unless another file defines them. __SYSCALL() in
   * include/uapi/asm-generic/unistd.h is one.
   */
  readonly empty: ReadonlySet<string>;
}

/**
 * The macros in which two versions of a header differ, if nothing else is different: no other
 * directive, no declaration, and no line of code in another place (its __LINE__ would differ).
 * Undefined where more has changed, or where it can't be told.
 */
export function changedMacros(before: string, after: string): MacroChange | undefined {
  const [old, now] = [logicalLines(before), logicalLines(after)];
  const calls = new Set([...old, ...now].map(({ text }) => called(text)));
  const empty = emptyMacros(old, calls);
  if (!isSame(emptyMacros(now, calls), empty)) return undefined;
  const [was, is] = [shapeOf(old, empty), shapeOf(now, empty)];
  if (was.frame !== is.frame) return undefined;
  const names = new Set([...was.definitions.keys(), ...is.definitions.keys()]);
  const differ = [...names].filter(
    (name) => was.definitions.get(name) !== is.definitions.get(name),
  );
  return { names: new Set(differ), empty };
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

/**
 * Macros with arguments that are defined as nothing, or as a call of such a macro, and never otherwise;
 * those of `calls`, and what they call.
 */
function emptyMacros(
  lines: readonly LogicalLine[],
  calls: ReadonlySet<string>,
): ReadonlySet<string> {
  const bodies = new Map<string, string[]>();
  for (const { text } of lines) {
    const [, name, rest] = definition.exec(text) ?? [];
    if (name === undefined || rest === undefined) continue;
    // "(x, y) body"; undefined for a macro without arguments, which "#undef" looks like, too.
    const body = /^\([\w ,]*\) ?(.*)$/.exec(rest)?.[1] ?? "not empty";
    bodies.set(name, [...(bodies.get(name) ?? []), body]);
  }
  const empty = grow(new Set<string>(), (known) =>
    [...bodies].flatMap(([name, all]) =>
      all.every((body) => body === "" || known.has(called(body))) ? [name] : [],
    ),
  );
  return grow(new Set([...calls].filter((name) => empty.has(name))), (known) =>
    [...known]
      .flatMap((name) => (bodies.get(name) ?? []).map(called))
      .filter((name) => name !== ""),
  );
}

/** The macro that a line calls, or "". */
function called(text: string): string {
  return call.exec(text)?.[1] ?? "";
}

/** Adds to a set, until there is nothing more to add. */
function grow(set: Set<string>, more: (known: ReadonlySet<string>) => readonly string[]) {
  for (let known = -1; known < set.size;) {
    known = set.size;
    for (const name of more(set)) set.add(name);
  }
  return set;
}

/** A header without its definitions and empty calls, and what is defined between which lines of that frame. */
function shapeOf(lines: readonly LogicalLine[], empty: ReadonlySet<string>) {
  const frame: string[] = [];
  const definitions = new Map<string, string>();
  for (const { text, number } of lines) {
    const name = definition.exec(text)?.[1];
    if (name !== undefined) {
      const place = `${String(frame.length)} ${text}\n`;
      definitions.set(name, (definitions.get(name) ?? "") + place);
    } else if (!empty.has(called(text)))
      frame.push(text.startsWith("#") ? text : `${String(number)} ${text}`);
  }
  return { frame: frame.join("\n"), definitions };
}

/** What a file says that has to do with certain macros. */
export interface Mentions {
  /** It uses one of them, outside of a definition, or defines one itself. */
  readonly uses: boolean;
  /** Macros that it defines by means of one of them. */
  readonly derived: readonly string[];
  /** Its words of which one of them could be pasted together (##). */
  readonly pieces: ReadonlySet<string>;
}

/**
 * A reader of files for mentions of macros that have changed. `derived`: those that are known to be
 * defined by means of them. It is told how a file itself has changed, if it has.
 */
export function mentionsOf(
  { names: changed, empty }: MacroChange,
  derived: ReadonlySet<string>,
): (source: string, own?: MacroChange) => Mentions {
  const names = new Set([...changed, ...derived]);
  const parts = partsOf(names);
  return (source, own) => {
    const pieces = new Set<string>();
    const found = new Set<string>();
    let uses = false;
    const mentionsName = (text: string): boolean => {
      let any = false;
      for (const word of text.match(/\w+/g) ?? []) {
        if (names.has(word) || (empty.has(word) && !own?.empty.has(word))) any = true;
        else if (parts.has(word)) pieces.add(word);
      }
      return any;
    };
    for (const { text: line } of logicalLines(source)) {
      const callee = called(line);
      if (own?.empty.has(callee)) continue;
      // Its definitions stay what they are: this call of it gives what it gave.
      const text = empty.has(callee) ? line.slice(callee.length) : line;
      const [, name, body] = definition.exec(text) ?? [];
      if (name === undefined || body === undefined) uses = mentionsName(text) || uses;
      else {
        if (
          (changed.has(name) && !own?.names.has(name)) ||
          (empty.has(name) && !own?.empty.has(name))
        )
          uses = true;
        if (mentionsName(body) && !changed.has(name)) found.add(name);
      }
    }
    return { uses, derived: [...found], pieces };
  };
}

/** Parts of the names, two letters or more, and "_": nobody pastes names together letter by letter. */
function partsOf(names: ReadonlySet<string>): ReadonlySet<string> {
  const parts = new Set<string>(["_"]);
  for (const name of names)
    for (let from = 0; from < name.length; from++)
      for (let to = from + 2; to <= name.length; to++) parts.add(name.slice(from, to));
  return parts;
}

/** Whether a name can be put together of two or more of these pieces, and of digits. */
export function isPasted(name: string, pieces: ReadonlySet<string>): boolean {
  const reached = new Set([0]);
  for (let from = 0; from < name.length; from++) {
    if (!reached.has(from)) continue;
    for (let to = from + 1; to <= name.length; to++) {
      const part = name.slice(from, to);
      if (part !== name && (pieces.has(part) || /^\d+$/.test(part))) reached.add(to);
    }
  }
  return reached.has(name.length);
}
