import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { isRegression } from "../model/compare.ts";
import type { Comparison } from "../model/comparison.ts";
import { Failure } from "../model/failure.ts";
import {
  compareKernelVersions,
  formatKernelVersion,
  isSameRelease,
  parseKernelVersion,
  type KernelVersion,
} from "../model/kernel-version.ts";
import { mutantsDir } from "../series.ts";

/**
 * The mutants of a series for a kernel: small wrong patches on the code that the series brings (or,
 * for a control, takes away), one a file, in patches/mutants/<series>/<release>/. Unlike a series'
 * patches they are for that release alone: most of them are a line in the middle of what changes.
 * Throws Failure usage "no-mutants".
 */
export async function mutantFiles(
  series: string,
  kernel: KernelVersion,
  dir = mutantsDir,
): Promise<readonly string[]> {
  const folder = path.join(dir, series);
  const there = (await readdir(folder).catch(() => []))
    .map(parseKernelVersion)
    .filter((version) => version !== undefined)
    .sort(compareKernelVersions);
  const chosen = there.find((version) => isSameRelease(version, kernel));
  if (!chosen) {
    throw new Failure({
      reason: "no-mutants",
      blame: "usage",
      what: `there are no mutants of ${series} for Linux ${formatKernelVersion(kernel)}`,
      hint: existsSync(folder)
        ? `there are some for ${there.map(formatKernelVersion).join(", ")}`
        : `patches/mutants/ has those of ${(await mutatedSeries(dir)).join(", ")}`,
    });
  }
  const place = path.join(folder, formatKernelVersion(chosen));
  const names = (await readdir(place)).filter((name) => name.endsWith(".patch")).sort();
  return names.map((name) => path.join(place, name));
}

/** The series that have mutants. */
export async function mutatedSeries(dir = mutantsDir): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * The cases that noticed a mutant: none means that it survived. A program ends at the first case that
 * does, so what is not there afterwards has noticed nothing, unless nothing else did.
 */
export function killers(comparison: Comparison): string[] {
  const cases = comparison.cases.filter((each) => isRegression(comparison, each));
  const ran = cases.filter(({ patched }) => patched.length > 0);
  const noticed = ran.length > 0 || comparison.newSplats.length > 0 ? ran : cases;
  return [...noticed.map(({ name }) => name), ...comparison.newSplats];
}
