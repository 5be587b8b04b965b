import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import type { Emit } from "../model/event.ts";
import { fetchProgram, findLoader, wrapProgram } from "../source/fetched-program.ts";

/** The folder in an entry with the command; what goes on PATH. */
const commands = "bin";

/**
 * A gcc of another release of the host's distribution, in the cache. It comes with the C library
 * that it was linked with. Assembler and linker stay the host's. Gives the folder, and in it the
 * command, named as on PATH.
 * Throws what fetchProgram() throws.
 */
export async function fetchCompiler(
  name: string,
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly dir: string; readonly command: string }> {
  // gcc-10, gcc-10-aarch64-linux-gnu: package names know no underscore.
  const target = arch.crossCompile.replace(/-$/, "").replaceAll("_", "-");
  const pkg = target === "" ? name : `${name}-${target}`;
  const command = `${arch.crossCompile}${name}`;
  const dir = await fetchProgram({
    command,
    choose: () => Promise.resolve({ pkg }),
    prepare: (root) => wrapAll(root, command),
    recipe: 3,
    notice: (text) => {
      options.emit({ type: "notice", text });
    },
    signal: options.signal,
  });
  return { dir, command: path.join(dir, commands, command) };
}

/** Puts a script before each program of the compiler, and one into bin/. */
export async function wrapAll(root: string, command: string): Promise<void> {
  const loader = await findLoader(root, command);
  const all = await readdir(root, { recursive: true });
  const internals = /^usr\/lib(exec)?\/gcc(-cross)?\/[^/]+\/\d+\/(cc1|collect2|lto1|lto-wrapper)$/;
  for (const file of all.filter((each) => internals.test(each))) {
    await rename(path.join(root, file), path.join(root, `${file}.program`));
    await wrapProgram({ root, file, program: `${file}.program`, loader, command });
  }
  // What a cross compiler takes for its assembler and linker: the host's, whatever came with it.
  for (const file of all) {
    const [, target, tool] = /^usr\/([^/]+-linux-[^/]+)\/bin\/([\w.]+)$/.exec(file) ?? [];
    if (target === undefined || tool === undefined) continue;
    await rm(path.join(root, file));
    await writeFile(path.join(root, file), `#!/bin/sh\nexec ${target}-${tool} "$@"\n`);
    await chmod(path.join(root, file), 0o755);
  }
  // Where gcc looks for its parts: gcc's manual, "Environment Variables".
  const cross = existsSync(path.join(root, "usr/lib/gcc-cross")) ? "gcc-cross" : "gcc";
  await mkdir(path.join(root, commands));
  await wrapProgram({
    root,
    file: path.join(commands, command),
    program: path.join("usr/bin", command),
    loader,
    command,
    before: (inRoot) => [`export GCC_EXEC_PREFIX="${inRoot(`usr/lib/${cross}`)}/"`],
    // The host's linker cannot load a plugin that was made for another C library.
    args: () => ["-fno-use-linker-plugin"],
  });
}
