import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ExecResult } from "../exec.ts";
import {
  droppedFailure,
  formatConfig,
  missingFrom,
  parseConfig,
  type Dropped,
  type Merged,
} from "../kconfig.ts";
import { buildFailure } from "./build-log.ts";

/** Runs make targets on one object tree. */
export interface MakeContext {
  readonly objects: string;
  run(targets: readonly string[]): Promise<ExecResult>;
}

/**
 * Writes .config: tinyconfig's switches with the wanted options over them, then olddefconfig, then a
 * check that each of them is there. What only suites want may be missing, for some kernels have it not;
 * it is given back.
 * Throws Failure "option-dropped" naming each, and "build-failed" where make fails.
 */
export async function configure(make: MakeContext, wanted: Merged): Promise<readonly Dropped[]> {
  const file = path.join(make.objects, ".config");
  await mkdir(make.objects, { recursive: true });
  await run(make, "tinyconfig");
  const tiny = withoutDefaults(await readFile(file, "utf8"));
  // Kconfig takes the last of two settings of one option.
  await writeFile(file, `${tiny}\n${formatConfig(wanted)}`);
  await run(make, "olddefconfig");
  const dropped = missingFrom(wanted, await readFile(file, "utf8"));
  const mandatory = dropped.filter((each) => each.wanted.origin.asker !== "suite");
  if (mandatory.length) throw droppedFailure(mandatory);
  return dropped;
}

/**
 * A .config text of tinyconfig without numbers and strings. It says no to each switch, but gives numbers
 * their defaults for the machine that this makes: of powerpc a 32-bit one, whose stacks (THREAD_SHIFT) are
 * too small for a 64-bit kernel. olddefconfig gives them those of the kernel that is wanted.
 */
function withoutDefaults(tiny: string): string {
  return tiny
    .split("\n")
    .filter((line) => !/^CONFIG_\w+=(?:"|-?\d)/.test(line))
    .join("\n");
}

/**
 * Whether a patch to this file can bring or change options: Kconfig itself, and the scripts that it starts
 * (scripts/Kconfig.include). The tables of system calls, which lie there too since 6.11, cannot.
 */
export function bringsOptions(file: string): boolean {
  return /Kconfig|^scripts\/(?!.*\.tbl$)/.test(file);
}

/** The options that differ between two .config texts, as "CONFIG_X: n -> y", sorted. */
export function changedOptions(before: string, after: string): string[] {
  const [old, now] = [parseConfig(before), parseConfig(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => `${name}: ${old.get(name) ?? "n"} -> ${now.get(name) ?? "n"}`);
}

async function run(make: MakeContext, target: string): Promise<void> {
  const result = await make.run([target]);
  if (result.exitCode !== 0) {
    throw buildFailure(
      result,
      `make ${target} for the baseline`,
      "baseline",
      "in the run's folder",
    );
  }
}
