import { createHash } from "node:crypto";
import { isRegression } from "../model/compare.ts";
import type { Blame } from "../model/failure.ts";
import { printable } from "../model/printable.ts";
import type { BootRecord, KernelRecord, RunRecord } from "../model/run.ts";
import { splatKey, type CaseVerdict } from "../model/verdict.ts";

/*
 * KernelCI's common report format, version 5.3 (kcidb-io, kcidb_io/schema/v05_03.py): checkouts have
 * builds, builds have tests, and incidents tie issues to builds and tests. An object's id begins with
 * the name of who submits it; properties are left out when unknown, and never null.
 */

type Status = "FAIL" | "ERROR" | "MISS" | "PASS" | "DONE" | "SKIP";

interface Entry {
  readonly id: string;
  readonly origin: string;
  readonly [property: string]: unknown;
}

export interface KcidbReport {
  readonly version: { readonly major: 5; readonly minor: 3 };
  readonly checkouts: readonly Entry[];
  readonly builds: readonly Entry[];
  readonly tests: readonly Entry[];
  readonly issues: readonly Entry[];
  readonly incidents: readonly Entry[];
}

/** Characters that an excerpt may have. */
const excerptLimit = 16384;

/**
 * A run as KernelCI takes it. A kernel that was tested in an earlier run is reported again, as the
 * same build with the same tests. `origin`: the submitter's name, of lower-case letters, digits and "_".
 */
export function kcidbReport(record: RunRecord, origin: string): KcidbReport {
  return new Writer(record, origin).report();
}

class Writer {
  readonly #record: RunRecord;
  readonly #origin: string;
  readonly #checkouts: Entry[] = [];
  readonly #builds: Entry[] = [];
  readonly #tests: Entry[] = [];
  readonly #issues = new Map<string, Entry>();
  readonly #incidents: Entry[] = [];
  /** Ids of the tests of a case on the kernel of this name: "<label> <case>". */
  readonly #testsOf = new Map<string, string[]>();

  constructor(record: RunRecord, origin: string) {
    this.#record = record;
    this.#origin = origin;
  }

  report(): KcidbReport {
    for (const kernel of this.#record.kernels) this.#kernel(kernel);
    this.#failures();
    this.#regressions();
    return {
      version: { major: 5, minor: 3 },
      checkouts: this.#checkouts,
      builds: this.#builds,
      tests: this.#tests,
      issues: [...this.#issues.values()],
      incidents: this.#incidents,
    };
  }

  #id(...parts: readonly string[]): string {
    return `${this.#origin}:${digest(parts)}`;
  }

  #entry(id: string, properties: Readonly<Record<string, unknown>>): Entry {
    return { id, origin: this.#origin, ...withoutUndefined(properties) };
  }

  #checkoutId(label: string): string {
    return this.#id("checkout", this.#record.kernel.identity, this.#record.id, label);
  }

