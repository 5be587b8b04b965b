import type { Stats } from "node:fs";
import { readdir, readFile, stat, utimes } from "node:fs/promises";
import path from "node:path";
import {
  changedMacros,
  isPasted,
  mentionsOf,
  type MacroChange,
  type Mentions,
} from "./macro-change.ts";

/** Where a build's files are. Paths in make's notes are those of the sandbox. */
export interface PatchedBuild {
  /** The object tree: a copy of the baseline's, in which generated headers have been made anew. */
  readonly objects: string;
  readonly source: string;
  /** The same of the baseline, unchanged. */
  readonly baseline: { readonly objects: string; readonly source: string };
  /** Sandbox path of `objects` and `source`. */
  readonly inside: { readonly obj: string; readonly src: string };
}

/** What make will not compile. */
export interface Kept {
  /** Objects that are newer now than the headers that changed. */
  readonly objects: number;
  /** Objects that make would have compiled, these among them. */
  readonly outdated: number;
  /** The macros that changed. */
  readonly names: readonly string[];
}

/** An object file that was compiled from C, as kbuild's .NAME.o.cmd beside it tells. */
interface CompiledObject {
  readonly file: string;
  readonly command: string;
  readonly seconds: number;
  /** All that it was compiled from; paths of the sandbox. */
  readonly prerequisites: readonly string[];
  /** Programs that went over it afterwards (objtool). */
  readonly tools: readonly string[];
}

/**
 * Spares make what a system call's number would otherwise cost: nearly every file includes the header
 * with the numbers, hardly one uses the new one. An object is given a time after that header's when
 *   - all that is newer than it are headers that differ from the baseline's in macros alone, and
 *   - none of those macros occurs in anything that the object is compiled from: not by name, not in a
 *     macro that is defined by means of it, and not put together by ##,
 * because then the compiler would be given the same tokens by the same command (another command has
 * make compile it all the same). Objects of assembly, and C that takes in files behind the
 * preprocessor's back (.incbin), are left to make.
 */
export async function keepObjects(build: PatchedBuild): Promise<Kept> {
  const files = new BuildFiles(build);
  const changed = new Map<string, MacroChange | undefined>();
  const candidates: { object: CompiledObject; newer: readonly string[] }[] = [];
  let outdated = 0;
  for (const object of await compiledObjects(build.objects)) {
    const newer = await files.newerThan(object);
    if (newer?.length === 0) continue;
    outdated++;
    if (!newer) continue;
    for (const name of newer)
      if (!changed.has(name)) changed.set(name, await files.changedMacros(name));
    if (newer.every((name) => changed.get(name))) candidates.push({ object, newer });
  }
  const all = merge(
    candidates.flatMap(({ newer }) => newer.flatMap((name) => changed.get(name) ?? [])),
  );
  const told = await files.mentions(
    new Set(candidates.flatMap(({ object }) => object.prerequisites)),
    all,
    changed,
  );
  let objects = 0;
  for (const { object, newer } of candidates) {
    if (isAffected(object, newer, told, changed)) continue;
    // Later than the headers, by no more than it takes.
    const times = await Promise.all(newer.map(async (name) => (await files.stat(name)) ?? 0));
    const seconds = Math.max(...times) + 0.001;
    await utimes(object.file, seconds, seconds);
    objects++;
  }
  return { objects, outdated, names: [...all.names].sort() };
}

function merge(changes: readonly MacroChange[]): MacroChange {
  return {
    names: new Set(changes.flatMap(({ names }) => [...names])),
    empty: new Set(changes.flatMap(({ empty }) => [...empty])),
  };
}

interface Told {
  readonly change: MacroChange;
  /** The macros that changed, and those defined by means of them. */
  readonly names: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, Mentions>;
}

function isAffected(
  { command, prerequisites }: CompiledObject,
  newer: readonly string[],
  { change, names, files }: Told,
  changed: ReadonlyMap<string, MacroChange | undefined>,
): boolean {
  const own = mentionsOf(change, names)(command.replace(/(?<=\s)-[DU](?=\w)/g, "$& "));
  if (own.uses || /\s-g\w*3\b/.test(command)) return true;
  const pieces = new Set(own.pieces);
  for (const name of prerequisites) {
    const found = files.get(name);
    if (!found || found.uses) return true;
    for (const piece of found.pieces) pieces.add(piece);
  }
  // Two definitions of one name would have to be the same.
  const defined = newer.flatMap((name) => [...(changed.get(name)?.names ?? [])]);
  if (new Set(defined).size < defined.length) return true;
  return [...names].some((name) => isPasted(name, pieces));
}

