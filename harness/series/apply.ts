import { lstat, mkdir, readFile, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { removeTree, throwIfDiskFull } from "../disk.ts";
import { exec, type ExecResult } from "../exec.ts";
import type { Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { findHunk } from "./hunk.ts";
import type { Patch, PatchSet, Series } from "./patch-set.ts";
import { gitMissing, plainGit } from "./reach.ts";

/** A kernel tree with a series applied. */
export interface PatchedTree {
  readonly dir: string;
  /** Files that the series changed, added or removed; paths below dir, sorted. */
  readonly touched: readonly string[];
}

interface ApplyOptions {
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies a series to a clean clone of a tree, made in the folder `into` (which must not exist). The
 * clone shares its unchanged files with the tree through hard links where both lie on one file
 * system, so nobody may write in place there; `git apply` replaces the files that it changes.
 * Every context line must match; a hunk that only moved is taken, with a notice.
 * Throws Failure series "patch-does-not-apply", "patch-writes-outside"; infra "copy-failed",
 * "disk-full". `into` is gone after a failure.
 */
export async function applySeries(
  series: Pick<Series, "name">,
  set: PatchSet,
  tree: { readonly dir: string },
  into: string,
  options: ApplyOptions,
): Promise<PatchedTree> {
  try {
    await cloneTree(tree.dir, into, options.signal);
    for (const patch of set.patches) await applyPatch(series, patch, into, options);
  } catch (thrown) {
    await removeTree(into);
    throw thrown;
  }
  const touched = [...new Set(set.patches.flatMap(({ files }) => files))].sort();
  return { dir: into, touched };
}

/**
 * Gives the touched files the time now, so that make finds them newer than every object there is.
 * For the moment when the baseline's object tree is taken over: it may have been built after the
 * series was applied.
 */
export async function markTouched(patched: PatchedTree, now: Date = new Date()): Promise<void> {
  for (const name of patched.touched) {
    const file = path.join(patched.dir, name);
    const stats = await lstat(file).catch(() => undefined);
    if (!stats?.isFile()) continue;
    if (stats.nlink > 1)
      throw new Error(`${file} is still shared with the tree it was cloned from`);
    await utimes(file, now, now);
  }
}

async function cloneTree(
  from: string,
  into: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(path.dirname(into), { recursive: true });
  const [source, target] = [await stat(from), await stat(path.dirname(into))];
  const how = source.dev === target.dev ? "--link" : "--reflink=auto";
  const copy = (way: string) =>
    exec("cp", ["--archive", way, "--no-target-directory", "--", from, into], {
      env: { LC_ALL: "C" },
      signal,
    });
  let result = await copy(how);
  if (result.exitCode !== 0 && how === "--link" && !signal?.aborted) {
    // Other mounts of one disk, limits on links, links to others' files: copies are only slower.
    await removeTree(into);
    result = await copy("--reflink=auto");
  }
  signal?.throwIfAborted();
  if (result.exitCode === 0) return;
  throwIfDiskFull(result, "cloning the kernel tree");
  throw new Failure({
    reason: "copy-failed",
    blame: "infra",
    what: `the kernel tree could not be cloned into ${into}`,
    evidence: result.output.slice(-2048),
    hint: "is that folder writable?",
  });
}

async function applyPatch(
  series: Pick<Series, "name">,
  patch: Patch,
  dir: string,
  { emit, signal }: ApplyOptions,
): Promise<void> {
  const run = (args: readonly string[]) =>
    exec("git", ["apply", "--whitespace=nowarn", ...args, "-"], {
      cwd: dir,
      // Were the folder inside a repository, git would skip what lies outside of its work tree.
      env: { ...plainGit, GIT_CEILING_DIRECTORIES: path.dirname(dir) },
      input: patch.diff,
      signal,
    });
  const result = await run(["--verbose"]);
  signal?.throwIfAborted();
  if (result.spawnError !== undefined) throw gitMissing();
  if (result.exitCode === 0) {
    for (const [file, moves] of offsets(result.output))
      emit({
        type: "notice",
        text: `${series.name}: ${patch.name} applies to ${file} with an offset (${moves})`,
      });
    return;
  }
  throwIfDiskFull(result, `applying ${patch.name}`);
  if (result.killedBy !== undefined || result.exitCode === 137) {
    throw new Failure({
      reason: "git-killed",
      blame: "infra",
      what: `git apply was killed at ${patch.name}`,
      evidence: result.output.slice(-2048),
      hint: "did the machine run out of memory? look at dmesg; then run it again",
    });
  }
  if (/beyond a symbolic link|error: invalid path/.test(result.output)) {
    throw new Failure({
      reason: "patch-writes-outside",
      blame: "series",
      what: `${patch.name} of ${series.name} reaches out of the kernel tree and is refused`,
      evidence: errorLines(result),
    });
  }
  const reverse = await run(["--check", "--reverse"]);
  throw await doesNotApply(series, patch, dir, result, reverse.exitCode === 0);
}

async function doesNotApply(
  series: Pick<Series, "name">,
  patch: Patch,
  dir: string,
  result: ExecResult,
  already: boolean,
): Promise<Failure> {
  const errors = errorLines(result);
  const evidence = [`git apply: ${errors}`];
  let where = "";
  for (const [, file = "", line = ""] of result.output.matchAll(
    /^error: patch failed: (.+):(\d+)$/gm,
  )) {
    const hunk = findHunk(patch.diff, file, Number(line));
    where ||= ` at ${file}, ${hunk ? `hunk ${hunk.number} of ${hunk.of}` : `line ${line}`}`;
    if (hunk) evidence.push(`hunk ${hunk.number} of ${hunk.of} in ${file}:\n${hunk.text}`);
    evidence.push(`the tree has there:\n${await surroundings(path.join(dir, file), Number(line))}`);
  }
  const file = /^(.+?): (?:No such file|already exists)/m.exec(errors)?.[1];
  if (file !== undefined) where ||= ` at ${file}`;
  return new Failure({
    reason: "patch-does-not-apply",
    blame: "series",
    what: `${patch.name} of ${series.name} does not apply${where}`,
    evidence: evidence.join("\n\n").slice(0, 16384),
    hint: already
      ? "the tree has this change already: its reverse applies"
      : "rebase the series on this kernel, or choose the kernel it was made for",
  });
}

function errorLines({ output }: ExecResult): string {
  const lines = output
    .split("\n")
    .filter((line) => /^(?:error|fatal): (?!while searching)/.test(line));
  return lines.map((line) => line.replace(/^error: /, "")).join("\n") || output.trim();
}

/** "Hunk #2 succeeded at 310 (offset 4 lines)." by file. */
function offsets(output: string): Map<string, string> {
  const found = new Map<string, string>();
  let file = "";
  for (const line of output.split("\n")) {
    file = /^Checking patch (.*)\.\.\.$/.exec(line)?.[1] ?? file;
    const move = /^Hunk #(\d+) succeeded at \d+ \(offset (-?\d+) lines?\)/.exec(line);
    if (!move) continue;
    const text = `hunk ${move[1] ?? ""}: ${move[2] ?? ""} lines`;
    found.set(file, found.has(file) ? `${found.get(file) ?? ""}, ${text}` : text);
  }
  return found;
}

async function surroundings(file: string, line: number): Promise<string> {
  const text = await readFile(file, "latin1").catch(() => undefined);
  if (text === undefined) return "(no such file)";
  const lines = text.split("\n");
  const from = Math.max(0, line - 4);
  return lines
    .slice(from, line + 12)
    .map((each, index) => `${String(from + index + 1).padStart(6)}  ${each}`)
    .join("\n");
}
