/**
 * `npm run bench`: measures what the project promises about speed, in one run on one machine, in a
 * cache of its own. Absolute seconds belong to this machine and its load; the ratios travel.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runRecordSchema, type RunRecord } from "../model/run.ts";
import { cacheDir, projectDir } from "../paths.ts";
import { bootSeconds, harness, harnessRun, type MeasuredRun } from "./command.ts";
import { printFigures, type Figure } from "./figure.ts";
import { covered, median, type Interval } from "./intervals.ts";
import { tracerRatios } from "./tracer.ts";

interface Measured extends MeasuredRun {
  readonly record: RunRecord;
}

const kernel = process.env["HARNESS_BENCH_KERNEL"] ?? "apt:6.12";
/** Touches kernel/exit.c and nothing else. */
const touchesOneFile = path.join(projectDir, "harness/e2e/wait4-loses-event-bits.patch");

async function run(cache: string, ...args: string[]): Promise<Measured> {
  const output = path.join(cache, "results");
  const words = ["--kernel", kernel, "--output", output, ...args];
  const measured = await harnessRun({ XDG_CACHE_HOME: cache }, ...words);
  const text = await readFile(path.join(measured.resultsDir, "run.json"), "utf8");
  return { ...measured, record: runRecordSchema.parse(JSON.parse(text)) };
}

/** When make and guests were at work: all that is not the harness's own time. */
function workIntervals({ events }: Measured): Interval[] {
  const intervals: Interval[] = [];
  for (const event of events) {
    if (event.type !== "step-finished" || event.outcome === "cached") continue;
    if (!/^(kernel|userland|suite-build|test)/.test(event.id)) continue;
    const to = Date.parse(event.time) / 1000;
    intervals.push([to - event.seconds, to]);
  }
  return intervals;
}

/** Seconds of make for the baseline and for what is built after it, one kernel at a time and no guest beside it. */
async function buildSeconds(cache: string, ...args: string[]): Promise<readonly number[]> {
  const env = { XDG_CACHE_HOME: cache };
  const { stdout } = await harness(env, "build", "--kernel", kernel, "--json", ...args);
  return [...stdout.matchAll(/"detail":"[^"]* make ([0-9.]+) s"/g)].map((match) =>
    Number(match[1]),
  );
}

await mkdir(cacheDir(), { recursive: true });
const cache = await mkdtemp(path.join(path.dirname(cacheDir()), "harness-bench-"));
const builds = path.join(cache, "builds");
try {
  const cold = await run(cache, "--series", "all");
  const warm = await run(cache, "--series", "all");
  const boots = await bootSeconds({ XDG_CACHE_HOME: cache }, 7, "--kernel", kernel);
  const [baseline = NaN, syscall = NaN] = await buildSeconds(builds, "--series", "wait6");
  const [oneFile = NaN] = await buildSeconds(builds, "--patch", touchesOneFile);
  // In this process: its kernel is in the bench's cache, not in the user's.
  process.env["XDG_CACHE_HOME"] = cache;
  const tracing = await tracerRatios(kernel);
  const busy = covered(workIntervals(cold));
  // Two share a kernel's programs once nothing is left to build; confirmations come on top.
  const guests = cold.record.kernels.map(
    ({ boots: all }) => all.filter(({ only }) => !only).length,
  );
  const figures: Figure[] = [
    { name: "main job, cold cache", value: cold.seconds, unit: "s", promised: 900 },
    { name: "main job again, nothing changed", value: warm.seconds, unit: "s", promised: 15 },
    {
      name: "make in the second run",
      value: warm.record.timings["make"] ?? NaN,
      unit: "s",
      promised: 0,
    },
    {
      name: "make: series with a system call / baseline",
      value: syscall / baseline,
      unit: "ratio",
      promised: 0.5,
    },
    {
      name: "make: series with one .c file / baseline",
      value: oneFile / baseline,
      unit: "ratio",
      promised: 0.15,
    },
    {
      name: "boot to the end of the first ssh command, median of 7",
      value: median(boots),
      unit: "s",
      promised: 1.3,
    },
    {
      name: "tracing 100,000 calls: the tracer / strace, median of 3",
      value: median(tracing),
      unit: "ratio",
      promised: 1.5,
    },
    {
      name: "guests in which all suites of a kernel ran, at most",
      value: Math.max(...guests),
      unit: "count",
      promised: 2,
    },
    {
      name: "the harness's own share of the cold run",
      value: (cold.seconds - busy) / cold.seconds,
      unit: "ratio",
      promised: 0.05,
    },
  ];
  printFigures(figures);
  console.log(
    JSON.stringify({
      kernel: cold.record.kernel.description,
      cpus: os.availableParallelism(),
      cpu: os.cpus()[0]?.model,
      accelerator: cold.record.accelerator,
      makeSeconds: { baseline, syscall, oneFile },
      bootSeconds: boots,
      timings: cold.record.timings,
      figures,
    }),
  );
} finally {
  await rm(cache, { recursive: true, force: true });
}
