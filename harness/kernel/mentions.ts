/** What the files that an object is compiled from have to do with a header's change. */
import type { HeaderChange } from "./header-change.ts";
import { called, definition, logicalLines, wordsOf, type Branch } from "./logical-lines.ts";

/** A file's words, by where they are. */
export interface SourceWords {
  /** Outside of definitions and of lines that are one call of a macro. */
  readonly code: ReadonlySet<string>;
  /** Macros that whole lines call, and the words of their arguments. */
  readonly calls: ReadonlyMap<string, ReadonlySet<string>>;
  readonly definitions: readonly Definition[];
  /** It has the compiler take in files that make does not know of. */
  readonly takesIn: boolean;
}

interface Definition {
  readonly name: string;
  readonly words: ReadonlySet<string>;
  /** It puts names together (##). */
  readonly pastes: boolean;
  readonly branches: readonly Branch[];
}

/** Reads a file; `skipped` are the numbers of lines that do not count. */
export function readSource(source: string, skipped: ReadonlySet<number> = new Set()): SourceWords {
  const code = new Set<string>();
  const calls = new Map<string, Set<string>>();
  const definitions: Definition[] = [];
  const add = (set: Set<string>, text: string) => {
    for (const word of wordsOf(text)) set.add(word);
  };
  for (const { text, number, branches } of logicalLines(source)) {
    if (skipped.has(number)) continue;
    const [, name, body] = definition.exec(text) ?? [];
    const callee = called(text);
    if (name !== undefined && body !== undefined) {
      // ", ## args" only takes the comma away where there are none.
      const pastes = body.replace(/, ?## ?\w+/g, "").includes("##");
      definitions.push({ name, words: new Set(wordsOf(body)), pastes, branches });
    } else if (callee !== "") {
      const words = calls.get(callee) ?? new Set();
      calls.set(callee, words);
      add(words, text.slice(callee.length));
    } else add(code, text);
  }
  return { code, calls, definitions, takesIn: source.includes(".incbin") };
}

/** A compiler's command as a file: it names macros, and defines some. */
export function readCommand(command: string): SourceWords {
  const definitions = [...command.matchAll(/\s-[DU] ?['"]?(\w+)/g)].map(([, name = ""]) => ({
    name,
    words: new Set<string>(),
    pastes: false,
    branches: [],
  }));
  const words = wordsOf(command.replace(/(?<=\s)-[DU](?=\w)/g, "$& "));
  return { code: new Set(words), calls: new Map(), definitions, takesIn: false };
}

/** The changes of all headers together. */
export interface Changes {
  /** Macros, functions and structures. */
  readonly names: ReadonlySet<string>;
  /** Functions and structures among them that are declared for the first time. */
  readonly isNew: ReadonlySet<string>;
  readonly empty: ReadonlySet<string>;
  readonly parameters: ReadonlySet<string>;
}

function namesOf({ macros, declared }: HeaderChange): readonly string[] {
  return [...macros, ...declared.functions, ...declared.structures];
}

export function merged(changes: readonly HeaderChange[]): Changes {
  // What only moves from one header to another is gone where the first alone is included.
  const gone = new Set(changes.flatMap(({ declared }) => [...declared.gone]));
  return {
    names: new Set(changes.flatMap(namesOf)),
    isNew: new Set(
      changes.flatMap(({ declared: { functions, structures } }) =>
        [...functions, ...structures].filter((name) => !gone.has(name)),
      ),
    ),
    empty: new Set(changes.flatMap(({ empty }) => [...empty])),
    parameters: new Set(changes.flatMap(({ declared }) => [...declared.parameters])),
  };
}

/** Macros that are defined by means of those that changed. `own`: how a file itself has changed. */
export function derivedFrom(
  { names: changed, empty }: Changes,
  files: readonly { words: SourceWords; own: HeaderChange | undefined }[],
): ReadonlySet<string> {
  const derived = new Set<string>();
  for (let known = -1; known < derived.size;) {
    known = derived.size;
    for (const { words, own } of files)
      for (const { name, words: body } of words.definitions) {
        if (changed.has(name) || derived.has(name)) continue;
        for (const word of body)
          if (changed.has(word) || derived.has(word) || (empty.has(word) && !own?.empty.has(word)))
            derived.add(name);
      }
  }
  return derived;
}

/** What a file says that has to do with names that have changed. */
export interface Mentions {
  /** It uses one of them, outside of a definition, or defines one itself. */
  readonly uses: boolean;
  /** Its words of which one of them could be pasted together (##). */
  readonly pieces: ReadonlySet<string>;
}

/** A reader of files for mentions. `derived`: macros that are defined by means of those that changed. */
export function mentionsOf(
  { names: changed, empty, parameters }: Changes,
  derived: ReadonlySet<string>,
): (words: SourceWords, own?: HeaderChange) => Mentions {
  const parts = partsOf([...changed, ...derived]);
  return ({ code, calls, definitions, takesIn }, own) => {
    const pieces = new Set<string>();
    let uses = takesIn;
    const look = (words: Iterable<string>, isUse: boolean) => {
      for (const word of words) {
        const isName =
          changed.has(word) || derived.has(word) || (empty.has(word) && !own?.empty.has(word));
        if (isName) uses ||= isUse;
        else if (parts.has(word)) pieces.add(word);
      }
    };
    const its = new Set(own && namesOf(own));
    look(code, true);
    for (const [callee, words] of calls) {
      if (own?.empty.has(callee)) continue;
      // Where it stays what it is, this call of it gives what it gave.
      if (!empty.has(callee)) look([callee], true);
      look(words, true);
    }
    for (const { name, words } of definitions) {
      if (changed.has(name) && !its.has(name)) uses = true;
      if (empty.has(name) && !own?.empty.has(name)) uses = true;
      if (parameters.has(name)) uses = true;
      look(words, false);
    }
    return { uses, pieces };
  };
}

/** Parts of the names, two letters or more, and "_": nobody pastes names together letter by letter. */
function partsOf(names: readonly string[]): ReadonlySet<string> {
  const parts = new Set<string>(["_"]);
  for (const name of names)
    for (let from = 0; from < name.length; from++)
      for (let to = from + 2; to <= name.length; to++) parts.add(name.slice(from, to));
  return parts;
}

/**
 * Whether a name can be put together of two or more of these pieces, and of digits. `most`: of no more
 * than so many. Two are enough for what is declared for the first time: three short ones make any name
 * (rusage, _t, s64), and whoever did so before it was declared has a declaration of his own.
 */
export function isPasted(name: string, pieces: ReadonlySet<string>, most = name.length): boolean {
  // Of how many pieces at least the letters up to here are.
  const reached = new Map([[0, 0]]);
  for (let from = 0; from < name.length; from++) {
    const count = reached.get(from);
    if (count === undefined) continue;
    for (let to = from + 1; to <= name.length; to++) {
      const part = name.slice(from, to);
      if (part !== name && (pieces.has(part) || /^\d+$/.test(part)))
        reached.set(to, Math.min(reached.get(to) ?? Infinity, count + 1));
    }
  }
  return (reached.get(name.length) ?? Infinity) <= most;
}

/** The options of a kernel's configuration: "CONFIG_SMP" and so on, of include/generated/autoconf.h. */
export function setOptions(autoconf: string): ReadonlySet<string> {
  return new Set([...autoconf.matchAll(/^#define (CONFIG_\w+)/gm)].map(([, name = ""]) => name));
}

/** Which words may stand for something that tells the line it is in (__LINE__). */
export class LineTellers {
  readonly #definitions = new Map<string, { file: string; definition: Definition }[]>();
  readonly #options: ReadonlySet<string> | undefined;

  /** `options`: those that are set; undefined where that is not known. */
  constructor(files: ReadonlyMap<string, SourceWords>, options: ReadonlySet<string> | undefined) {
    this.#options = options;
    for (const [file, { definitions }] of files)
      for (const definition of definitions) {
        const known = this.#definitions.get(definition.name);
        if (known) known.push({ file, definition });
        else this.#definitions.set(definition.name, [{ file, definition }]);
      }
  }

  /**
   * Whether one of the words could tell its line, by the definitions of these files. `given`: macros
   * that the command defines, who knows how.
   */
  tell(
    words: ReadonlySet<string>,
    files: ReadonlySet<string>,
    given: ReadonlySet<string> = new Set(),
  ): boolean {
    const seen = new Set(words);
    for (const word of seen) {
      if (word === "__LINE__" || word === "__builtin_LINE" || given.has(word)) return true;
      for (const { file, definition } of this.#definitions.get(word) ?? []) {
        if (!files.has(file) || definition.branches.some((each) => this.#isOut(each, given)))
          continue;
        // What names it puts together is not looked into.
        if (definition.pastes) return true;
        for (const each of definition.words) seen.add(each);
      }
    }
    return false;
  }

  #isOut({ needs, bars }: Branch, given: ReadonlySet<string>): boolean {
    const options = this.#options;
    if (!options) return false;
    // A few files pretend to have other options (arch/x86/entry/vdso/vdso32/fake_32bit_build.h).
    const isSure = (option: string) => !given.has(option) && !this.#definitions.has(option);
    return (
      needs.some((option) => !options.has(option) && isSure(option)) ||
      bars.some((option) => options.has(option) && isSure(option))
    );
  }
}
