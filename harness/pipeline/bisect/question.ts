import type { Outcome, Question } from "../../model/bisect.ts";
import { Failure } from "../../model/failure.ts";
import type { BootRecord } from "../../model/run.ts";
import { isCaseOf, type CaseResult } from "../../model/verdict.ts";
import { listSuites, programName, type BuiltSuite } from "../../suite.ts";

/** What --case says: "build", "boot", or the name of a case. */
export function readQuestion(text: string): Question {
  if (text === "build" || text === "boot") return { kind: text };
  return { kind: "case", name: text };
}

/**
 * The --suite that a question needs. A plan without any would take all of them; their options are
 * in every kernel anyway.
 * Throws Failure usage "unknown-case" for the name of a case that begins with no suite.
 */
export function suiteOf(question: Question): string {
  const suites = listSuites();
  if (question.kind !== "case") return suites[0] ?? "kselftest";
  const { name } = question;
  const folder = /^kselftest\.([^.@]+)\./.exec(name)?.[1];
  if (folder !== undefined) return `kselftest:${folder}`;
  const suite = suites.find((each) => name.startsWith(`${each}.`));
  if (suite !== undefined) return suite;
  throw new Failure({
    reason: "unknown-case",
    blame: "usage",
    what: `"${name}" begins with the name of no suite`,
    hint: `give build, boot, or a case as \`harness history\` shows it: <suite>.<program>.<case>, of ${suites.join(", ")}, kselftest.<folder>`,
  });
}

/** The suites with nothing but the program whose case is asked for. Throws Failure usage "unknown-case". */
export function programsFor(name: string, suites: readonly BuiltSuite[]): readonly BuiltSuite[] {
  const all = suites.flatMap((suite) => suite.programs.map((program) => ({ suite, program })));
  const [found] = all
    .filter(({ suite, program }) => isCaseOf(programName(suite, program), name))
    .sort((a, b) => b.program.name.length - a.program.name.length);
  if (found) return [{ ...found.suite, programs: [found.program] }];
  const known = all.map(({ suite, program }) => programName(suite, program));
  throw new Failure({
    reason: "unknown-case",
    blame: "usage",
    what: `no program has a case "${name}"`,
    evidence: `programs:\n${known.join("\n")}`,
    hint: "a case is <suite>.<program>.<case>[@<abi>], as `harness history` shows it",
  });
}

/** What a kernel's boots say of a case. */
export function answerOf(
  name: string,
  program: string,
  boots: readonly BootRecord[],
): Pick<Outcome, "answer" | "symptom" | "why"> {
  const results = boots.flatMap((boot) => boot.cases);
  const own = results.find((each) => each.name === name);
  if (own && own.verdict !== "missing") return answer(own);
  // The program as a whole, when it came to its end before the case.
  const whole = results.find((each) => each.name === program && each.verdict !== "pass");
  if (whole) return answer(whole);
  if (own) return { answer: "none", symptom: "missing", why: "the case was planned and never run" };
  const others = results.map((each) => each.name).filter((each) => each !== program);
  const those = others.length > 0 ? others.slice(0, 10).join(" ") : "none";
  return {
    answer: "none",
    symptom: "absent",
    why: `there is no such case; ${program} has ${those}`,
  };
}

function answer({ verdict, reason, diagnostics }: CaseResult) {
  const words = [reason ?? "", ...(diagnostics ?? [])].find((each) => each.trim() !== "");
  const why = words === undefined ? verdict : `${verdict}: ${words.trim().slice(0, 300)}`;
  switch (verdict) {
    case "pass":
      return { answer: "pass", symptom: verdict, why: "passes" } as const;
    case "skip":
    case "missing":
      return { answer: "none", symptom: verdict, why } as const;
    case "fail":
    case "xfail":
    case "crash":
    case "timeout":
      return { answer: "fail", symptom: verdict, why } as const;
  }
}
