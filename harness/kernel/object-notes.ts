import { readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { Turns } from "./turns.ts";

/** An object file that was compiled from C, as kbuild's .NAME.o.cmd beside it tells. */
export interface CompiledObject {
  readonly file: string;
  readonly command: string;
  readonly seconds: number;
  /** All that it was compiled from; paths of the sandbox. */
  readonly prerequisites: readonly string[];
  /** Programs that went over it afterwards (objtool). */
  readonly tools: readonly string[];
}

/** All objects of an object tree that were compiled from C. */
export async function compiledObjects(objects: string): Promise<CompiledObject[]> {
  const found: CompiledObject[] = [];
  const notes = new NoteReader();
  const turns = new Turns();
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    const name = /^\.(.+\.o)\.cmd$/.exec(entry.name)?.[1];
    if (name === undefined) continue;
    await turns.next();
    const file = path.join(entry.parentPath, name);
    const seconds = timeOf(file);
    const note = notes.read(readFileSync(path.join(entry.parentPath, entry.name), "latin1"));
    if (seconds !== undefined && note) found.push({ file, seconds, ...note });
  }
  return found;
}

/** A file's time, in seconds; undefined when it is not there. */
export function timeOf(file: string): number | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && stats.mtimeMs / 1000;
}

/** Reads kbuild's notes of how objects were made (scripts/basic/fixdep.c). */
export class NoteReader {
  /** Of each line that names a prerequisite what it names: a thousand notes have the same lines. */
  readonly #named = new Map<string, string>();

  /** Undefined for what was not compiled from C. */
  read(note: string): Pick<CompiledObject, "command" | "prerequisites" | "tools"> | undefined {
    const start = note.indexOf("\ndeps_");
    const end = note.indexOf("\n\n", start);
    if (start === -1 || end === -1) return undefined;
    const [head, foot] = [note.slice(0, start), note.slice(end)];
    const command = /^(?:saved)?cmd_\S+ := (.*)$/m.exec(head)?.[1];
    const source = /^source_\S+ := (\S+\.c)$/m.exec(head)?.[1];
    if (command === undefined || source === undefined) return undefined;
    const [, ...lines] = note.slice(start + 1, end).split("\n");
    const prerequisites = lines.map((line) => this.#name(line)).filter((name) => name !== "");
    const tools = [...foot.matchAll(/^\S+: \$\(wildcard (\S+)\)$/gm)].map(([, tool = ""]) => tool);
    return { command, prerequisites: [source, ...prerequisites], tools };
  }

  /** "  include/linux/types.h \\", "    $(wildcard include/config/SMP) \\" */
  #name(line: string): string {
    let name = this.#named.get(line);
    if (name === undefined) {
      name = /^\s*(?:\$\(wildcard )?([^\s)]*)/.exec(line)?.[1] ?? "";
      this.#named.set(line, name);
    }
    return name;
  }
}