/** The files of a build by the paths that make knows, each looked at once. */
class BuildFiles {
  readonly #build: PatchedBuild;
  readonly #times = new Map<string, number | undefined>();

  constructor(build: PatchedBuild) {
    this.#build = build;
  }

  /** Its time, in seconds; undefined when it is not there. */
  async stat(name: string): Promise<number | undefined> {
    if (!this.#times.has(name)) {
      const stats: Stats | undefined = await stat(this.#place(name)).catch(() => undefined);
      this.#times.set(name, stats && stats.mtimeMs / 1000);
    }
    return this.#times.get(name);
  }

  /** What an object is older than; undefined when one of those is gone. */
  async newerThan({
    prerequisites,
    tools,
    seconds,
  }: CompiledObject): Promise<string[] | undefined> {
    const newer: string[] = [];
    for (const name of [...prerequisites, ...tools]) {
      const its = this.#times.has(name) ? this.#times.get(name) : await this.stat(name);
      if (its !== undefined && its > seconds) newer.push(name);
      // Options that are not set and tools that are not needed are never there.
      else if (its === undefined && !isOption(name) && !tools.includes(name)) return undefined;
    }
    return newer;
  }

  /** The macros in which a header differs from the baseline's; undefined for all other differences. */
  async changedMacros(name: string): Promise<MacroChange | undefined> {
    if (!name.endsWith(".h")) return undefined;
    const [before, after] = await Promise.all([
      this.#read(name, this.#build.baseline),
      this.#read(name),
    ]);
    if (before === undefined || after === undefined) return undefined;
    return changedMacros(before, after);
  }

  /** What the files say of these macros, and of those defined by means of them. */
  async mentions(
    prerequisites: ReadonlySet<string>,
    change: MacroChange,
    own: ReadonlyMap<string, MacroChange | undefined>,
  ): Promise<Told> {
    const sources = new Map<string, string>();
    for (const name of prerequisites) {
      const source = isOption(name) ? "" : await this.#read(name);
      if (source !== undefined) sources.set(name, source);
    }
    const derived = new Set<string>();
    for (;;) {
      const known = derived.size;
      const read = mentionsOf(change, derived);
      const files = new Map<string, Mentions>();
      for (const [name, source] of sources) {
        const found = read(source, own.get(name));
        files.set(name, { ...found, uses: found.uses || source.includes(".incbin") });
        for (const macro of found.derived) derived.add(macro);
      }
      if (derived.size === known) {
        const names = new Set([...change.names, ...derived]);
        return { change, names, files };
      }
    }
  }

  async #read(
    name: string,
    { objects, source }: { objects: string; source: string } = this.#build,
  ): Promise<string | undefined> {
    return readFile(this.#place(name, { objects, source }), "latin1").catch(() => undefined);
  }

  #place(name: string, { objects, source }: { objects: string; source: string } = this.#build) {
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

async function compiledObjects(objects: string): Promise<CompiledObject[]> {
  const found: CompiledObject[] = [];
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    const name = /^\.(.+\.o)\.cmd$/.exec(entry.name)?.[1];
    if (name === undefined) continue;
    const file = path.join(entry.parentPath, name);
    const stats = await stat(file).catch(() => undefined);
    const note = parseNote(await readFile(path.join(entry.parentPath, entry.name), "latin1"));
    if (stats && note) found.push({ file, seconds: stats.mtimeMs / 1000, ...note });
  }
  return found;
}

/**
 * Reads kbuild's note of how an object was made (scripts/basic/fixdep.c); undefined for what was not
 * compiled from C.
 */
export function parseNote(
  note: string,
): Pick<CompiledObject, "command" | "prerequisites" | "tools"> | undefined {
  const command = /^(?:saved)?cmd_\S+ := (.*)$/m.exec(note)?.[1];
  const source = /^source_\S+ := (\S+\.c)$/m.exec(note)?.[1];
  const listed = /^deps_\S+ := \\\n((?:.+\\\n)*)/m.exec(note)?.[1];
  if (command === undefined || source === undefined || listed === undefined) return undefined;
  const prerequisites = listed
    .replaceAll("\\\n", " ")
    .replace(/\$\(wildcard ([^)]*)\)/g, "$1")
    .split(/\s+/)
    .filter((each) => each !== "");
  const tools = [...note.matchAll(/^\S+: \$\(wildcard (\S+)\)$/gm)].map(([, tool = ""]) => tool);
  return { command, prerequisites: [source, ...prerequisites], tools };
}
