import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { projectDir } from "../paths.ts";
import { plainGit } from "./reach.ts";

/** Where the patches lie that mend faults of mainline's; <folder of arch/>-<what is mended>.patch. */
const shippedFixes = path.join(projectDir, "patches/fixes");

/**
 * The shipped fixes for an architecture's own code (`kernelArch`: ARCH of make) that a tree lacks, as
 * far as they apply to it: paths of their files, sorted.
 */
export async function fixesFor(
  kernelArch: string,
  tree: string,
  options: { readonly dir?: string; readonly signal?: AbortSignal } = {},
): Promise<string[]> {
  const { dir = shippedFixes, signal } = options;
  // "sparc64" and "x86_64" are words for make: their code is in arch/sparc and arch/x86.
  const isFolder = existsSync(path.join(tree, "arch", kernelArch));
  const folder = isFolder ? kernelArch : kernelArch.replace(/_?\d+$/, "");
  const found: string[] = [];
  for (const name of (await readdir(dir)).sort()) {
    if (!name.startsWith(`${folder}-`)) continue;
    const file = path.join(dir, name);
    const { exitCode } = await exec("git", ["apply", "--check", "--whitespace=nowarn", file], {
      cwd: tree,
      env: { ...plainGit, GIT_CEILING_DIRECTORIES: path.dirname(tree) },
      signal,
    });
    signal?.throwIfAborted();
    if (exitCode === 0) found.push(file);
  }
  return found;
}
