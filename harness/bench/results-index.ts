/** `npm run bench:index`: how fast a results folder with 100,000 results of cases answers, and 10,000 cells are planned. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadArches } from "../arch.ts";
import { exec } from "../exec.ts";
import { caseHistory, changingCases, reindex } from "../history.ts";
import { projectDir } from "../paths.ts";
import { runRecord, writeRun, type Verdicts } from "../testing/records.ts";
import { printFigures, type Figure } from "./figure.ts";
import { median } from "./intervals.ts";

const runs = 125;
const cases = 200;
const arches = ["x86_64", "arm64", "riscv64", "s390x", "powerpc64le"];

/** A run of two series, whose cases pass, are skipped, fail steadily, or fail now and then. */
function verdicts(run: number, kernel: number): Verdicts {
  const found: Record<string, "pass" | "skip" | "fail"> = {};
  for (let number = 0; number < cases; number++) {
    const rare = (run * 7 + number * 13 + kernel) % 97 === 0;
    const verdict = number % 5 === 0 ? "skip" : number % 50 === 1 || rare ? "fail" : "pass";
    found[`suite${number % 4}.program${number % 20}.case_${number}`] = verdict;
  }
  return found;
}

/** Seconds of `harness matrix` over at least `wanted` cells. */
async function planningSeconds(wanted: number): Promise<number> {
  const kernels = Math.ceil(wanted / (await loadArches()).length);
  const named = Array.from({ length: kernels }, (_, i) => ["--kernel", `release:5.${i}`]).flat();
  const bin = path.join(projectDir, "build/harness/bin.js");
  const words = [bin, "matrix", "--arch", "all", ...named, "--json"];
  const { stdout, exitCode, output, seconds } = await exec(process.execPath, words);
  if (exitCode !== 0) throw new Error(output);
  const { cells } = JSON.parse(stdout) as { cells: unknown[] };
  if (cells.length < wanted) throw new Error(`${cells.length} cells are planned`);
  return seconds;
}

const dir = await mkdtemp(path.join(os.tmpdir(), "harness-bench-"));
try {
  for (let day = 0; day < runs; day++) {
    const arch = arches[day % arches.length] ?? "";
    const [baseline, one, two, three] = [0, 1, 2, 3].map((kernel) => verdicts(day, kernel));
    const series = { one: one ?? {}, two: two ?? {}, three: three ?? {} };
    await writeRun(dir, runRecord({ day, arch, baseline: baseline ?? {}, series }));
  }
  const made = performance.now();
  const { results } = await reindex(dir);
  const reindexSeconds = (performance.now() - made) / 1000;
  if (results !== runs * cases * 4) throw new Error(`${results} results are in the index`);

  const some = "suite1.program1.case_101";
  const filter = { arch: "x86_64", kernel: "apt:6.12", series: "one" };
  const questions: readonly (readonly [string, number, () => Promise<unknown>])[] = [
    ["history of a case on an architecture and release", 50, () => caseHistory(dir, some, filter)],
    ["history of a case everywhere", 50, () => caseHistory(dir, some)],
    // Here every fourth case changes somewhere, a thousand histories in all.
    ["all cases that change", 1000, () => changingCases(dir)],
  ];
  const figures: Figure[] = [
    {
      name: `reindex of ${results} results in ${runs} runs`,
      value: reindexSeconds,
      unit: "s",
      promised: 20,
    },
  ];
  for (const [name, promised, ask] of questions) {
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const asked = performance.now();
      await ask();
      times.push(performance.now() - asked);
    }
    figures.push({ name: `${name}, median of 9`, value: median(times), unit: "ms", promised });
  }
  figures.push({
    name: "harness matrix: 10,000 cells",
    value: await planningSeconds(10_000),
    unit: "s",
    promised: 1,
  });
  printFigures(figures);
} finally {
  await rm(dir, { recursive: true, force: true });
}
