import { readFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import path from "node:path";
import { headerChange, type HeaderChange } from "./header-change.ts";
import {
  derivedFrom,
  isPasted,
  LineTellers,
  mentionsOf,
  merged,
  readCommand,
  readSource,
  setOptions,
  type Changes,
  type Mentions,
  type SourceWords,
} from "./mentions.ts";
import { compiledObjects, timeOf, type CompiledObject } from "./object-notes.ts";
import { Turns } from "./turns.ts";

interface Tree {
  readonly objects: string;
  readonly source: string;
}

/** Where a build's files are. Paths in make's notes are those of the sandbox. */
export interface PatchedBuild {
  /** The object tree: a copy of the baseline's, in which generated headers have been made anew. */
  readonly objects: string;
  readonly source: string;
  /** The same of the baseline, unchanged. */
  readonly baseline: Tree;
  /** Sandbox path of `objects` and `source`. */
  readonly inside: { readonly obj: string; readonly src: string };
}

/** What make will not compile. */
export interface Kept {
  /** Objects that are newer now than the headers that changed. */
  readonly objects: number;
  /** Objects that make would have compiled, these among them. */
  readonly outdated: number;
  /** What the changes are about: macros, functions, structures. */
  readonly names: readonly string[];
}

/**
 * Spares make what a new system call would otherwise cost: nearly every file includes the header with
 * the numbers and many include the one with the prototypes, hardly one uses what is new. An object is
 * given a time after that header's when
 *   - all that is newer than it are headers that differ from the baseline's in macros and declarations
 *     of functions alone (header-change.ts), and
 *   - none of those names occurs in anything that the object is compiled from: not by itself, not in a
 *     macro that is defined by means of it, and not put together by ##, and
 *   - code that has moved to other lines does not tell its line,
 * because then the compiler would be given the same tokens by the same command (another command has
 * make compile it all the same), but for declarations that nothing in them uses. Each of those is
 * compiled by one object at least. Objects of assembly, and C that takes in files behind the
 * preprocessor's back (.incbin), are left to make.
 */
export async function keepObjects(build: PatchedBuild): Promise<Kept> {
  const files = new BuildFiles(build);
  const turns = new Turns();
  const outdated: Outdated[] = [];
  for (const object of await compiledObjects(build.objects)) {
    await turns.next();
    const newer = files.newerThan(object);
    if (newer?.length !== 0) outdated.push({ object, newer });
  }
  const changes = new Map<string, HeaderChange>();
  for (const name of new Set(outdated.flatMap(({ newer }) => newer ?? []))) {
    const change = files.change(name);
    if (change) changes.set(name, change);
  }
  const candidates = outdated.filter(
    ({ newer }) => newer?.every((name) => changes.has(name)) ?? false,
  );
  const inQuestion = new Set(candidates.flatMap(({ newer }) => newer ?? []));
  const told = await files.tell(
    new Set(candidates.flatMap(({ object }) => object.prerequisites)),
    new Map([...changes].filter(([name]) => inQuestion.has(name))),
  );
  const kept = new Set<Outdated>();
  for (const each of candidates) {
    await turns.next();
    if (!isAffected(each, told)) kept.add(each);
  }
  for (const each of firstUsers(changes, outdated, kept)) kept.delete(each);
  for (const { object, newer = [] } of kept) {
    // Later than the headers, by no more than it takes.
    const seconds = Math.max(...newer.map((name) => files.time(name) ?? 0)) + 0.001;
    await utimes(object.file, seconds, seconds);
  }
  return { objects: kept.size, outdated: outdated.length, names: [...told.all.names].sort() };
}

interface Outdated {
  readonly object: CompiledObject;
  /** What it is older than; undefined when it must be compiled whatever that is. */
  readonly newer: readonly string[] | undefined;
}

interface Told {
  readonly all: Changes;
  /** Names that changed, and macros that are defined by means of them. */
  readonly names: ReadonlySet<string>;
  readonly changes: ReadonlyMap<string, HeaderChange>;
  readonly files: ReadonlyMap<string, Mentions>;
  readonly lines: LineTellers;
}

/** Options by which an object has the lines of its code in it, or a compiler does what is not known here. */
const linesInObjects = /\s-(g(?!0)|f(plugin|sanitize|profile|test-coverage|coverage)|-coverage)/;

function isAffected(
  { object: { command, prerequisites }, newer = [] }: Outdated,
  { all, names, changes, files, lines }: Told,
): boolean {
  const options = readCommand(command);
  const own = mentionsOf(all, names)(options);
  if (own.uses || /\s-g\w*3\b/.test(command)) return true;
  const pieces = new Set(own.pieces);
  for (const name of prerequisites) {
    const found = files.get(name);
    if (!found || found.uses) return true;
    for (const piece of found.pieces) pieces.add(piece);
  }
  const its = newer.flatMap((name) => changes.get(name) ?? []);
  // Two definitions of one name would have to be the same.
  const defined = its.flatMap(({ macros, declared }) => [...macros, ...declared.functions]);
  if (new Set(defined).size < defined.length) return true;
  if ([...names].some((name) => isPasted(name, pieces, all.isNew.has(name) ? 2 : undefined)))
    return true;
  const moved = new Set(its.flatMap(({ moved: words }) => [...words]));
  if (moved.size === 0) return false;
  const given = new Set(options.definitions.map(({ name }) => name));
  return linesInObjects.test(command) || lines.tell(moved, new Set(prerequisites), given);
}

/**
 * An object for each header with declarations that come, where none is compiled that includes it:
 * they could be wrong.
 */
function firstUsers(
  changes: ReadonlyMap<string, HeaderChange>,
  outdated: readonly Outdated[],
  kept: ReadonlySet<Outdated>,
): readonly Outdated[] {
  return [...changes]
    .filter(([, { declared }]) => declared.lines.size > 0)
    .flatMap(([name]) => {
      const users = outdated.filter(({ object }) => object.prerequisites.includes(name));
      return users.every((each) => kept.has(each)) ? users.slice(0, 1) : [];
    });
}

/** The files of a build by the paths that make knows, each looked at once. */
class BuildFiles {
  readonly #build: PatchedBuild;
  readonly #times = new Map<string, number | undefined>();

  constructor(build: PatchedBuild) {
    this.#build = build;
  }

  /** Its time, in seconds; undefined when it is not there. */
  time(name: string): number | undefined {
    if (!this.#times.has(name)) this.#times.set(name, timeOf(this.#place(name)));
    return this.#times.get(name);
  }

  /** What an object is older than; undefined when one of those is gone. */
  newerThan({ prerequisites, tools, seconds }: CompiledObject): string[] | undefined {
    const newer: string[] = [];
    for (const name of [...prerequisites, ...tools]) {
      const its = this.time(name);
      if (its !== undefined && its > seconds) newer.push(name);
      // Options that are not set and tools that are not needed are never there.
      else if (its === undefined && !isOption(name) && !tools.includes(name)) return undefined;
    }
    return newer;
  }

  /** How a header differs from the baseline's, if in nothing that is not known here. */
  change(name: string): HeaderChange | undefined {
    if (!name.endsWith(".h")) return undefined;
    const before = this.#read(name, this.#build.baseline);
    const after = this.#read(name);
    if (before === undefined || after === undefined) return undefined;
    return headerChange(before, after);
  }

  /** What the files say of these changes. */
  async tell(
    prerequisites: ReadonlySet<string>,
    changes: ReadonlyMap<string, HeaderChange>,
  ): Promise<Told> {
    const sources = new Map<string, SourceWords>();
    const turns = new Turns();
    for (const name of prerequisites) {
      await turns.next();
      const source = isOption(name) ? "" : this.#read(name);
      if (source !== undefined)
        sources.set(name, readSource(source, changes.get(name)?.declared.lines));
    }
    const all = merged([...changes.values()]);
    const derived = derivedFrom(
      all,
      [...sources].map(([name, words]) => ({ words, own: changes.get(name) })),
    );
    const read = mentionsOf(all, derived);
    const files = new Map(
      [...sources].map(([name, words]) => [name, read(words, changes.get(name))] as const),
    );
    const autoconf = this.#read("include/generated/autoconf.h");
    const lines = new LineTellers(
      sources,
      autoconf === undefined ? undefined : setOptions(autoconf),
    );
    return { all, names: new Set([...all.names, ...derived]), changes, files, lines };
  }

  #read(name: string, tree: Tree = this.#build): string | undefined {
    try {
      return readFileSync(this.#place(name, tree), "latin1");
    } catch {
      return undefined;
    }
  }

  #place(name: string, { objects, source }: Tree = this.#build): string {
    const { src, obj } = this.#build.inside;
    if (name.startsWith(`${src}/`)) return path.join(source, name.slice(src.length + 1));
    if (name.startsWith(`${obj}/`)) return path.join(objects, name.slice(obj.length + 1));
    return path.resolve(objects, name);
  }
}

/** An empty file that stands for an option's value; there is none for an option that is not set. */
function isOption(name: string): boolean {
  return name.startsWith("include/config/");
}
