import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { compilerOf, type Abi, type Arch } from "../arch.ts";
import { cached } from "../cache.ts";
import type { ExecResult } from "../exec.ts";
import { fingerprint, sha256File, sha256Folder } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { z } from "zod";
import { pinnedSourceSchema, sourceArchives, type SourceArchive } from "../source/archive.ts";
import { projectDir } from "../paths.ts";
import { execSandboxed } from "../sandbox.ts";
import { compilerIdentity } from "./compiler.ts";
import { timeoutOf, type BuiltSuite, type SuiteProgram, type SuiteRequest } from "../suite.ts";

export interface SuiteBuildOptions {
  readonly arch: Arch;
  readonly jobs: number;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const inside = {
  selftests: "/mnt/selftests",
  out: "/mnt/out",
  sources: "/mnt/sources",
} as const;
const programsFile = "programs.json";

/**
 * Builds a folder of selftests/ once for each ABI of the architecture, or takes it from the cache.
 * Throws Failure: "suite-build-failed" (suite), "no-compiler" (infra).
 */
export async function buildCSuite(
  suite: Extract<SuiteRequest, { kind: "c" }>,
  options: SuiteBuildOptions,
): Promise<BuiltSuite> {
  const selftests = path.dirname(suite.dir);
  const abis = await abisOf(suite, options);
  const sources = await sourcesOf(suite, options);
  const key = fingerprint({
    // Raised when this file builds suites in another way.
    recipe: 2,
    // What is compiled: the suite, and what all suites share ...
    suite: await sha256Folder(suite.dir),
    rules: await sha256File(path.join(selftests, "lib.mk")),
    include: await sha256Folder(path.join(selftests, "include")),
    // ... and what it builds from others' sources ...
    sources: sources.map(({ program, sha256 }) => [program, sha256]),
    // ... for which ABIs, by which compilers, with which C libraries.
    compilers: await Promise.all(abis.map(async (abi) => [abi.name, await compilerIdentity(abi)])),
  });
  const entry = await cached(
    {
      kind: "suites",
      fingerprint: key,
      verify: "content",
      notice: options.notice,
      signal: options.signal,
    },
    async (dir) => {
      const programs: SuiteProgram[] = [];
      for (const abi of abis)
        programs.push(...(await buildForAbi(suite, abi, dir, sources, options)));
      programs.push(...(await hostPrograms(suite, options)));
      await writeFile(path.join(dir, programsFile), JSON.stringify(programs));
    },
  );
  const programs = JSON.parse(
    await readFile(path.join(entry.dir, programsFile), "utf8"),
  ) as SuiteProgram[];
  return {
    name: suite.name,
    fingerprint: key,
    dir: entry.dir,
    guestPath: guestPath(suite.name),
    programs,
    cached: entry.cached,
  };
}

function guestPath(name: string): string {
  return `/suites/${name}`;
}

async function buildForAbi(
  suite: Extract<SuiteRequest, { kind: "c" }>,
  abi: Abi,
  into: string,
  sources: readonly SourceArchive[],
  options: SuiteBuildOptions,
): Promise<SuiteProgram[]> {
  await mkdir(path.join(into, abi.name), { recursive: true });
  const make = (...targets: string[]) =>
    execSandboxed("make", ["-s", "-C", `${inside.selftests}/${suite.name}`, ...targets], {
      readOnly: {
        [path.dirname(suite.dir)]: inside.selftests,
        ...Object.fromEntries(
          sources.map(({ program, file }) => [path.dirname(file), `${inside.sources}/${program}`]),
        ),
      },
      writable: { [into]: inside.out },
      insideCwd: inside.out,
      env: { LC_ALL: "C", MAKEFLAGS: undefined, CFLAGS: undefined, LDFLAGS: undefined },
      timeoutSeconds: 1800,
      signal: options.signal,
    });
  const variables = [
    `OUTPUT=${inside.out}/${abi.name}`,
    `CC=${compilerOf(abi).join(" ")}`,
    `ABI=${abi.name}`,
    `NATIVE_ABI=${options.arch.abis[0]?.name ?? ""}`,
    `SOURCES=${inside.sources}`,
  ];
  const built = await make(`-j${options.jobs}`, ...variables, "all");
  if (built.exitCode !== 0) throw buildFailed(suite, abi, built);
  const listed = await make(...variables, "list-programs");
  if (listed.exitCode !== 0) throw buildFailed(suite, abi, listed);
  const native = options.arch.abis[0]?.name === abi.name;
  const timeoutSeconds = timeoutOf(suite.dir);
  return names(listed).map((name) => ({
    name,
    abi: native ? "" : abi.name,
    cwd: `${guestPath(suite.name)}/${abi.name}`,
    command: `./${name}`,
    timeoutSeconds,
  }));
}

/** Sources of other programs that a suite builds: its sources.json, as that of images/guest. */
async function sourcesOf(
  suite: Extract<SuiteRequest, { kind: "c" }>,
  options: SuiteBuildOptions,
): Promise<readonly SourceArchive[]> {
  const file = path.join(suite.dir, "sources.json");
  if (!existsSync(file)) return [];
  const pinned = z
    .record(z.string(), pinnedSourceSchema)
    .parse(JSON.parse(await readFile(file, "utf8")));
  return Object.values(await sourceArchives(pinned, options));
}

/** What runs on the host: once, whatever the ABIs. */
async function hostPrograms(
  suite: Extract<SuiteRequest, { kind: "c" }>,
  options: SuiteBuildOptions,
): Promise<SuiteProgram[]> {
  const native = options.arch.abis[0]?.name ?? "";
  const content = await sha256Folder(suite.dir);
  const arches = await list(suite, "list-host-arches", options);
  const { name: arch } = options.arch;
  const skip =
    arches.length === 0 || arches.includes(arch)
      ? {}
      : { skip: `these tests know ${arches.join(", ")}, not ${arch}` };
  return (await list(suite, "list-host-programs", options)).map((file) => ({
    name: file.replace(/\.test\.ts$/, ""),
    abi: "",
    cwd: `${guestPath(suite.name)}/${native}`,
    command: "",
    host: { tests: path.join(path.relative(projectDir, suite.dir), file), content },
    timeoutSeconds: timeoutOf(suite.dir),
    ...skip,
  }));
}

/** The architecture's ABIs that the suite's Makefile says it makes sense for. */
async function abisOf(
  suite: Extract<SuiteRequest, { kind: "c" }>,
  options: SuiteBuildOptions,
): Promise<readonly Abi[]> {
  const lines = await list(suite, "list-abis", options);
  const wanted = lines.flatMap((line) => line.split(/\s+/));
  if (wanted.includes("native")) return options.arch.abis.slice(0, 1);
  return wanted.includes("all")
    ? options.arch.abis
    : options.arch.abis.filter((abi) => wanted.includes(abi.name));
}

/** What a target of the suite's Makefile prints, line by line. */
async function list(
  suite: Extract<SuiteRequest, { kind: "c" }>,
  target: string,
  options: SuiteBuildOptions,
): Promise<string[]> {
  const result = await execSandboxed(
    "make",
    ["-s", "-C", `${inside.selftests}/${suite.name}`, target],
    {
      readOnly: { [path.dirname(suite.dir)]: inside.selftests },
      insideCwd: inside.selftests,
      env: { LC_ALL: "C", MAKEFLAGS: undefined },
      timeoutSeconds: 60,
      signal: options.signal,
    },
  );
  if (result.exitCode !== 0) throw buildFailed(suite, options.arch.abis[0], result);
  return names(result);
}

function names(result: ExecResult): string[] {
  return result.stdout.split("\n").filter((line) => line.trim() !== "");
}

function buildFailed(suite: SuiteRequest, abi: Abi | undefined, result: ExecResult): Failure {
  const missing = result.spawnError !== undefined || /^bwrap: /m.test(result.output);
  return new Failure({
    reason: missing ? "sandbox-failed" : "suite-build-failed",
    blame: missing ? "infra" : "suite",
    what: `suite ${suite.name} does not build for ${abi?.name ?? "any ABI"}`,
    evidence: result.output.slice(-4000),
    hint: missing ? "run `harness doctor --install`" : `see its Makefile and selftests/lib.mk`,
  });
}
