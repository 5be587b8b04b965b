import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "./model/failure.ts";
import { type RunRecord, runRecordSchema, runSchemaVersion } from "./model/run.ts";
import { shellQuoted } from "./model/escape.ts";
import { projectDir } from "./paths.ts";
import { newFolder, replaceFile, safeName } from "./store/folder.ts";
import { names } from "./store/names.ts";
import { isAlive, thisProcess } from "./store/process.ts";
import { isRunName, type StoredRun } from "./store/stamps.ts";
import { isFile, notWritable } from "./store/write.ts";

export { indexFile, runStamps, type RunStamp } from "./store/stamps.ts";
export { writeReport } from "./store/write.ts";

/** Where results go unless `--output` says otherwise. */
export const defaultResultsDir = path.join(projectDir, "results");

export interface NewRun {
  /** The folder that holds the runs. */
  readonly resultsDir: string;
  readonly arch: string;
  /** Such as "6.12.117". */
  readonly kernel: string;
}

/** Makes the folder of a new run. Throws Failure "results-not-writable" (infra). */
export async function createRun(request: NewRun): Promise<RunFolder> {
  const { resultsDir, arch, kernel } = request;
  const { id, dir } = await newFolder(resultsDir, [arch, kernel]);
  return new RunFolder(id, dir);
}

/** The folder of one run; the only way to write below results/. Paths it gives are relative to `dir`. */
export class RunFolder {
  readonly id: string;
  /** Absolute. */
  readonly dir: string;
  #saving: Promise<void> = Promise.resolve();

  constructor(id: string, dir: string) {
    this.id = id;
    this.dir = dir;
  }

  /** A path of this folder as an absolute one. */
  absolute(relative: string): string {
    return path.join(this.dir, relative);
  }

  /** The folder of a kernel; `label`: "baseline" or the series' name. */
  kernel(label: string): string {
    return path.join(names.kernels, safeName(label));
  }

  config(label: string): string {
    return path.join(this.kernel(label), names.config);
  }

  buildLog(label: string): string {
    return path.join(this.kernel(label), names.buildLog);
  }

