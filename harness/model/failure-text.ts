import type { Blame, FailureDetails } from "./failure.ts";
import { boundedLines, printable } from "./printable.ts";

/** Whose fault, in words. */
export const blameText: Readonly<Record<Blame, string>> = {
  series: "the patch series",
  baseline: "the baseline kernel",
  suite: "the test suite",
  infra: "this machine, its tools or its network",
  usage: "the command line",
};

/**
 * A failure as the user reads it: what failed, whose fault it is, the evidence (escaped, bounded),
 * what to try. Several lines, no newline at the end.
 */
export function failureText(failure: FailureDetails): string {
  const lines = [`error: ${printable(failure.what)}`];
  // A wrong command line shows itself; the line would only repeat it.
  if (failure.blame !== "usage") lines.push(`  fault: ${blameText[failure.blame]}`);
  if (failure.evidence !== undefined && failure.evidence.trim() !== "") {
    for (const line of boundedLines(printable(failure.evidence))) lines.push(`  | ${line}`);
  }
  if (failure.hint !== undefined) {
    const [first, ...more] = printable(failure.hint).split("\n");
    lines.push(`  try: ${first ?? ""}`, ...more.map((line) => `       ${line}`));
  }
  return lines.join("\n");
}
