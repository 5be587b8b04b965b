/**
 * What a change of a header can do to the files that include it, for the two kinds of change that can
 * be told without compiling: macros that come, go or get another value, and declarations of functions
 * that come or go, as when a system call gets a number and a prototype. Pure functions over text.
 */
import { called, definition, logicalLines, wordsOf, type LogicalLine } from "./logical-lines.ts";

export interface HeaderChange {
  /** Macros that come, go, or are defined in another way or place. */
  readonly macros: ReadonlySet<string>;
  /** What declarations that come or go say for the first, or the last time. */
  readonly declared: {
    readonly functions: ReadonlySet<string>;
    readonly structures: ReadonlySet<string>;
    /** Those of both that are declared no more, or in another way. */
    readonly gone: ReadonlySet<string>;
    /** Nobody else's, unless they are macros. */
    readonly parameters: ReadonlySet<string>;
    /** The lines (numbers) of those that come. */
    readonly lines: ReadonlySet<number>;
  };
  /**
   * Macros that the header itself defines to be nothing, whatever their arguments, and whose calls
   * come, go or move: no change unless another file defines them. __SYSCALL() in
   * include/uapi/asm-generic/unistd.h is one.
   */
  readonly empty: ReadonlySet<string>;
  /** Words of code that is in another line now: another file may make them tell their __LINE__. */
  readonly moved: ReadonlySet<string>;
}

/** A declaration, or a line that is part of none that is known here. */
interface Item {
  readonly kind: "definition" | "directive" | "declaration" | "code";
  readonly text: string;
  /** A declaration can have several. */
  readonly lines: readonly LogicalLine[];
}

/**
 * The difference of two versions of a header, where it is of these kinds alone: no other directive and
 * no other code. Undefined where more has changed, or where it can't be told.
 */
export function headerChange(before: string, after: string): HeaderChange | undefined {
  const [old, now] = [logicalLines(before), logicalLines(after)];
  const calls = new Set([...old, ...now].map(({ text }) => called(text)));
  const empty = emptyMacros(old, calls);
  if (!isSame(emptyMacros(now, calls), empty)) return undefined;

  const [was, is] = [itemsOf(old, empty), itemsOf(now, empty)];
  const [stays, goes] = split(was, is);
  const [stayed, comes] = split(is, was);
  const [left, right] = [shapeOf(stays), shapeOf(stayed)];
  if (
    left.frame.map(({ text }) => text).join("\n") !== right.frame.map(({ text }) => text).join("\n")
  )
    return undefined;

  const names = new Set([...left.definitions.keys(), ...right.definitions.keys()]);
  const macros = new Set(
    [...names].filter((name) => left.definitions.get(name) !== right.definitions.get(name)),
  );
  const declared = declaredBy({ goes, stays }, { comes, stayed });
  if (!declared) return undefined;
  // It would be another declaration than it looks like.
  const said = [...goes, ...comes].flatMap(({ text }) => wordsOf(text));
  if (said.some((word) => macros.has(word))) return undefined;
  if (said.some((word) => names.has(word) && isDeclared(word, declared))) return undefined;

  const moved = right.frame.filter((item, index) => isMoved(left.frame[index], item));
  if (moved.length > 0 && `${before}${after}`.includes("__LINE__")) return undefined;
  return { macros, declared, empty, moved: new Set(moved.flatMap(({ text }) => wordsOf(text))) };
}

function isDeclared(word: string, declared: HeaderChange["declared"]): boolean {
  const { functions, structures, parameters } = declared;
  return functions.has(word) || structures.has(word) || parameters.has(word);
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

function isMoved(from: Item | undefined, to: Item): boolean {
  if (to.kind === "directive") return false;
  const numbers = (item: Item | undefined) => item?.lines.map(({ number }) => number).join(" ");
  return numbers(from) !== numbers(to);
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

/** Adds to a set, until there is nothing more to add. */
function grow(set: Set<string>, more: (known: ReadonlySet<string>) => readonly string[]) {
  for (let known = -1; known < set.size;) {
    known = set.size;
    for (const name of more(set)) set.add(name);
  }
  return set;
}

/** A header's items, without the calls of empty macros. */
function itemsOf(lines: readonly LogicalLine[], empty: ReadonlySet<string>): readonly Item[] {
  const items: Item[] = [];
  const scope = new Scope();
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (!line || empty.has(called(line.text))) continue;
    if (line.text.startsWith("#")) {
      const kind = definition.test(line.text) ? "definition" : "directive";
      items.push({ kind, text: line.text, lines: [line] });
      continue;
    }
    const declaration = scope.isFile ? declarationAt(lines, index) : undefined;
    items.push(declaration ?? { kind: "code", text: line.text, lines: [line] });
    if (declaration) index += declaration.lines.length - 1;
    else scope.take(line.text);
  }
  return items;
}

/** Whether a declaration of its own could begin here. To be wrong about it costs time only. */
class Scope {
  #depth = 0;
  #ended = true;

  get isFile(): boolean {
    return this.#depth === 0 && this.#ended;
  }

  take(text: string): void {
    const code = text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, "");
    this.#depth += (code.match(/[{([]/g) ?? []).length - (code.match(/[})\]]/g) ?? []).length;
    this.#ended = /[;}]$/.test(code);
  }
}

