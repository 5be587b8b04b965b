import { readdir, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { inStep } from "./model/event.ts";
import { Failure } from "./model/failure.ts";
import { parseKernelVersion, type KernelVersion } from "./model/kernel-version.ts";
import { cacheDir } from "./paths.ts";
import { resolveApt } from "./source/debian.ts";
import { resolveDirectory } from "./source/directory.ts";
import { resolveGit } from "./source/git.ts";
import { resolveRelease } from "./source/release.ts";
import { treeNote, type ResolvedSource, type SourceOptions } from "./source/tree.ts";

export { BisectRepository } from "./source/bisect-repository.ts";
export { commitId } from "./source/git.ts";
export { archFolder, treeClaims } from "./source/claims.ts";
export { aptKernels } from "./source/debian.ts";
export type { ResolvedSource, SourceOptions } from "./source/tree.ts";

/** What --kernel says, by kind. */
type SourceSpec =
  | { readonly kind: "release"; readonly version: KernelVersion }
  /** series: "6.1" … or "newest". */
  | { readonly kind: "apt"; readonly series: string }
  | { readonly kind: "dir"; readonly dir: string }
  | { readonly kind: "git"; readonly repository: string; readonly revision: string };

const specHelp =
  "give 6.12 or release:6.12 (kernel.org), apt:6.12 or apt:newest, dir:PATH, or git:REPOSITORY#REVISION";

/** Reads a --kernel argument. Throws Failure usage "unknown-kernel". */
export function parseSourceSpec(spec: string): SourceSpec {
  const [, kind, rest = ""] = /^(release|apt|dir|git)(?::(.*))?$/s.exec(spec) ?? [];
  if (kind === "apt") return { kind, series: rest.replace(/^v(?=\d)/, "") || "newest" };
  if (kind === "dir" && rest) return { kind, dir: path.resolve(expandHome(rest)) };
  if (kind === "git" && rest) {
    const hash = rest.lastIndexOf("#");
    const repository = hash < 0 ? rest : rest.slice(0, hash);
    const revision = hash < 0 ? "" : rest.slice(hash + 1);
    if (repository)
      return { kind, repository: expandHome(repository), revision: revision || "HEAD" };
  }
  const release = kind === "release" ? rest : spec;
  if (/^v?\d+\.\d+(\.\d+)?(-rc\d+)?$/.test(release)) {
    const version = parseKernelVersion(release);
    if (version) return { kind: "release", version };
  }
  throw new Failure({
    reason: "unknown-kernel",
    blame: "usage",
    what: `"${spec}" names no kernel source`,
    hint: specHelp,
  });
}

/**
 * Finds out which kernel a --kernel argument means, without unpacking anything: its version, and an
 * identity that names its content. The tree itself comes from the result's tree().
 * Throws Failure usage "unknown-kernel", "unknown-revision", "not-a-kernel-tree", "unclean-tree" …,
 * infra "kernel-org-unreachable" and apt's.
 */
export async function resolveSource(spec: string, options: SourceOptions): Promise<ResolvedSource> {
  const parsed = parseSourceSpec(spec);
  const step = { id: "source:resolve", title: `kernel ${spec}` };
  return inStep(
    options.emit,
    step,
    () => {
      switch (parsed.kind) {
        case "release":
          return resolveRelease(parsed.version, spec, options);
        case "apt":
          return resolveApt(parsed.series, spec, options);
        case "dir":
          return resolveDirectory(parsed.dir, spec, options);
        case "git":
          return resolveGit(parsed.repository, parsed.revision, spec, options);
      }
    },
    ({ description }) => ({ detail: description }),
  );
}

const noteSchema = z.object({ spec: z.string(), description: z.string(), identity: z.string() });
type CachedTree = z.infer<typeof noteSchema> & { readonly dir: string };

/** The trees that are in the cache, as their notes describe them. */
export async function cachedTrees(): Promise<CachedTree[]> {
  const sources = path.join(cacheDir(), "sources");
  const names = await readdir(sources).catch(() => []);
  const trees = await Promise.all(
    names
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(async (name) => {
        const text = await readFile(path.join(sources, name, treeNote), "utf8").catch(() => "");
        const note = noteSchema.safeParse(parseJson(text));
        return note.success ? { ...note.data, dir: path.join(sources, name, "linux") } : undefined;
      }),
  );
  return trees.filter((tree) => tree !== undefined);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function expandHome(file: string): string {
  return file === "~" || file.startsWith("~/") ? path.join(os.homedir(), file.slice(1)) : file;
}
