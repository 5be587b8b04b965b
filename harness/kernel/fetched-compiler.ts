import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import type { Emit } from "../model/event.ts";
import { fetchProgram, findLoader, oldestRelease, wrapProgram } from "../source/fetched-program.ts";
import { isNewEnough, toolVersion } from "../tool-version.ts";

/** The folder in an entry with the command; what goes on PATH. */
const commands = "bin";
/** Raised when wrapTools() does something else. */
const recipe = 4;

/**
 * A gcc of another release of the host's distribution, in the cache. It comes with the C library
 * that it was linked with, a cross compiler with its binutils too. Gives the command's path.
 * Throws what fetchProgram() throws.
 */
export async function fetchCompiler(
  name: string,
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  // A path where the binutils are fetched, too.
  const crossCompile = path.basename(arch.crossCompile);
  // gcc-10, gcc-10-aarch64-linux-gnu: package names know no underscore.
  const target = crossCompile.replace(/-$/, "").replaceAll("_", "-");
  const pkg = target === "" ? name : `${name}-${target}`;
  const command = `${crossCompile}${name}`;
  const dir = await fetchProgram({
    command,
    choose: () => Promise.resolve({ packages: [pkg] }),
    prepare: (root) => wrapTools(root, crossCompile, command),
    recipe,
    notice: (text) => {
      options.emit({ type: "notice", text });
    },
    signal: options.signal,
  });
  return path.join(dir, commands, command);
}

/**
 * The architecture with a compiler, binutils and C library that it can be built with: the host's, or,
 * where that gcc is older than the descriptor's `gccAtLeast` or not there, those of another release.
 * Throws what oldestRelease() and fetchProgram() throw.
 */
export async function withCompilers(
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<Arch> {
  const { crossCompile, gccAtLeast } = arch;
  const command = `${crossCompile}gcc`;
  if (!gccAtLeast || (await isNewEnough(command, gccAtLeast.version))) return arch;
  const notice = (text: string) => {
    options.emit({ type: "notice", text });
  };
  const [gcc = ""] = arch.packages;
  const packages = [...new Set([...arch.packages, ...arch.abis.flatMap((abi) => abi.packages)])];
  const dir = await fetchProgram({
    command,
    choose: async (apt) => ({
      packages,
      release: await oldestRelease(apt, gcc, gccAtLeast.version, gccAtLeast.because),
    }),
    prepare: (root) => wrapTools(root, crossCompile, command),
    recipe,
    notice,
    signal: options.signal,
  });
  const inside = (program: string) => path.join(dir, commands, program);
  const found = (await toolVersion(inside(command))).stdout.split("\n")[0] ?? "";
  notice(`${arch.name} programs are built by ${found}: ${gccAtLeast.because}`);
  const abis = arch.abis.map((abi) => ({ ...abi, compiler: inside(abi.compiler) }));
  return { ...arch, crossCompile: inside(crossCompile), abis };
}

/**
 * Puts scripts into bin/ that start the compiler, and a cross compiler's binutils, with what came
 * with them. `crossCompile` is "" for a compiler of the host's own architecture, which goes on with
 * the host's assembler and linker.
 */
export async function wrapTools(
  root: string,
  crossCompile: string,
  command: string,
): Promise<void> {
  const loader = await findLoader(root, command);
  const all = await readdir(root, { recursive: true });
  await wrapInternals(root, all, loader);
  if (crossCompile !== "") await wrapTarget(root, all, crossCompile);
  const ours = crossCompile === "" ? command : crossCompile;
  await mkdir(path.join(root, commands));
  for (const program of all.filter((each) => each.startsWith(`usr/bin/${ours}`))) {
    const name = path.basename(program);
    await wrapProgram({
      root,
      file: path.join(commands, name),
      program,
      loader,
      command: name,
      before: prefixOf(root),
      // The host's linker cannot load a plugin that was made for another C library.
      ...(crossCompile === "" ? { args: () => ["-fno-use-linker-plugin"] } : {}),
    });
  }
}

/** What a cross compiler finds by its own place: assembler, linker, and the C library's parts. */
async function wrapTarget(
  root: string,
  all: readonly string[],
  crossCompile: string,
): Promise<void> {
  const target = `usr/${crossCompile.replace(/-$/, "")}`;
  for (const file of all) {
    const tool = path.basename(file);
    if (path.dirname(file) === `${target}/bin`)
      await replace(root, file, `exec "\${0%/*}/../../../${commands}/${crossCompile}${tool}" "$@"`);
    if (path.dirname(file) !== `${target}/lib` || !tool.endsWith(".so")) continue;
    // libc.so is a script that names the library at /usr: here the linker has to look for it.
    const text = await readFile(path.join(root, file), "latin1");
    if (text.startsWith("/* GNU ld script"))
      await writeFile(path.join(root, file), text.replace(/\/usr\/[^/]+\/lib\w*\//g, ""));
  }
}

/** Puts a script before each program that the compiler starts. */
async function wrapInternals(root: string, all: readonly string[], loader: string): Promise<void> {
  const internals = /^usr\/lib(exec)?\/gcc(-cross)?\/[^/]+\/\d+\/(cc1|collect2|lto1|lto-wrapper)$/;
  for (const file of all.filter((each) => internals.test(each))) {
    const program = `${file}.program`;
    await rename(path.join(root, file), path.join(root, program));
    await wrapProgram({ root, file, program, loader, command: path.basename(file) });
  }
}

/** Where gcc looks for its parts: gcc's manual, "Environment Variables". */
function prefixOf(root: string): (inRoot: (inside: string) => string) => readonly string[] {
  const cross = existsSync(path.join(root, "usr/lib/gcc-cross")) ? "gcc-cross" : "gcc";
  return (inRoot) => [`export GCC_EXEC_PREFIX="${inRoot(`usr/lib/${cross}`)}/"`];
}

/** A script in the place of a file. */
async function replace(root: string, file: string, line: string): Promise<void> {
  await rm(path.join(root, file));
  await writeFile(path.join(root, file), `#!/bin/sh\n${line}\n`);
  await chmod(path.join(root, file), 0o755);
}
