/**
 * `npm run bench:arches`: one series on the architectures that must boot, in a cache of its own:
 * one to two hours on two CPUs. HARNESS_BENCH_WARM=1 takes the user's cache, and leaves out what only
 * a cold one can show; HARNESS_BENCH_ARCH="arm riscv64" takes others (two at least), "all" all
 * of this machine.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { matrixRecordSchema } from "../model/matrix.ts";
import { runRecordSchema, type RunRecord } from "../model/run.ts";
import { cacheDir } from "../paths.ts";
import { bootSeconds, harnessRun, type Environment } from "./command.ts";
import { printFigures, type Figure } from "./figure.ts";
import { MakeCpu } from "./make-cpu.ts";

const kernel = process.env["HARNESS_BENCH_KERNEL"] ?? "apt:6.12";
/** The promises about whole runs are for these. */
const promisedArches = [
  ...["x86_64", "i386", "arm64", "arm", "riscv64", "s390x", "ppc64le", "ppc64", "ppc"],
  ...["mips", "mipsel", "mips64", "mips64el", "sparc64", "parisc", "sh4", "loongarch64"],
];
const arches = process.env["HARNESS_BENCH_ARCH"]?.split(/[ ,]+/) ?? promisedArches;
const isWarm = process.env["HARNESS_BENCH_WARM"] === "1";

await mkdir(cacheDir(), { recursive: true });
const work = await mkdtemp(path.join(path.dirname(cacheDir()), "harness-bench-"));
const env: Environment = isWarm ? {} : { XDG_CACHE_HOME: work };
try {
  const figures: Figure[] = [];
  if (!isWarm) {
    const makeCpu = await MakeCpu.in(work);
    const before = idleSeconds();
    const cold = await run({ ...env, ...makeCpu.env });
    const made = await makeCpu.secondsOnAllCpus();
    const idle = idleSeconds() - before;
    const built = `${Math.round(made)} s of each CPU for what was built`;
    console.log(`    ${built}, ${Math.round(idle)} s idle; the rest is guests and the harness`);
    const again = await run(env);
    figures.push(
      inSeconds(
        `${cold.runs.length} architectures, cold cache`,
        cold.seconds,
        share(cold.runs) * 6000,
      ),
      {
        name: "... / CPU seconds of what it built, over the CPUs",
        value: cold.seconds / made,
        unit: "ratio",
        promised: 1.1,
      },
      inSeconds(
        `${again.runs.length} again: nothing has changed`,
        again.seconds,
        share(again.runs) * 240,
      ),
    );
  }
  const { seconds, runs } = await run(env, "--fresh", "--suite", "wait6");
  figures.push(
    inSeconds(`${runs.length} tested anew by the suite wait6`, seconds, share(runs) * 240),
  );
  for (const { arch } of runs) figures.push(await boot(arch));
  printFigures(figures);
} finally {
  await rm(work, { recursive: true, force: true });
}

interface Ran {
  readonly seconds: number;
  readonly runs: readonly RunRecord[];
}

async function run(env: Environment, ...more: string[]): Promise<Ran> {
  const results = path.join(work, "results");
  const cells = [...arches.flatMap((arch) => ["--arch", arch]), "--kernel", kernel];
  const words = [...cells, "--series", "wait6", "--output", results];
  const { seconds, resultsDir } = await harnessRun(env, ...words, ...more);
  const read = async (...file: string[]) =>
    JSON.parse(await readFile(path.join(...file), "utf8")) as unknown;
  const matrix = matrixRecordSchema.parse(await read(resultsDir, "matrix.json"));
  const runs: RunRecord[] = [];
  for (const cell of matrix.cells) {
    if (cell.run === undefined) continue;
    const record = runRecordSchema.parse(await read(results, cell.run, "run.json"));
    const verdicts = record.comparisons.map(({ verdict }) => verdict).join(", ");
    console.log(
      `    ${cell.arch.padEnd(12)} ${verdicts || (record.failures[0]?.what ?? "nothing")}`,
    );
    // One that was not tested to its end is none that was done in the time.
    if (verdicts === "proved") runs.push(record);
  }
  return { seconds, runs };
}

/** Seconds since the machine's boot that its CPUs had nothing to do, per CPU. */
function idleSeconds(): number {
  const cpus = os.cpus();
  return cpus.reduce((sum, { times }) => sum + times.idle, 0) / 1000 / cpus.length;
}

/** The best of three: other work only adds to it. */
async function boot(arch: string): Promise<Figure> {
  const found = await bootSeconds(env, 3, "--arch", arch, "--kernel", kernel);
  return inSeconds(`boot of ${arch}`, Math.min(...found), 3.5);
}

function inSeconds(name: string, value: number, promised: number): Figure {
  return { name, value, unit: "s", promised: Math.round(promised * 10) / 10 };
}

/** How many of the promised architectures' time these runs may take. */
function share(runs: readonly RunRecord[]): number {
  return runs.length / promisedArches.length;
}
