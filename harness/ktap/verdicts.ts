import type { FailureDetails } from "../model/failure.ts";
import { isFailing, type CaseResult, type CaseVerdict } from "../model/verdict.ts";
import type { KtapReport } from "../ktap.ts";

/** How a test program ended, as the harness saw it. */
export type ProgramExit =
  | { readonly how: "exited"; readonly code: number }
  /** Killed by a signal of the guest's own making, such as "SIGSEGV". */
  | { readonly how: "killed"; readonly signal: string }
  /** The harness ended it; the kernel lives. */
  | { readonly how: "timed-out"; readonly seconds: number }
  /** The kernel died under it; `why` is the panic's title or the like. */
  | { readonly how: "kernel-died"; readonly why: string };

export interface ProgramRun {
  readonly suite: string;
  readonly program: string;
  /** Only for ABIs that are not the architecture's native one. */
  readonly abi?: string | undefined;
  readonly parsed: KtapReport;
  readonly exit: ProgramExit;
}

/** kselftest.h: KSFT_PASS, KSFT_FAIL, KSFT_XFAIL, KSFT_XPASS, KSFT_SKIP. */
const statusVerdicts: Readonly<Record<number, CaseVerdict>> = {
  0: "pass",
  1: "fail",
  2: "xfail",
  3: "fail",
  4: "skip",
};

/** `<suite>.<program>[.<case>][@<abi>]`, the name by which a case is known everywhere. */
function caseResultName(run: Pick<ProgramRun, "suite" | "program" | "abi">, name?: string): string {
  const base = [run.suite, run.program, ...(name === undefined ? [] : [name])].join(".");
  return run.abi === undefined ? base : `${base}@${run.abi}`;
}

/**
 * The results of one program: its cases, and one more for the program itself, `<suite>.<program>`,
 * where its cases cannot say what happened:
 *
 * - it printed no TAP or planned no case: the exit status decides (0 pass, 4 skip, 2 xfail, else fail);
 * - its exit status contradicts its cases (no case failed, but it exited with 1 or died of a
 *   signal), or it bailed out: fail, with that as the reason;
 * - it had to be ended or the kernel died, and no case is known that was under way.
 *
 * The case under way is `timeout` or `crash`; planned cases after it stay `missing`.
 * ssh lost while the kernel lives is no exit: the caller throws a Failure of the host for it.
 */
export function programVerdicts(run: ProgramRun): CaseResult[] {
  const { parsed } = run;
  const cut = cutShort(run);
  const cases = parsed.cases.map((each): CaseResult => {
    const name = caseResultName(run, each.name);
    if (cut && each.name === parsed.underWay) {
      return withDiagnostics({ name, ...cut }, each.diagnostics);
    }
    return withDiagnostics(
      {
        name,
        verdict: each.verdict,
        ...(each.reason === undefined ? {} : { reason: each.reason }),
      },
      each.diagnostics,
    );
  });
  const own = programCase(run, cut);
  return own
    ? [...cases, withDiagnostics({ name: caseResultName(run), ...own }, parsed.rest)]
    : cases;
}

interface Said {
  readonly verdict: CaseVerdict;
  readonly reason?: string;
}

/** What became of the case under way when the program did not end by itself. */
function cutShort(run: ProgramRun): Said | undefined {
  switch (run.exit.how) {
    case "timed-out":
      return { verdict: "timeout", reason: `no end within ${Math.round(run.exit.seconds)} s` };
    case "kernel-died":
      return { verdict: "crash", reason: run.exit.why };
    case "exited":
    case "killed":
      return undefined;
  }
}

/** The case of the program itself, if there has to be one. */
function programCase(run: ProgramRun, cut: Said | undefined): Said | undefined {
  const { parsed, exit } = run;
  if (cut) return parsed.underWay === undefined ? cut : undefined;
  if (exit.how === "killed") return { verdict: "fail", reason: `killed by ${exit.signal}` };
  if (exit.how !== "exited") return undefined;
  const { code } = exit;
  if (parsed.bailOut !== undefined) {
    return { verdict: "fail", reason: `Bail out! ${parsed.bailOut}` };
  }
  if (parsed.cases.length === 0) {
    const reason = parsed.skipAll ?? exitText(code);
    if (parsed.skipAll !== undefined && code === 0) return { verdict: "skip", reason };
    return { verdict: statusVerdicts[code] ?? "fail", ...(code === 0 ? {} : { reason }) };
  }
  const failed = parsed.cases.some(({ verdict }) => isFailing(verdict));
  const skipped = parsed.cases.some(({ verdict }) => verdict === "skip");
  if (failed || code === 0 || code === 2 || (code === 4 && skipped)) return undefined;
  const reason = `${exitText(code)}, although no case failed`;
  return { verdict: code === 4 ? "skip" : "fail", reason };
}

function exitText(code: number): string {
  if (code === 126) return "exit status 126: the guest cannot execute it";
  if (code === 127) return "exit status 127: not found in the guest";
  return `exit status ${code}`;
}

function withDiagnostics(result: CaseResult, diagnostics: readonly string[]): CaseResult {
  return diagnostics.length > 0 ? { ...result, diagnostics: [...diagnostics] } : result;
}

/**
 * The failure of the suite, if the program's output cannot be relied on: it ended by itself short
 * of its plan, drowned its results in too many, or could not be executed at all. Lesser offences
 * are in `parsed.problems` only: most of the kernel's own kselftests commit some.
 */
export function suiteFailure(run: ProgramRun): FailureDetails | undefined {
  const { parsed, exit } = run;
  const program = caseResultName(run);
  const broken = parsed.problems.filter(({ kind }) =>
    kind === "short-of-plan"
      ? // A shell's way to say that a signal ended it is an exit status over 128.
        exit.how === "exited" && exit.code < 128 && parsed.bailOut === undefined
      : kind === "too-many-cases",
  );
  if (broken.length > 0) {
    return {
      reason: "malformed-ktap",
      blame: "suite",
      what: `the output of ${program} is not whole: ${broken.map(({ text }) => text).join("; ")}`,
      ...(parsed.rest.length > 0 ? { evidence: parsed.rest.join("\n") } : {}),
      hint: "the program's whole output is in the run's ktap folder",
    };
  }
  if (exit.how === "exited" && (exit.code === 126 || exit.code === 127) && !parsed.isTap) {
    return {
      reason: "program-not-executed",
      blame: "suite",
      what: `${program} could not be run in the guest (${exitText(exit.code)})`,
      ...(parsed.rest.length > 0 ? { evidence: parsed.rest.join("\n") } : {}),
      hint: "is it a static program of an ABI that this kernel has?",
    };
  }
  return undefined;
}
