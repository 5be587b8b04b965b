import { readFile } from "node:fs/promises";
import path from "node:path";
import { cached } from "../cache.ts";
import { exec } from "../exec.ts";
import { fingerprint } from "../fingerprint.ts";
import { projectDir } from "../paths.ts";

const source = path.join(projectDir, "harness/sandbox/huge-pages.c");
const options = ["-O2", "-shared", "-fPIC", "-nostdlib"];
const file = "huge-pages.so";

/**
 * The library that has compilers ask for huge pages (huge-pages.c), as the host's gcc makes it; undefined
 * where the host cannot make or load it, which costs builds time and nothing else.
 */
export async function hugePagesLibrary(): Promise<string | undefined> {
  try {
    const text = await readFile(source, "utf8");
    const { dir } = await cached(
      {
        kind: "toolchains",
        fingerprint: fingerprint({ source: text, options, cpu: process.arch }),
        verify: "content",
      },
      make,
    );
    return path.join(dir, file);
  } catch {
    return undefined;
  }
}

async function make(dir: string): Promise<void> {
  const built = await exec("gcc", [...options, "-o", path.join(dir, file), source]);
  // ld.so tells on stderr what it could not load, and goes on. Its list has names with spaces for two.
  const tried = await exec("true", [], { cwd: dir, env: { LD_PRELOAD: `./${file}` } });
  if (built.exitCode !== 0 || tried.exitCode !== 0 || tried.output !== "")
    throw new Error(built.output + tried.output);
}
