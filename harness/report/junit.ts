import { isRegression } from "../model/compare.ts";
import type { CaseComparison, Comparison } from "../model/comparison.ts";
import { xmlText } from "../model/escape.ts";
import type { KernelRecord, RunRecord } from "../model/run.ts";
import type { CaseResult } from "../model/verdict.ts";
import { verdictsText } from "./sentences.ts";

/** A <testcase> to be. */
interface Entry {
  readonly classname: string;
  readonly name: string;
  readonly outcome?: {
    readonly element: "failure" | "skipped" | "error";
    readonly type: string;
    readonly message: string;
    readonly text: string;
  };
}

interface Suite {
  readonly name: string;
  readonly entries: readonly Entry[];
}

/**
 * junit.xml, shaped as the kernel's kunit_junit.py does it, for CI systems: a <testsuite> for each
 * kernel and suite with what its cases came to there (crash and missing are errors, skip and xfail
 * are skipped), one for each comparison with what the series changed, and one for failures.
 * A baseline fails cases that a series is about to mend: a CI job that wants the verdict looks at
 * the suites "comparison of ...", or at the exit status.
 */
export function junitXml(record: RunRecord): string {
  const suites = [
    ...record.kernels.flatMap(kernelSuites),
    ...record.comparisons.map(comparisonSuite),
    ...failureSuite(record),
  ];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: record.id, ...totals(suites.flatMap((s) => s.entries)) })}>`,
  ];
  for (const suite of suites) {
    lines.push(
      ` <testsuite${attributes({ name: suite.name, ...totals(suite.entries), timestamp: record.startedAt })}>`,
    );
    for (const entry of suite.entries) lines.push(...entryLines(entry));
    lines.push(" </testsuite>");
  }
  return [...lines, "</testsuites>", ""].join("\n");
}

function entryLines({ classname, name, outcome }: Entry): string[] {
  const open = `  <testcase${attributes({ classname, name })}`;
  if (!outcome) return [`${open}/>`];
  const { element, type, message, text } = outcome;
  const kind = element === "skipped" ? { message } : { type, message };
  return [
    `${open}>`,
    `   <${element}${attributes(kind)}>${xmlText(text)}</${element}>`,
    "  </testcase>",
  ];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join("");
}

function totals(entries: readonly Entry[]): Record<string, number> {
  const count = (element: string) =>
    entries.filter((entry) => entry.outcome?.element === element).length;
  return {
    tests: entries.length,
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
  };
}

function kernelSuites(kernel: KernelRecord): Suite[] {
  const suites = new Map<string, Entry[]>();
  for (const boot of kernel.boots) {
    for (const each of boot.cases) {
      const [suite = "", program = ""] = each.name.split(".");
      const repeat = boot.repeat > 0 ? ` (repeat ${boot.repeat + 1})` : "";
      const key = `${kernel.label}: ${suite}${repeat}`;
      const entries = suites.get(key) ?? [];
      entries.push(caseEntry(`${kernel.label}.${suite}.${program}`, each));
      suites.set(key, entries);
    }
  }
  return [...suites].map(([name, entries]) => ({ name, entries }));
}

function caseEntry(classname: string, each: CaseResult): Entry {
  const base = { classname, name: each.name };
  const outcome = {
    type: each.verdict,
    message: each.reason ?? each.verdict,
    text: each.diagnostics?.join("\n") ?? "",
  };
  switch (each.verdict) {
    case "pass":
      return base;
    case "skip":
    case "xfail":
      return { ...base, outcome: { ...outcome, element: "skipped" } };
    case "fail":
    case "timeout":
      return { ...base, outcome: { ...outcome, element: "failure" } };
    case "crash":
    case "missing":
      return { ...base, outcome: { ...outcome, element: "error" } };
  }
}

function comparisonSuite(comparison: Comparison): Suite {
  const classname = `comparison.${comparison.series}`;
  const entries = comparison.cases.map((each): Entry => {
    const wrong = wrongWith(comparison, each);
    const message = `${verdictsText(each.baseline)} -> ${verdictsText(each.patched)}`;
    const text = [each.baselineReason, each.patchedReason].filter(Boolean).join("\n");
    if (each.known) {
      const why = `known failure: ${each.known.reason} ${each.known.link}`;
      const outcome = { element: "skipped", type: "known", message: why, text } as const;
      return { classname, name: each.name, outcome };
    }
    return {
      classname,
      name: each.name,
      ...(wrong ? { outcome: { element: "failure", type: wrong, message, text } } : {}),
    };
  });
  const whole = (name: string, type: string): Entry => ({
    classname,
    name,
    outcome: { element: "failure", type, message: name, text: "" },
  });
  return {
    name: `comparison of ${comparison.series}`,
    entries: [
      ...entries,
      ...comparison.newSplats.map((title) => whole(title, "new-splat")),
      ...comparison.unmatchedProves.map((glob) => whole(`no case is called ${glob}`, "not-proved")),
      ...comparison.incomplete.map((why) => whole(`not run: ${why}`, "incomplete")),
    ],
  };
}

function wrongWith(comparison: Comparison, each: CaseComparison): string | undefined {
  if (isRegression(comparison, each)) return "regression";
  if (each.proof !== undefined && each.proof !== "proved") return each.proof;
  return each.transition === "flaky" ? "flaky" : undefined;
}

function failureSuite(record: RunRecord): Suite[] {
  if (record.failures.length === 0) return [];
  const entries = record.failures.map((failure, index): Entry => ({
    classname: `failures.${failure.blame}`,
    name: `${index + 1} ${failure.reason}${failure.kernel ? ` on ${failure.kernel}` : ""}`,
    outcome: {
      element: "error",
      type: failure.blame,
      message: failure.what,
      text: [failure.evidence, failure.hint].filter(Boolean).join("\n\n"),
    },
  }));
  return [{ name: "failures", entries }];
}
