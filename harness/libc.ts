import { chmod, cp, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { compilerOf, type Abi, type Arch } from "./arch.ts";
import { cached } from "./cache.ts";
import { exec } from "./exec.ts";
import { fingerprint, sha256File } from "./fingerprint.ts";
import type { Emit } from "./model/event.ts";
import { Failure } from "./model/failure.ts";
import { shellQuoted } from "./model/escape.ts";
import { cacheDir, projectDir } from "./paths.ts";
import { execSandboxed } from "./sandbox.ts";
import { headersIn, linuxMacros, linuxScript, writeAsmHeaders } from "./libc/bare.ts";
import { pinnedSourceSchema, sourceArchives, type SourceArchive } from "./source/archive.ts";
import { toolVersion } from "./tool-version.ts";

/**
 * C libraries for ABIs that no package has one for: musl, built from source by the compiler of
 * another ABI of the same CPUs. Static programs only.
 */

/** Raised when this file makes something else of the same parts. */
const recipe = 2;
/** Raised when what is made for compilers of bare machines changes. */
const bareRecipe = 2;

const recipeDir = path.join(projectDir, "images", "musl");
const specs = "gcc.specs";
/** For compilers of bare machines, in lib/. */
const linkerScript = "linux.ld";

/** Inside the sandbox. */
const inside = { source: "/mnt/source", work: "/mnt/work", out: "/mnt/out" } as const;

/** What has to be mended in its source, for a CPU. */
const mends: Readonly<Record<string, readonly Words[]>> = {
  // 1.2.5 and 1.2.6 pass a restorer in struct sigaction, for which riscv's kernel has no place: it
  // takes the pointer for the mask of signals that the handler blocks.
  riscv32: [["sed", "-i", "/define SA_RESTORER/d", "arch/riscv32/bits/signal.h"]],
};

/** The compiler's companions, by the names that makefiles put behind a prefix. */
const binutils = ["ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"];

/**
 * gcc's own part of every program: libgcc.a, and crtstuff.c, which a compiler of bare machines comes
 * without. musl calls constructors by itself; an empty file is as good.
 */
const crtParts = ["crtbegin.o", "crtend.o"];
const libgcc = "libgcc.a";

/** Folders of the kernel's headers for userland, and a file of each; not those of single drivers. */
const kernelHeaders = { linux: "version", asm: "unistd", "asm-generic": "errno", mtd: "mtd-abi" };

/** A command and its first arguments. */
type Words = readonly [string, ...string[]];

export interface LibcOptions {
  readonly emit: Emit;
  readonly jobs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The architecture with compilers that have a C library for each of its ABIs.
 * Throws Failure infra "no-compiler", "libc-build", and what sourceArchives throws.
 */
export async function withLibcs(arch: Arch, options: LibcOptions): Promise<Arch> {
  if (!arch.abis.some(({ musl }) => musl)) return arch;
  const abis: Abi[] = [];
  for (const abi of arch.abis) abis.push(await withMusl(abi, options));
  return { ...arch, abis };
}

/** Hash over the C library that a compiler links programs with; "missing" where there is none. */
export async function libcDigest([compiler, ...flags]: Words): Promise<string> {
  const { stdout } = await exec(compiler, [...flags, "-print-file-name=libc.a"]);
  return sha256File(stdout.trim()).catch(() => "missing");
}

async function withMusl(abi: Abi, options: LibcOptions): Promise<Abi> {
  const { musl } = abi;
  if (!musl) return abi;
  const notice = (text: string) => {
    options.emit({ type: "notice", text });
  };
  const { bare } = musl;
  const [command, ...flags] = compilerOf(abi);
  const compiler: Words = [command, ...flags, ...(bare ? linuxMacros : [])];
  const version = await versionOf(command, abi);
  const wanted = bare ? [libgcc] : [...crtParts, libgcc];
  const parts = await Promise.all(wanted.map((name) => gccPart(name, abi, musl.libgcc)));
  const ownHeaders = path.join(recipeDir, musl.cpu);
  // Those of the host's own architecture are generic but for asm/.
  const headers = await findKernelHeaders(bare ? "gcc" : command, abi);
  const { musl: source } = await sourceArchives(
    z
      .object({ musl: pinnedSourceSchema })
      .parse(JSON.parse(await readFile(path.join(recipeDir, "sources.json"), "utf8"))),
    { notice, signal: options.signal },
  );
  const entry = await cached(
    {
      kind: "toolchains",
      fingerprint: fingerprint({
        recipe,
        musl: source.sha256,
        // What compiles it, for which ABI, and what goes into programs beside it.
        compiler: [compiler, version],
        parts: await Promise.all(parts.map((file) => sha256File(file))),
        headers: await sha256File(path.join(headers.linux, "version.h")),
        specs: await sha256File(path.join(recipeDir, specs)),
        // Of a compiler for bare machines: what it is given beyond that.
        ...(bare ? { bare, bareRecipe, own: await digestOf(ownHeaders) } : {}),
      }),
      verify: "listing",
      notice,
      signal: options.signal,
    },
    async (dir) => {
      notice(`${abi.name} programs: building musl ${source.version} (${source.origin})`);
      const workDir = await mkdtemp(path.join(cacheDir(), "toolchains", "building-"));
      try {
        await buildMusl({ abi, compiler, cpu: musl.cpu, source, parts, workDir, dir, ...options });
      } finally {
        await rm(workDir, { recursive: true, force: true });
      }
      for (const file of parts) await copyFile(file, path.join(dir, "lib", path.basename(file)));
      const include = path.join(dir, "include");
      for (const [name, from] of Object.entries(headers))
        if (!bare || name !== "asm") await cp(from, path.join(include, name), { recursive: true });
      if (bare) {
        const generic = path.join(include, "asm-generic");
        await writeAsmHeaders(path.join(include, "asm"), { generic, own: ownHeaders });
        const linker = command.replace(/gcc$/, "ld");
        const script = await linuxScript(linker, bare.textSegment);
        await writeFile(path.join(dir, "lib", linkerScript), script);
        for (const name of crtParts) await emptyObject(command, path.join(dir, "lib", name));
      }
      await copyFile(path.join(recipeDir, specs), path.join(dir, specs));
      await writeTools(path.join(dir, "bin"), musl.cpu, compiler, bare !== undefined);
    },
  );
  return { ...abi, compiler: path.join(entry.dir, "bin", `${musl.cpu}-linux-musl-gcc`), flags: [] };
}

/** Hash over the headers in a folder. */
async function digestOf(dir: string): Promise<string> {
  const names = await headersIn(dir);
  const hashes = names.map(async (name) => [name, await sha256File(path.join(dir, name))]);
  return fingerprint({ headers: await Promise.all(hashes) });
}

async function emptyObject(compiler: string, file: string): Promise<void> {
  const result = await exec(compiler, ["-c", "-x", "c", "/dev/null", "-o", file]);
  if (result.exitCode !== 0) throw new Error(`${compiler} -c /dev/null: ${result.output}`);
}

interface MuslBuild extends LibcOptions {
  readonly abi: Abi;
  readonly compiler: Words;
  readonly cpu: string;
  readonly source: SourceArchive;
  readonly parts: readonly string[];
  readonly workDir: string;
  readonly dir: string;
}

async function buildMusl(build: MuslBuild): Promise<void> {
  const { abi, compiler, cpu, source, parts, workDir, dir, signal } = build;
  const prefix = abi.compiler.replace(/gcc$/, "");
  const library = parts.find((file) => path.basename(file) === libgcc) ?? "";
  const tarball = `${inside.source}/${path.basename(source.file)}`;
  const commands: readonly Words[] = [
    ["tar", "-x", "--strip-components=1", "--no-same-owner", "-f", tarball],
    ...(mends[cpu] ?? []),
    [
      "./configure",
      `--target=${cpu}-linux-musl`,
      `--prefix=${inside.out}`,
      "--disable-shared",
      "--disable-wrapper",
      `CC=${compiler.join(" ")}`,
      `LIBCC=${library}`,
    ],
    // Without the two it takes those of the target's name.
    ["make", "-s", `-j${build.jobs ?? 1}`, `AR=${prefix}ar`, `RANLIB=${prefix}ranlib`, "install"],
  ];
  for (const [command, ...args] of commands) {
    const result = await execSandboxed(command, args, {
      readOnly: { [path.dirname(source.file)]: inside.source },
      writable: { [workDir]: inside.work, [dir]: inside.out },
      insideCwd: inside.work,
      env: { LC_ALL: "C", MAKEFLAGS: undefined, CFLAGS: undefined, LDFLAGS: undefined },
      timeoutSeconds: 1800,
      signal,
    });
    signal?.throwIfAborted();
    if (result.exitCode === 0) continue;
    throw new Failure({
      reason: "libc-build",
      blame: "infra",
      what: `musl ${source.version} does not build for ${abi.name}`,
      evidence: `$ ${[command, ...args].join(" ")}\n${result.output.slice(-4000)}`,
      hint: `is all of ${abi.packages.join(" ")} installed? (harness doctor)`,
    });
  }
}

/** Scripts that start the compiler with this C library, and its binutils under the same prefix. */
async function writeTools(
  bin: string,
  cpu: string,
  [compiler, ...flags]: Words,
  isBare: boolean,
): Promise<void> {
  await mkdir(bin);
  const quoted = flags.map((flag) => shellQuoted(flag)).join(" ");
  const linking = isBare ? `-Wl,--entry=_start -Wl,-T,"$HARNESS_LIBC/lib/${linkerScript}"` : "";
  const gcc = [
    // Compilers for bare machines do not know the option; musl has threads in libc.a.
    ...(isBare ? ['for word do shift; [ "$word" = -pthread ] || set -- "$@" "$word"; done'] : []),
    // Where the folder is: it was renamed after it was made.
    'export HARNESS_LIBC="${0%/*}/.."',
    `exec ${compiler} ${quoted} -B"$HARNESS_LIBC/lib/" -specs="$HARNESS_LIBC/${specs}" ${linking} "$@"`,
  ];
  const scripts: [string, string[]][] = [
    ["gcc", gcc],
    ...binutils.map((tool): [string, string[]] => [
      tool,
      [`exec ${compiler.replace(/gcc$/, tool)} "$@"`],
    ]),
  ];
  for (const [tool, lines] of scripts) {
    const file = path.join(bin, `${cpu}-linux-musl-${tool}`);
    await writeFile(file, ["#!/bin/sh", ...lines, ""].join("\n"));
    await chmod(file, 0o755);
  }
}

async function versionOf(compiler: string, abi: Abi): Promise<string> {
  const result = await toolVersion(compiler);
  if (result.exitCode === 0) return result.stdout;
  throw missing(`${compiler}, which builds ${abi.name} programs, does not run`, abi, result.output);
}

async function gccPart(name: string, abi: Abi, [compiler, ...flags]: Words): Promise<string> {
  const result = await exec(compiler, [...flags, `-print-file-name=${name}`]);
  const file = result.stdout.trim();
  // Without one the compiler says the bare name again.
  if (result.exitCode === 0 && path.isAbsolute(file)) return file;
  const command = [compiler, ...flags].join(" ");
  throw missing(`${command} has no ${name} for ${abi.name} programs`, abi, result.output);
}

/** Where the compiler finds those folders, by their names. */
async function findKernelHeaders(
  compiler: string,
  abi: Abi,
): Promise<Record<keyof typeof kernelHeaders, string>> {
  const files = Object.entries(kernelHeaders);
  const input = files.map(([folder, file]) => `#include <${folder}/${file}.h>\n`).join("");
  const result = await exec(compiler, ["-M", "-x", "c", "-"], { input });
  const found = files.map(([folder, file]): [string, string] => {
    const end = `/${file}.h`;
    const header = result.stdout.split(/\s+/).find((each) => each.endsWith(`/${folder}${end}`));
    if (result.exitCode !== 0 || header === undefined)
      throw missing(`${compiler} finds no <${folder}${end}>`, abi, result.output);
    return [folder, header.slice(0, -end.length)];
  });
  return Object.fromEntries(found) as Record<keyof typeof kernelHeaders, string>;
}

function missing(what: string, abi: Abi, evidence: string): Failure {
  return new Failure({
    reason: "no-compiler",
    blame: "infra",
    what,
    evidence,
    hint: `apt-get install ${abi.packages.join(" ")} (harness doctor lists all that is missing)`,
  });
}
