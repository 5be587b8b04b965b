import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, readlink, lstat } from "node:fs/promises";
import path from "node:path";

/** What goes into a fingerprint; every caller says in a comment why each field is in it. */
export type FingerprintInput = Readonly<Record<string, unknown>>;

/** sha256 (hex) over a value's canonical JSON: keys sorted, undefined left out. */
export function fingerprint(input: FingerprintInput): string {
  return sha256(canonical(input));
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** sha256 (hex) of a file's bytes, streamed. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** sha256 (hex) over names, modes and contents of a small folder (suites, recipes), sorted by name. */
export async function sha256Folder(dir: string): Promise<string> {
  const lines: string[] = [];
  const visit = async (relative: string): Promise<void> => {
    const entries = await readdir(path.join(dir, relative), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path.join(relative, entry.name);
      const file = path.join(dir, name);
      if (entry.isDirectory()) await visit(name);
      else if (entry.isSymbolicLink()) lines.push(`link ${name} ${await readlink(file)}`);
      else {
        const executable = ((await lstat(file)).mode & 0o111) !== 0;
        lines.push(`${executable ? "x" : "-"} ${name} ${sha256(await readFile(file))}`);
      }
    }
  };
  await visit("");
  return sha256(lines.join("\n"));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