/** "struct name;" */
const tag = /^(?:struct|union) ([A-Za-z_]\w*) ?;$/;

/** "type name(type, type name);": no function behind a pointer, no array, no attribute with arguments. */
const prototype = /^((?:[A-Za-z_]\w*[ *]+)+)([A-Za-z_]\w*) ?\(([\w ,*]*)\) ?;$/;

/** Longer than any prototype. */
const mostLines = 12;

function declarationAt(lines: readonly LogicalLine[], from: number): Item | undefined {
  const own: LogicalLine[] = [];
  for (const line of lines.slice(from, from + mostLines)) {
    if (line.text.startsWith("#")) return undefined;
    own.push(line);
    if (!line.text.includes(";")) continue;
    const text = own.map((each) => each.text).join(" ");
    const head = prototype.exec(text)?.[1];
    const isOne = head === undefined ? tag.test(text) : !/\b(static|inline|typedef)\b/.test(head);
    return isOne ? { kind: "declaration", text, lines: own } : undefined;
  }
  return undefined;
}

/** Items that are in the other version, too, and declarations that are not. */
function split(
  items: readonly Item[],
  others: readonly Item[],
): [readonly Item[], readonly Item[]] {
  const known = new Set(others.map(({ kind, text }) => (kind === "declaration" ? text : "")));
  const isOwn = ({ kind, text }: Item) => kind === "declaration" && !known.has(text);
  return [items.filter((item) => !isOwn(item)), items.filter(isOwn)];
}

/** Items without definitions, and what is defined between which of them. */
function shapeOf(items: readonly Item[]) {
  const frame: Item[] = [];
  const definitions = new Map<string, string>();
  for (const item of items) {
    const name = definition.exec(item.text)?.[1];
    if (name === undefined) frame.push(item);
    else {
      const place = `${String(frame.length)} ${item.text}\n`;
      definitions.set(name, (definitions.get(name) ?? "") + place);
    }
  }
  return { frame, definitions };
}

const keywords = new Set(
  "char const double enum extern float int long short signed struct union unsigned void volatile".split(
    " ",
  ),
);

/**
 * What declarations say that nothing else in the header does; undefined where one that comes needs a
 * type that the header itself has not used before, because then a file might not know it.
 */
function declaredBy(
  { goes, stays }: { goes: readonly Item[]; stays: readonly Item[] },
  { comes, stayed }: { comes: readonly Item[]; stayed: readonly Item[] },
): HeaderChange["declared"] | undefined {
  const functions = new Set<string>();
  const structures = new Set<string>();
  const gone = new Set<string>();
  const parameters = new Set<string>();
  for (const item of [...goes, ...comes]) {
    const isNew = comes.includes(item);
    const known = wordsBefore(item, isNew ? [...stayed, ...comes] : [...stays, ...goes]);
    const [, forward] = tag.exec(item.text) ?? [];
    if (forward !== undefined) structures.add(forward);
    if (forward !== undefined && !isNew) gone.add(forward);
    const [, head, name, list] = prototype.exec(item.text) ?? [];
    if (head === undefined || name === undefined || list === undefined) continue;
    functions.add(name);
    if (!isNew) gone.add(name);
    const listed = list.split(",").map(parameterOf);
    for (const each of listed) if (!known.has(each.name)) parameters.add(each.name);
    const types = [...wordsOf(head), ...listed.flatMap(({ type }) => type)];
    if (isNew && types.some((word) => !keywords.has(word) && !known.has(word))) return undefined;
  }
  parameters.delete("");
  const lines = comes.flatMap((item) => item.lines.map(({ number }) => number));
  return { functions, structures, gone, parameters, lines: new Set(lines) };
}

/** "const struct file __user *name", with or without the name; "struct file" is a type. */
function parameterOf(text: string): { type: readonly string[]; name: string } {
  const words = wordsOf(text);
  const name = words.at(-1) ?? "";
  const isNamed =
    words.length > 1 && !keywords.has(name) && !/^(struct|union|enum)$/.test(words.at(-2) ?? "");
  return isNamed ? { type: words.slice(0, -1), name } : { type: words, name: "" };
}

/** All words of code that a compiler that comes to an item has seen before in the same header. */
function wordsBefore(item: Item, items: readonly Item[]): ReadonlySet<string> {
  const [own] = item.lines;
  const isBefore = ({ number, branches }: LogicalLine) =>
    own !== undefined &&
    number < own.number &&
    branches.every((branch, depth) => branch === own.branches[depth]);
  const code = items.filter(({ kind }) => kind === "code" || kind === "declaration");
  const lines = code.flatMap((each) => each.lines).filter(isBefore);
  return new Set(lines.flatMap(({ text }) => wordsOf(text)));
}
