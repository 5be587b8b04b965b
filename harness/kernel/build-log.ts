import { Failure, type Blame } from "../model/failure.ts";
import type { ExecResult } from "../exec.ts";

/** Lines of kbuild that stand for one finished file: "  CC      kernel/fork.o". */
const stepLine = /^ {2}([A-Z][A-Z0-9_]*(?: \[[A-Z]+\])?) +(\S+)/;

/** Follows a build's output and reports how far it is, at most four times a second. */
export class BuildProgress {
  #files = 0;
  #last = 0;
  readonly #report: (text: string) => void;
  readonly #expected: number | undefined;

  /** `expected`: files that the same build took last time, if known. */
  constructor(report: (text: string) => void, expected?: number) {
    this.#report = report;
    this.#expected = expected;
  }

  get files(): number {
    return this.#files;
  }

  line(text: string): void {
    const match = stepLine.exec(text);
    if (!match) return;
    this.#files++;
    const now = performance.now();
    if (now - this.#last < 250) return;
    this.#last = now;
    const of = this.#expected === undefined ? "" : `/${this.#expected}`;
    this.#report(`${this.#files}${of} files, ${match[1] ?? ""} ${match[2] ?? ""}`);
  }
}

/**
 * What a failed make means. A compiler that was killed, a full disk or a sandbox that cannot start
 * say nothing of the kernel: those are the host's faults, whoever's tree it was.
 */
export function buildFailure(
  result: ExecResult,
  what: string,
  blame: Blame,
  logFile: string,
): Failure {
  const { output } = result;
  const infra = infraCause(result);
  if (infra) {
    return new Failure({
      reason: infra.reason,
      blame: "infra",
      what: `${what}: ${infra.what}`,
      evidence: errorLines(output),
      hint: infra.hint,
    });
  }
  return new Failure({
    reason: "build-failed",
    blame,
    what: `${what} does not build`,
    evidence: errorLines(output),
    hint: `the whole build log is ${logFile}`,
  });
}

function infraCause(
  result: ExecResult,
): { reason: string; what: string; hint: string } | undefined {
  const { output } = result;
  if (result.timedOut) {
    return {
      reason: "build-timeout",
      what: "make did not end in time",
      hint: "raise --timeout-scale",
    };
  }
  if (output.includes("No space left on device")) {
    return {
      reason: "disk-full",
      what: "the disk is full",
      hint: "free some space, or run `harness clean`, or point XDG_CACHE_HOME at a larger disk",
    };
  }
  // gcc's driver says "Killed signal terminated program cc1", a shell "Killed"; the OOM killer is behind most.
  if (
    result.killedBy !== undefined ||
    result.exitCode === 137 ||
    /Killed signal terminated program|internal compiler error: (Killed|Segmentation)|^.*: Killed$|\*\*\* \[.*\] Killed$/m.test(
      output,
    )
  ) {
    return {
      reason: "compiler-killed",
      what: "the compiler was killed",
      hint: "usually memory ran out: try fewer jobs (--jobs 1) or close other programs",
    };
  }
  if (/^bwrap: /m.test(output)) {
    return {
      reason: "sandbox-failed",
      what: "the build sandbox cannot start",
      hint: "run `harness doctor`: it tries bubblewrap and explains what the host forbids",
    };
  }
  if (
    result.spawnError !== undefined ||
    /: (make|bwrap|ccache): (not found|No such file)/.test(output)
  ) {
    return {
      reason: "no-build-tools",
      what: "a build tool is missing",
      hint: "run `harness doctor --install`",
    };
  }
  return undefined;
}

/** The lines around the first errors, at most 30: what a person would look for in the log. */
function errorLines(output: string): string {
  const lines = output.split("\n");
  const first = lines.findIndex((line) =>
    /(\berror\b|\bError \d|undefined reference|No rule to make|^bwrap:|No space left|Killed)/.test(
      line,
    ),
  );
  return (first < 0 ? lines.slice(-30) : lines.slice(Math.max(0, first - 3), first + 27))
    .join("\n")
    .trim();
}
