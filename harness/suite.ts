import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { problemSchema, type Problem } from "./model/problems.ts";
import { Failure } from "./model/failure.ts";
import { projectDir } from "./paths.ts";
import { parseFragment, type Fragment } from "./kconfig.ts";

/** The tracer's problems, as the suite that shows them lists them. */
export function tracerProblems(dir = selftestsDir): readonly Problem[] {
  const text = readFileSync(path.join(dir, "tracer/problems.json"), "utf8");
  return z.array(problemSchema).parse(JSON.parse(text));
}

/** What a user asks for with --suite: a folder of selftests/, or folders of the kernel's own kselftests. */
export type SuiteRequest =
  | { readonly kind: "c"; readonly name: string; readonly dir: string }
  | {
      readonly kind: "kselftest";
      readonly name: "kselftest";
      readonly targets: readonly string[];
      /** Those of them that nobody named: left out, with a notice, where the tree has them not. */
      readonly byDefault: readonly string[];
    };

/** One program of a suite for one ABI, as the guest runs it. */
export interface SuiteProgram {
  /** As in case names: <suite>.<program>.<case>. */
  readonly name: string;
  /** Empty for the architecture's native ABI, else the ABI behind the @ of case names. */
  readonly abi: string;
  /** Folder in the guest where it starts, and what it starts there. */
  readonly cwd: string;
  readonly command: string;
  /**
   * AVA tests that run here, on the host, against the booted guest, instead of `command` in it:
   * their source below the project's folder, and the hash over their suite's folder.
   */
  readonly host?: { readonly tests: string; readonly content: string };
  /** Before scaling by the guest's slowdown. */
  readonly timeoutSeconds: number;
  /** Why the harness does not run it; it is reported as skipped. */
  readonly skip?: string;
}

/** A suite whose programs are built and lie in a folder, ready for an image. */
export interface BuiltSuite {
  readonly name: string;
  readonly fingerprint: string;
  /** Host folder; its content belongs at guestPath. */
  readonly dir: string;
  readonly guestPath: string;
  readonly programs: readonly SuiteProgram[];
  readonly cached: boolean;
}

/** A program as in the names of its cases: "<suite>.<program>[@<abi>]". */
export function programName(suite: BuiltSuite, program: SuiteProgram): string {
  return `${suite.name}.${program.name}${program.abi === "" ? "" : `@${program.abi}`}`;
}

/** What --suite means when it names kselftest without folders. */
export const defaultKselftests = ["ptrace", "seccomp", "pidfd", "clone3"] as const;

/** Where the suites of this project lie. */
export const selftestsDir = path.join(projectDir, "selftests");

/** Names of the suites in a folder of suites: every subfolder with a Makefile. */
export function listSuites(dir = selftestsDir): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(dir, entry.name, "Makefile")))
    .map((entry) => entry.name)
    .sort();
}

/** What runs when no suite is named: all but those with a file `on-request`, which says why not. */
export function defaultSuites(dir = selftestsDir): string[] {
  const own = listSuites(dir).filter((name) => !existsSync(path.join(dir, name, "on-request")));
  return [...own, "kselftest"];
}

/**
 * The named suites and those that they cannot do without: a suite's file `needs` has one name a line.
 */
export function withNeededSuites(names: readonly string[], dir = selftestsDir): string[] {
  const needed = names.flatMap((name) => {
    const file = path.join(dir, name, "needs");
    return listSuites(dir).includes(name) && existsSync(file)
      ? readFileSync(file, "utf8").split("\n").filter(Boolean)
      : [];
  });
  return [...new Set([...names, ...needed])];
}

/** Reads a --suite argument. Throws Failure "unknown-suite" (usage). */
export function findSuite(text: string, dir = selftestsDir): SuiteRequest {
  const kselftest = /^kselftest(?::(.*))?$/.exec(text);
  if (kselftest) {
    const named = kselftest[1]?.split(",").filter((each) => each !== "");
    const targets = named ?? [...defaultKselftests];
    const bad = targets.find(
      (each) => !/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(each) || each.includes(".."),
    );
    if (bad === undefined && targets.length)
      return { kind: "kselftest", name: "kselftest", targets, byDefault: named ? [] : targets };
    throw new Failure({
      reason: "unknown-suite",
      blame: "usage",
      what: `"${text}" names no folder of the kernel's tools/testing/selftests`,
      hint: "write kselftest:ptrace,seccomp",
    });
  }
  if (listSuites(dir).includes(text)) return { kind: "c", name: text, dir: path.join(dir, text) };
  throw new Failure({
    reason: "unknown-suite",
    blame: "usage",
    what: `there is no suite "${text}"`,
    hint: `known: ${[...listSuites(dir), "kselftest:<folder>[,<folder>...]"].join(", ")}`,
  });
}

/** The kernel options that a C suite asks for: its config and config.<arch>. */
export function suiteFragments(suite: SuiteRequest, arch: string): Fragment[] {
  if (suite.kind !== "c") return [];
  return ["config", `config.${arch}`]
    .map((name) => path.join(suite.dir, name))
    .filter((file) => existsSync(file))
    .map((file) =>
      parseFragment(readFileSync(file, "utf8"), path.relative(projectDir, file), "suite"),
    );
}

/** kselftest's settings file: timeout=SECONDS for each program (Documentation/dev-tools/kselftest.rst; 45 by default). */
export function timeoutOf(dir: string): number {
  const file = path.join(dir, "settings");
  if (!existsSync(file)) return 45;
  const match = /^timeout=(\d+)$/m.exec(readFileSync(file, "utf8"));
  const seconds = Number(match?.[1] ?? 45);
  // kselftest's 0 means "no limit"; here everything has one.
  return seconds === 0 ? 600 : seconds;
}
