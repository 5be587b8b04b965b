import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  link,
  mkdir,
  readFile,
  realpath,
  stat,
  symlink,
  writeFile,
  readdir,
} from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "../cache.ts";
import { exec } from "../exec.ts";
import { sha256 } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { cacheDir } from "../paths.ts";
import { gitEnvironment } from "./git.ts";
import { listByContent, walk, type ListedFile, type Listing } from "./listing.ts";
import {
  requireKernelTree,
  resolvedSource,
  treeFingerprint,
  type ResolvedSource,
  type SourceOptions,
} from "./tree.ts";

/**
 * A kernel tree in a folder of the user's, as it is on disk now. It is known by the content of its
 * files, and what is built is a copy: a later edit changes no kernel of this run, and no build
 * writes into the user's folder. Of a git checkout the files that git ignores stay out, so a tree
 * that was built in place will do.
 * Throws Failure usage "not-a-kernel-tree" and "unclean-tree".
 */
export async function resolveDirectory(
  given: string,
  spec: string,
  options: SourceOptions,
): Promise<ResolvedSource> {
  const version = await requireKernelTree(given);
  const dir = await realpath(given);
  const listing = await listByContent(dir, await sourceFiles(dir, options), options.signal);
  const identity = `files:${listing.digest}`;
  return resolvedSource(
    {
      spec,
      version,
      identity,
      description: `${formatKernelVersion(version)} from ${dir}, as it is there (content ${listing.digest.slice(0, 12)})`,
    },
    options,
    async ({ into, progress }) => {
      progress(`copying ${listing.files.length} files`);
      await copy(dir, listing, into, options.signal);
      await rememberCopy(dir, identity, listing);
    },
  );
}

/** The names of the files that are source: what git knows or would add, or everything where there is no git. */
async function sourceFiles(dir: string, { signal }: SourceOptions): Promise<readonly string[]> {
  const git = (args: readonly string[]) =>
    exec("git", ["-C", dir, ...args], { env: gitEnvironment, signal });
  const top = await git(["rev-parse", "--show-toplevel"]);
  signal?.throwIfAborted();
  if (top.exitCode === 0 && top.stdout.trimEnd() === dir) {
    const listed = await git([
      ...["ls-files", "-z", "--cached", "--others"],
      // The tree's own .gitignore files, not this user's.
      ...["--exclude-per-directory=.gitignore"],
    ]);
    signal?.throwIfAborted();
    if (listed.exitCode !== 0) {
      throw new Failure({
        reason: "git-failed",
        blame: "infra",
        what: `git could not list the files of ${dir}`,
        evidence: listed.output.slice(-2048),
        hint: "does `git status` work there?",
      });
    }
    return listed.stdout.split("\0").filter((name) => name !== "");
  }
  await refuseBuiltTree(dir);
  return walk(dir);
}

/** The kernel's own Makefile refuses O= builds of such a tree, and what is source in it cannot be told. */
async function refuseBuiltTree(dir: string): Promise<void> {
  const arches = await readdir(path.join(dir, "arch"));
  const products = [
    ".config",
    "include/config",
    "include/generated",
    ...arches.map((arch) => `arch/${arch}/include/generated`),
  ];
  const found = await Promise.all(
    products.map((name) =>
      stat(path.join(dir, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const there = products.filter((_, index) => found[index]);
  if (there.length === 0) return;
  throw new Failure({
    reason: "unclean-tree",
    blame: "usage",
    what: `a kernel was configured or built inside ${dir}, so source and products cannot be told apart`,
    evidence: `found there: ${there.join(", ")}`,
    hint: "keep its .config elsewhere and run `make mrproper` there; or put the tree under git, then ignored files stay out",
  });
}

async function copy(
  dir: string,
  listing: Listing,
  into: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const earlier = await earlierCopy(dir);
  const made = new Set<string>();
  const copyOne = async ({ name, kind, content }: ListedFile): Promise<void> => {
    const target = path.join(into, name);
    const folder = path.dirname(target);
    if (!made.has(folder)) {
      await mkdir(folder, { recursive: true });
      made.add(folder);
    }
    if (kind === "link") return symlink(content, target);
    // Nobody writes into a cached tree, so copies of one folder can share what did not change.
    if (earlier?.files[name] === `${kind} ${content}`) {
      const linked = await link(path.join(earlier.dir, name), target).then(
        () => true,
        () => false,
      );
      if (linked) return;
    }
    const bytes = readFileOrNothing(path.join(dir, name));
    if (bytes === undefined || createHash("sha256").update(bytes).digest("hex") !== content) {
      throw new Failure({
        reason: "source-changed",
        blame: "infra",
        what: `${path.join(dir, name)} changed while the tree was copied`,
        hint: "run it again when nothing writes there",
      });
    }
    await writeFile(target, bytes, { mode: kind === "executable" ? 0o755 : 0o644 });
  };
  const batch = 64;
  for (let at = 0; at < listing.files.length; at += batch) {
    signal?.throwIfAborted();
    await Promise.all(listing.files.slice(at, at + batch).map(copyOne));
  }
}

function readFileOrNothing(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Which cached copy was made of a folder last, so that the next one can share its files. */
interface CopyNote {
  readonly fingerprint: string;
  readonly files: Record<string, string>;
}

function copyNoteOf(dir: string): string {
  return path.join(cacheDir(), "sources", `copy-${sha256(dir)}.json`);
}

async function rememberCopy(dir: string, identity: string, listing: Listing): Promise<void> {
  const note: CopyNote = {
    fingerprint: treeFingerprint(identity),
    files: Object.fromEntries(
      listing.files.map(({ name, kind, content }) => [name, `${kind} ${content}`]),
    ),
  };
  await writeAtomically(copyNoteOf(dir), JSON.stringify(note));
}

async function earlierCopy(
  dir: string,
): Promise<{ dir: string; files: CopyNote["files"] } | undefined> {
  try {
    const note = JSON.parse(await readFile(copyNoteOf(dir), "utf8")) as CopyNote;
    return { dir: path.join(cacheDir(), "sources", note.fingerprint, "linux"), files: note.files };
  } catch {
    return undefined;
  }
}
