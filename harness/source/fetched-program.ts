import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { cached } from "../cache.ts";
import { fingerprint } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { versionIn } from "../model/kernel-version.ts";
import { reaches } from "../tool-version.ts";
import { openApt, type Apt } from "./apt.ts";
import { unpackDeb } from "./unpack.ts";

export interface ProgramRequest {
  /** The command as on PATH, for messages. */
  readonly command: string;
  /** The packages that bring it, and the release it is taken from (a codename; the newest of all else). */
  choose(apt: Apt): Promise<{ readonly packages: readonly string[]; readonly release?: string }>;
  /** Puts the scripts that start it into the unpacked files. Another number when that changes. */
  prepare(root: string): Promise<void>;
  readonly recipe: number;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A program of another release of the host's distribution, with all that it depends on, in the
 * cache: nothing is installed. Gives the folder.
 * Throws Failure infra "apt-no-package", and what apt.ts and unpack.ts throw.
 */
export async function fetchProgram(request: ProgramRequest): Promise<string> {
  const { command, notice, signal } = request;
  const apt = await openApt({ suites: "all", kind: "deb", notice, signal });
  const { packages, release } = await request.choose(apt);
  const files = await apt.withDependencies(packages, release);
  const entry = await cached(
    {
      kind: "toolchains",
      fingerprint: fingerprint({ files, command, recipe: request.recipe }),
      verify: "listing",
      notice,
      signal,
    },
    async (dir) => {
      const where = release ?? "the mirror's releases";
      notice(`${command}: taking ${packages.join(", ")} of ${where} into the cache`);
      const scratch = await mkdtemp(path.join(os.tmpdir(), "harness-program-"));
      try {
        const debs = await apt.downloadWithDependencies(packages, scratch, { signal, release });
        for (const deb of debs) await unpackDeb(deb, dir, signal);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
      await request.prepare(dir);
    },
  );
  return entry.dir;
}

/**
 * Of the releases whose package is of the wanted version or newer the oldest: it changes least.
 * Throws Failure infra "too-old" where the mirror has none.
 */
export async function oldestRelease(
  apt: Pick<Apt, "versions">,
  pkg: string,
  wanted: string,
  because: string,
): Promise<string> {
  const all = await apt.versions(pkg);
  // 1:10.0.13+ds-0+deb13u1: an epoch, the program's version, Debian's.
  const upstream = (version: string) => versionIn(version.replace(/^\d+:/, ""));
  const fit = all.filter(({ version }) => reaches(upstream(version), wanted)).at(-1);
  // trixie-security has what trixie gets.
  if (fit) return fit.suite.replace(/-(security|updates)$/, "");
  throw new Failure({
    reason: "too-old",
    blame: "infra",
    what: `${pkg} ${wanted} or newer is needed, and the host's mirror has none: ${because}`,
    evidence: all.map(({ version, suite }) => `${version} (${suite})`).join("\n") || "no versions",
    hint: "put a newer one before the others on PATH",
  });
}

/** The loader of the C library that came with the program; relative to the folder. */
export async function findLoader(root: string, command: string): Promise<string> {
  const all = await readdir(root, { recursive: true });
  // Not usr/sh4-linux-gnu/lib/ld-linux.so.2: a cross compiler has its target's C library, too.
  const loader = all.find((file) => /^(usr\/)?lib\/[^/]+\/ld-linux[^/]*\.so\.\d$/.test(file));
  if (loader === undefined) throw new Error(`no loader among ${all.length} files of ${command}`);
  return loader;
}

/**
 * Writes a script `file` that starts `program` by the loader and with the libraries that came with
 * it, because the host's C library may be older. All paths are below `root`; those in the script
 * are relative to it, because the folder is renamed afterwards. `inRoot` gives them.
 */
export async function wrapProgram(script: {
  readonly root: string;
  readonly file: string;
  readonly program: string;
  readonly loader: string;
  readonly command: string;
  /** Lines before the program is started, and its first arguments. */
  readonly before?: (inRoot: (inside: string) => string) => readonly string[];
  readonly args?: (inRoot: (inside: string) => string) => readonly string[];
}): Promise<void> {
  const { root, file, program, loader, command } = script;
  const up = path.relative(path.dirname(file), "");
  const inRoot = (inside: string) => `$here/${path.join(up, inside)}`;
  // Debian's older releases have some libraries in /lib, which is usr/lib now.
  const multiarch = path.basename(path.dirname(loader));
  const libraries = [`usr/lib/${multiarch}`, `lib/${multiarch}`].map(inRoot).join(":");
  const words = [
    `exec "${inRoot(loader)}" --library-path "${libraries}" "${inRoot(program)}"`,
    ...(script.args?.(inRoot) ?? []),
    '"$@"',
  ];
  const lines = [
    "#!/bin/sh",
    `# ${command}, started by the loader and with the libraries that came with it.`,
    'here="${0%/*}"',
    ...(script.before?.(inRoot) ?? []),
    words.join(" "),
    "",
  ];
  await writeFile(path.join(root, file), lines.join("\n"));
  await chmod(path.join(root, file), 0o755);
}