  #buildId(label: string): string {
    return this.#id("build", this.#record.id, label);
  }

  #checkout(label: string, more: Readonly<Record<string, unknown>>): void {
    const { kernel, startedAt } = this.#record;
    this.#checkouts.push(
      this.#entry(this.#checkoutId(label), {
        comment: text(
          label === "baseline" ? kernel.description : `${kernel.description} with ${label}`,
        ),
        // Of a series, only its name is in the record, not its patches.
        patchset_hash: label === "baseline" ? "" : undefined,
        start_time: startedAt,
        misc: { spec: text(kernel.spec), version: text(kernel.version), identity: kernel.identity },
        ...more,
      }),
    );
  }

  #build(label: string, more: Readonly<Record<string, unknown>>): void {
    this.#builds.push(
      this.#entry(this.#buildId(label), {
        checkout_id: this.#checkoutId(label),
        architecture: this.#record.arch.toLowerCase().replace(/[^a-z0-9_]/g, "_"),
        compiler: text(this.#record.toolchain),
        start_time: this.#record.startedAt,
        ...more,
      }),
    );
  }

  #kernel(kernel: KernelRecord): void {
    this.#checkout(kernel.label, { valid: true });
    this.#build(kernel.label, {
      status: "PASS",
      duration: kernel.cached ? undefined : kernel.buildSeconds,
      comment: text(`Linux ${kernel.release}, ${kernel.label}`),
      misc: { fingerprint: kernel.fingerprint, run: this.#record.id, cached: kernel.cached },
    });
    for (const [number, boot] of kernel.boots.entries()) this.#boot(kernel, boot, number);
  }

  #boot(kernel: KernelRecord, boot: BootRecord, number: number): void {
    const { accelerator, id, startedAt } = this.#record;
    const isLost = this.#wasLost(kernel.label);
    for (const [index, each] of boot.cases.entries()) {
      const test = this.#id("test", id, kernel.label, String(number), String(index), each.name);
      const said = [each.reason ?? "", ...(each.diagnostics ?? [])].filter((line) => line !== "");
      this.#tests.push(
        this.#entry(test, {
          build_id: this.#buildId(kernel.label),
          path: testPath(each.name),
          status: statusOf(each.verdict, isLost),
          comment: text(each.name),
          log_excerpt: said.length > 0 ? excerpt(said.join("\n")) : undefined,
          start_time: kernel.testedIn?.at ?? startedAt,
          environment: {
            comment: `QEMU, ${accelerator?.name ?? "unknown accelerator"}`,
            misc: { boot: number, repeat: boot.repeat },
          },
          misc: { verdict: each.verdict, run: kernel.testedIn?.run ?? id },
        }),
      );
      const key = `${kernel.label} ${each.name}`;
      this.#testsOf.set(key, [...(this.#testsOf.get(key) ?? []), test]);
    }
    for (const splat of boot.splats) {
      const issue = this.#issue(["splat", splatKey(splat)], {
        comment: text(`${splat.kind}: ${splat.title}`),
        categories: [`runtime.${splat.kind}`],
        culprit: { code: true, tool: false, harness: false },
      });
      this.#incident(issue, `splat ${kernel.label} ${number} ${splat.offset}`, {
        build_id: this.#buildId(kernel.label),
        comment: `boot ${number}, byte ${splat.offset} of its console`,
      });
    }
  }

  /** Of a series that does not apply or build there is no kernel; the failure stands for it. */
  #failures(): void {
    const labels = new Set(this.#record.kernels.map(({ label }) => label));
    for (const [index, failure] of this.#record.failures.entries()) {
      const label = failure.kernel ?? (failure.blame === "baseline" ? "baseline" : undefined);
      if (label !== undefined && !labels.has(label)) {
        labels.add(label);
        const said = excerpt([failure.what, failure.evidence ?? ""].join("\n"));
        const applies = !failure.reason.startsWith("patch-");
        this.#checkout(label, applies ? { valid: true } : { valid: false, log_excerpt: said });
        if (applies) {
          const status: Status = failure.blame === "infra" ? "MISS" : "FAIL";
          this.#build(label, { status, log_excerpt: said });
        }
      }
      const isBuilt =
        label !== undefined && this.#builds.some(({ id }) => id === this.#buildId(label));
      const issue = this.#issue(["failure", failure.blame, failure.reason, failure.what], {
        comment: text(failure.what),
        culprit: culpritOf(failure.blame),
        misc: { reason: failure.reason, blame: failure.blame },
      });
      // An incident without a build or a test says nothing.
      if (isBuilt) this.#incident(issue, `failure ${index}`, { build_id: this.#buildId(label) });
    }
  }

  #regressions(): void {
    for (const comparison of this.#record.comparisons) {
      for (const each of comparison.cases) {
        if (!isRegression(comparison, each)) continue;
        const issue = this.#issue(["regression", comparison.series, this.#record.arch, each.name], {
          comment: text(`${comparison.series}: ${each.name} regresses on ${this.#record.arch}`),
          categories: ["regression"],
          culprit: { code: true, tool: false, harness: false },
        });
        const tests = this.#testsOf.get(`${comparison.series} ${each.name}`) ?? [];
        for (const test of tests) this.#incident(issue, test, { test_id: test });
      }
    }
  }

  #issue(key: readonly string[], properties: Readonly<Record<string, unknown>>): string {
    const id = this.#id("issue", ...key);
    if (!this.#issues.has(id)) this.#issues.set(id, this.#entry(id, { version: 1, ...properties }));
    return id;
  }

  #incident(issue: string, key: string, properties: Readonly<Record<string, unknown>>): void {
    this.#incidents.push(
      this.#entry(this.#id("incident", this.#record.id, issue, key), {
        issue_id: issue,
        issue_version: 1,
        present: true,
        ...properties,
      }),
    );
  }

  #wasLost(label: string): boolean {
    if (this.#record.status !== "complete") return true;
    return this.#record.failures.some(
      (failure) => failure.blame === "infra" && (failure.kernel ?? label) === label,
    );
  }
}

/** What KernelCI calls a verdict. An expected failure ran and says nothing new of the kernel. */
function statusOf(verdict: CaseVerdict, isLost: boolean): Status {
  switch (verdict) {
    case "pass":
      return "PASS";
    case "fail":
    case "crash":
    case "timeout":
      return "FAIL";
    case "skip":
      return "SKIP";
    case "xfail":
      return "DONE";
    case "missing":
      return isLost ? "MISS" : "ERROR";
  }
}

function culpritOf(blame: Blame): { code: boolean; tool: boolean; harness: boolean } {
  return {
    code: blame === "series" || blame === "baseline",
    tool: blame === "suite",
    harness: blame === "infra" || blame === "usage",
  };
}

/** A case's name as a path: of what a path may not hold, "_" stays; the name itself is the comment. */
function testPath(name: string): string {
  return name
    .split(".")
    .map((part) => part.replace(/[^A-Za-z0-9_-]+/g, "_"))
    .filter((part) => part !== "")
    .join(".");
}

function text(value: string): string {
  return printable(value);
}

function excerpt(value: string): string {
  const safe = printable(value);
  return safe.length <= excerptLimit ? safe : safe.slice(-excerptLimit);
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

function withoutUndefined(
  properties: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}