  /** `boot`: 0 for the kernel's first boot in this run, then 1, 2 ... */
  console(label: string, boot: number): string {
    return path.join(this.#boot(label, boot), names.console);
  }

  qemu(label: string, boot: number): string {
    return path.join(this.#boot(label, boot), names.qemu);
  }

  ktap(label: string, boot: number, suite: string, program: string, abi?: string): string {
    const file = safeName(abi === undefined ? program : `${program}@${abi}`) + names.ktapSuffix;
    return path.join(this.#boot(label, boot), names.ktap, safeName(suite), file);
  }

  #boot(label: string, boot: number): string {
    return path.join(this.kernel(label), `${names.boot}${boot}`);
  }

  /**
   * Makes sure that the folder of a file exists, for a tool that writes the file itself (make's
   * log, QEMU's console). Gives the absolute path.
   */
  async prepare(relative: string): Promise<string> {
    const file = this.absolute(relative);
    try {
      await mkdir(path.dirname(file), { recursive: true });
    } catch (thrown) {
      throw notWritable(file, thrown);
    }
    return file;
  }

  /** Writes a whole file (a config, a program's output). Gives the absolute path. */
  async write(relative: string, data: string | Uint8Array): Promise<string> {
    const file = await this.prepare(relative);
    try {
      await writeFile(file, data);
    } catch (thrown) {
      throw notWritable(file, thrown);
    }
    return file;
  }

  /**
   * Writes run.json; to be called after each stage, so that a run that is killed leaves what it
   * found. Readers see the old record or the new one, never a part. Calls take effect in order.
   */
  save(record: RunRecord): Promise<void> {
    const writer = record.status === "running" ? thisProcess() : undefined;
    // Made now: the caller goes on changing its record.
    const text = JSON.stringify({ ...record, process: writer }, null, 1) + "\n";
    const saved = this.#saving.then(() => this.#replace(names.record, text));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** Writes the private key of a kernel's guest so that ssh takes it. Gives its absolute path. */
  async writeKey(label: string, privateKey: string): Promise<string> {
    const file = await this.write(path.join(this.kernel(label), names.key), privateKey);
    await chmod(file, 0o600);
    return file;
  }

  /** Writes summary.md. Gives its absolute path. */
  async writeSummary(markdown: string): Promise<string> {
    await this.#replace(names.summary, markdown);
    return this.absolute(names.summary);
  }

  /** Writes junit.xml. Gives its absolute path. */
  async writeJunit(xml: string): Promise<string> {
    await this.#replace(names.junit, xml);
    return this.absolute(names.junit);
  }

  /** Writes kcidb.json. Gives its absolute path. */
  async writeKcidb(json: string): Promise<string> {
    await this.#replace(names.kcidb, json);
    return this.absolute(names.kcidb);
  }

  /**
   * Writes reproduce.sh, which runs `harness <args>` in the project's folder. `args` must say all
   * of the cell (kernel by exact version, absolute paths). Gives its path relative to the folder.
   */
  async writeReproduce(args: readonly string[]): Promise<string> {
    await this.#replace(names.reproduce, reproduceScript(this.id, args));
    await chmod(this.absolute(names.reproduce), 0o755);
    return names.reproduce;
  }

  #replace(relative: string, text: string): Promise<void> {
    return replaceFile(this.absolute(relative), text);
  }
}

function reproduceScript(id: string, args: readonly string[]): string {
  return `#!/bin/sh
# Runs the cell of ${id} again. Kernels, suites and images come from the cache where
# it has them; to build everything anew: XDG_CACHE_HOME="$(mktemp -d)" sh reproduce.sh
# On another machine, HARNESS_DIR says where the harness is.
set -eu
cd "\${HARNESS_DIR:-${doubleQuoted(projectDir)}}"
[ -d node_modules ] || npm ci
[ -f build/harness/bin.js ] || npm run build
exec node build/harness/bin.js ${args.map(shellQuoted).join(" ")} "$@"
`;
}

function doubleQuoted(word: string): string {
  return word.replace(/["\\$`]/g, "\\$&");
}

/** All runs of a results folder, oldest first, read or not. */
export async function listRuns(resultsDir = defaultResultsDir): Promise<readonly StoredRun[]> {
  const entries = await readdir(resultsDir, { withFileTypes: true }).catch(() => []);
  const found: StoredRun[] = [];
  for (const entry of entries) {
    const dir = path.resolve(resultsDir, entry.name);
    if (isRunName(entry) && (await isFile(path.join(dir, names.record)))) {
      found.push({ id: entry.name, dir });
    }
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** So many of the newest runs are looked at for what a cell took: reading all for ever would cost more than it tells. */
const remembered = 200;

/**
 * What each cell, an architecture and a kernel as asked for, took in its last run that came to its
 * end, in seconds. A record that cannot be read tells nothing.
 */
export async function pastSeconds(
  resultsDir = defaultResultsDir,
): Promise<(cell: { readonly arch: string; readonly kernel: string }) => number | undefined> {
  const seconds = new Map<string, number>();
  for (const { dir } of (await listRuns(resultsDir)).slice(-remembered)) {
    const record = await readRun(dir).catch(() => undefined);
    if (record?.status === "complete")
      seconds.set(`${record.arch} ${record.kernel.spec}`, record.seconds);
  }
  return ({ arch, kernel }) => seconds.get(`${arch} ${kernel}`);
}

/**
 * Finds a run by its folder, by its run.json, by its id or the beginning of one, or by "latest".
 * Throws Failure "unknown-run" or "ambiguous-run" (usage).
 */
export async function findRun(name: string, resultsDir = defaultResultsDir): Promise<StoredRun> {
  for (const dir of [name, path.dirname(name)]) {
    const isRecord = dir === name || path.basename(name) === names.record;
    if (isRecord && (await isFile(path.join(dir, names.record)))) {
      return { id: path.basename(path.resolve(dir)), dir: path.resolve(dir) };
    }
  }
  const runs = await listRuns(resultsDir);
  const matching =
    name === "latest" ? runs.slice(-1) : runs.filter((run) => name && run.id.startsWith(name));
  const exact = matching.find((run) => run.id === name);
  const [found, ...others] = exact ? [exact] : matching;
  if (found && others.length === 0) return found;
  if (found) {
    throw new Failure({
      reason: "ambiguous-run",
      blame: "usage",
      what: `"${name}" is the beginning of ${matching.length} runs`,
      evidence: matching.map((run) => run.id).join("\n"),
      hint: "give more of the id",
    });
  }
  const known = runs.slice(-5).map((run) => run.id);
  throw new Failure({
    reason: "unknown-run",
    blame: "usage",
    what: `there is no run "${name}" in ${resultsDir}`,
    hint: known.length ? `the last ones: ${known.join(", ")}` : "nothing was run there yet",
  });
}

/**
 * Reads and checks the record of a run. A record that says "running" but whose process is gone is
 * given as "interrupted". Throws Failure "run-record-missing" (usage), "run-record-newer" (usage)
 * or "run-record-corrupt" (infra).
 */
export async function readRun(dir: string): Promise<RunRecord> {
  const file = path.join(dir, names.record);
  return parsedRun(
    file,
    await readFile(file, "utf8").catch((thrown: unknown) => {
      throw recordMissing(file, thrown);
    }),
  );
}

/** readRun for who reads thousands. */
export function readRunSync(dir: string): RunRecord {
  const file = path.join(dir, names.record);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw recordMissing(file, thrown);
  }
  return parsedRun(file, text);
}

function recordMissing(file: string, thrown: unknown): Failure {
  return new Failure({
    reason: "run-record-missing",
    blame: "usage",
    what: `${file} cannot be read`,
    evidence: String(thrown),
    hint: "give a run's id, its folder, or `latest`",
  });
}

function parsedRun(file: string, text: string): RunRecord {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (thrown) {
    throw corrupt(file, String(thrown));
  }
  const schema = (data as { schema?: unknown } | null)?.schema;
  if (typeof schema === "number" && schema > runSchemaVersion) {
    throw new Failure({
      reason: "run-record-newer",
      blame: "usage",
      what: `${file} was written by a newer harness (schema ${schema}, this one reads up to ${runSchemaVersion})`,
      hint: "update the harness to read it",
    });
  }
  const parsed = runRecordSchema.safeParse(data);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 5);
    throw corrupt(
      file,
      issues
        .map((issue) => `${issue.path.map(String).join(".") || "run.json"}: ${issue.message}`)
        .join("\n"),
    );
  }
  const record = parsed.data;
  if (record.status === "running" && !(record.process && isAlive(record.process))) {
    return { ...record, status: "interrupted" };
  }
  return record;
}

/** The part of a console, or all of it, from a file that a record names. Undefined when it is gone. */
export async function readConsole(
  dir: string,
  relative: string,
  range?: readonly [number, number],
): Promise<Buffer | undefined> {
  const file = path.resolve(dir, relative);
  // A record is data from elsewhere: it must not make us read other files.
  if (!file.startsWith(path.resolve(dir) + path.sep)) return undefined;
  const bytes = await readFile(file).catch(() => undefined);
  return range ? bytes?.subarray(range[0], range[1]) : bytes;
}

function corrupt(file: string, evidence: string): Failure {
  return new Failure({
    reason: "run-record-corrupt",
    blame: "infra",
    what: `${file} is no record of a run`,
    evidence,
    hint: "the rest of its folder can still be read: consoles, ktap and build logs",
  });
}
