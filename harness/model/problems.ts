import { z } from "zod";
import { kernelLine } from "./history.ts";
import type { RunRecord } from "./run.ts";

/**
 * Something that a tracer cannot do, or only by guessing, and cases that show it; after the talk "What
 * could be done in the kernel to make strace happy".
 */
export const problemSchema = z.strictObject({
  problem: z.number(),
  title: z.string(),
  /** Cases that pass where the problem is seen. */
  shownBy: z.array(z.string()),
  /** Cases that pass where it is solved: one is enough. */
  solvedBy: z.array(z.string()),
  solution: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/** A kernel that some of the cases were run on. */
export interface ProblemColumn {
  readonly arch: string;
  /** Such as "apt:6.12". */
  readonly kernel: string;
  /** The series on it, or that takes something away from it; undefined for the kernel as it is. */
  readonly series?: string;
  readonly control: boolean;
  readonly run: string;
}

/** `of` of the cases that there are for it were run (not skipped), `passed` of them passed. */
export interface Seen {
  readonly passed: number;
  readonly of: number;
}

export interface ProblemTable {
  readonly columns: readonly ProblemColumn[];
  readonly rows: readonly {
    readonly problem: Problem;
    /** For each column. */
    readonly cells: readonly { readonly shown: Seen; readonly solved: Seen }[];
  }[];
}

/** Which problem was seen on which kernel, and where it was solved; of each kernel's newest run alone. */
export function problemTable(
  runs: readonly RunRecord[],
  problems: readonly Problem[],
): ProblemTable {
  const named = new Set(problems.flatMap(({ shownBy, solvedBy }) => [...shownBy, ...solvedBy]));
  const found = new Map<string, { column: ProblemColumn; verdicts: Map<string, string[]> }>();
  const plain = runs
    .filter(({ argv, kernel }) => argv[0] !== "mutants" && !kernel.identity.startsWith("patched:"))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const run of plain) {
    for (const { label, boots } of run.kernels) {
      const verdicts = new Map<string, string[]>();
      for (const { name, verdict } of boots.flatMap(({ cases }) => cases))
        if (named.has(name)) verdicts.set(name, [...(verdicts.get(name) ?? []), verdict]);
      if (verdicts.size === 0) continue;
      const kernel = kernelLine(run.kernel);
      const control = run.comparisons.some((each) => each.series === label && each.control);
      const series = label === "baseline" ? {} : { series: label };
      const column = { arch: run.arch, kernel, ...series, control, run: run.id };
      // Later runs take the place of earlier ones.
      found.set([run.arch, kernel, label].join(" "), { column, verdicts });
    }
  }
  const all = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return {
    columns: all.map(({ column }) => column),
    rows: problems.map((problem) => ({
      problem,
      cells: all.map(({ verdicts }) => ({
        shown: seen(problem.shownBy, verdicts),
        solved: seen(problem.solvedBy, verdicts),
      })),
    })),
  };
}

function seen(cases: readonly string[], verdicts: ReadonlyMap<string, readonly string[]>): Seen {
  const ran = cases.filter((name) => verdicts.get(name)?.some((verdict) => verdict !== "skip"));
  const passed = ran.filter((name) => verdicts.get(name)?.every((verdict) => verdict === "pass"));
  return { passed: passed.length, of: ran.length };
}
