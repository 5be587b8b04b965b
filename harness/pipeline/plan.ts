import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { findArch, fragmentOf, type Arch } from "../arch.ts";
import { checkToolchainName, type Toolchain } from "../kernel/toolchain.ts";
import {
  mergeFragments,
  parseFragment,
  parseSetting,
  type Fragment,
  type Merged,
} from "../kconfig.ts";
import { readKnownFailures } from "../known-failures.ts";
import type { Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { knownFailuresFor, type KnownFailure } from "../model/known-failures.ts";
import type { RunRequest } from "../model/request.ts";
import { projectDir } from "../paths.ts";
import { withLibcs } from "../libc.ts";
import { loadSeries, shippedSeriesNames, type Series } from "../series.ts";
import { resolveSource, type ResolvedSource } from "../source.ts";
import { withCompilers } from "../kernel/fetched-compiler.ts";
import { kselftestFragments } from "../suite/kselftest.ts";
import {
  defaultSuites,
  findSuite,
  listSuites,
  suiteFragments,
  withNeededSuites,
  type SuiteRequest,
} from "../suite.ts";
import type { Quirk } from "../quirks.ts";
import { withQemu } from "../vm/fetched-qemu.ts";
import { withMeasuredSlowdown } from "../vm/slowdown.ts";
import { sourceOn } from "./on-series.ts";
import { plannedSeries, type PlannedSeries } from "./planned-series.ts";
import { adaptArch, adaptOptions, adaptToolchain, chooseToolchain } from "./plan-quirks.ts";

/** Everything that is known before anything costly is done. */
export interface Plan {
  readonly arch: Arch;
  readonly source: ResolvedSource;
  readonly series: readonly PlannedSeries[];
  readonly suites: readonly SuiteRequest[];
  readonly options: Merged;
  /** What was adapted to this kernel in the above. */
  readonly quirks: readonly Quirk[];
  readonly toolchain: Toolchain;
  readonly jobs: number;
  readonly accel: RunRequest["accel"];
  readonly repeat: number;
  /** Whether kernels are built with ccache. */
  readonly ccache: boolean;
  readonly timeoutScale: number;
  /** The known failures that concern this cell, apart by whether they still hold. */
  readonly known: {
    readonly live: readonly KnownFailure[];
    readonly expired: readonly KnownFailure[];
  };
  /** The arguments of `harness run` that ask for exactly this. */
  readonly argv: readonly string[];
}

export interface PlanContext {
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** Naming no series then means the baseline alone, not all that are shipped. */
  readonly noSeriesByDefault?: boolean;
  /** Kernels are only built: any QEMU will do. */
  readonly noGuests?: boolean;
  /** How kernels are found; resolveSource when absent. */
  readonly resolve?: ((spec: string) => Promise<ResolvedSource>) | undefined;
  /** How series are read; loadSeries when absent. */
  readonly load?: typeof loadSeries | undefined;
}

/** A plan of which all is known but the programs that build it and run it. */
export interface CheckedPlan {
  /**
   * Finds those; what the host lacks is fetched or built, which takes minutes the first time. Once is
   * enough: each call gives the same plan. Throws Failure infra for what cannot be had.
   */
  complete(): Promise<Plan>;
}

/** Checks a request and completes it; throws what these do. */
export async function makePlan(request: RunRequest, context: PlanContext): Promise<Plan> {
  const checked = await checkPlan(request, context);
  return checked.complete();
}

/**
 * Finds everything that the request names, so that a mistake costs a second and not an hour.
 * Throws Failure usage for what does not exist or contradicts itself, infra for what the host lacks.
 */
export async function checkPlan(request: RunRequest, context: PlanContext): Promise<CheckedPlan> {
  const notice = (text: string) => {
    context.emit({ type: "notice", text });
  };
  checkNumbers(request);
  if (request.toolchain !== "auto") checkToolchainName(request.toolchain);
  const described = await findArch(request.arch);
  const suiteNames = request.suites.length ? request.suites : defaultSuites();
  const withNeeded = withNeededSuites(suiteNames);
  for (const name of withNeeded.filter((each) => !suiteNames.includes(each)))
    notice(`suite ${name} is run as well: one that was named needs its programs`);
  const suites = mergeKselftests(withNeeded.map((name) => findSuite(name)));
  const users = userFragments(request);
  const names = wantsAll(request, context) ? await shippedSeriesNames() : request.series;
  const given = await (context.load ?? loadSeries)({
    names,
    given: request.patches,
    areRevisions: request.areRevisions,
    notice,
    signal: context.signal,
  });
  const spec = kernelSpec(request, given, notice);
  const plain = await (context.resolve?.(spec) ?? resolveSource(spec, context));
  const source = await onSeries(plain, request.on, context, notice);
  const wanted = { named: request.series, kernel: source.version, arch: described.name };
  const series = await plannedSeries(given, wanted, notice);
  const tree = { identity: source.identity, dir: async () => (await source.tree()).dir };
  const kselftests = suites.filter((suite) => suite.kind === "kselftest");
  const asked = await Promise.all(
    kselftests.map((suite) => kselftestFragments(suite, described, tree)),
  );
  // All shipped suites' options, chosen or not: another choice of suites needs no other kernel.
  const shipped = listSuites().flatMap((name) => suiteFragments(findSuite(name), described.name));
  const options = mergeFragments(
    [...projectFragments(described), ...shipped, ...asked.flat(), ...users],
    notice,
  );
  const known = knownFailuresFor(await readKnownFailures(request.knownFailures), {
    arch: described.name,
    version: source.version,
    now: new Date(),
  });
  const complete = async (): Promise<Plan> => {
    const compiled = await withCompilers(described, context);
    const arch = await withMeasuredSlowdown(
      context.noGuests ? compiled : await withQemu(compiled, context),
    );
    const chosen = await chooseToolchain(request.toolchain, source.version, arch, context);
    const { quirks } = chosen;
    const adapted = adaptArch(arch, quirks);
    const jobs = request.jobs ?? os.availableParallelism();
    return {
      arch: context.noGuests ? adapted : await withLibcs(adapted, { jobs, ...context }),
      source,
      series,
      suites,
      options: adaptOptions(options, quirks),
      quirks,
      toolchain: adaptToolchain(chosen.toolchain, quirks),
      jobs,
      ccache: request.ccache ?? false,
      accel: request.accel,
      repeat: request.repeat,
      timeoutScale: request.timeoutScale,
      known,
      argv: exactArguments(
        { ...request, toolchain: chosen.toolchain.name },
        source,
        series,
        suites,
      ),
    };
  };
  let plan: Promise<Plan> | undefined;
  return { complete: () => (plan ??= complete()) };
}

/** The kernel asked for; of a git repository without a revision, the commit that the series is made for. */
function kernelSpec(
  { kernel = "apt:newest" }: RunRequest,
  given: readonly Series[],
  notice: (text: string) => void,
): string {
  const bases = unique(given.flatMap(({ baseCommit }) => baseCommit ?? []));
  const [base] = bases;
  if (base === undefined || !kernel.startsWith("git:") || kernel.includes("#")) return kernel;
  if (bases.length > 1) {
    notice(`the series are made for different commits (${bases.join(", ")}): HEAD is taken`);
    return kernel;
  }
  return `${kernel}#${base}`;
}

function checkNumbers(request: RunRequest): void {
  const wrong = (what: string) =>
    new Failure({ reason: "bad-option-value", blame: "usage", what, hint: "harness run --help" });
  const { jobs = 1, repeat, timeoutScale } = request;
  if (!Number.isInteger(jobs) || jobs < 1) throw wrong("--jobs needs a whole number from 1");
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 1000)
    throw wrong("--repeat needs a whole number from 1 to 1000");
  if (!(timeoutScale >= 0.1 && timeoutScale <= 1000))
    throw wrong("--timeout-scale needs a number from 0.1 to 1000");
}

function projectFragments(arch: Arch): Fragment[] {
  const read = (file: string, asker: "project" | "arch") =>
    parseFragment(readFileSync(path.join(projectDir, file), "utf8"), file, asker);
  return [read("kconfigs/base.config", "project"), read(fragmentOf(arch), "arch")];
}

function userFragments(request: RunRequest): Fragment[] {
  return request.kconfig.map((text) => {
    if (/^CONFIG_\w+=/.test(text)) return parseSetting(text);
    try {
      return parseFragment(readFileSync(text, "utf8"), text, "user");
    } catch (thrown) {
      if (thrown instanceof Failure) throw thrown;
      throw new Failure({
        reason: "no-such-fragment",
        blame: "usage",
        what: `--kconfig ${text}: neither an option nor a file that can be read`,
        evidence: String(thrown),
        hint: "give CONFIG_NAME=value, or a file with such lines",
      });
    }
  });
}

function wantsAll(request: RunRequest, context: PlanContext): boolean {
  const byDefault =
    !context.noSeriesByDefault && request.series.length === 0 && request.patches.length === 0;
  return byDefault || request.series.includes("all");
}

/** The source with the series of --on, if there is one. */
async function onSeries(
  source: ResolvedSource,
  on: string | undefined,
  context: PlanContext,
  notice: (text: string) => void,
): Promise<ResolvedSource> {
  if (on === undefined) return source;
  const isShipped = (await shippedSeriesNames()).includes(on);
  const [series] = await loadSeries({
    ...(isShipped ? { names: [on] } : { given: [on] }),
    notice,
    signal: context.signal,
  });
  if (!series) throw new Error(`no series for --on ${on}`);
  return sourceOn(source, { series, set: await series.patchesFor(source.version) }, context);
}

/** "kselftest:ptrace" and "kselftest:seccomp" are one suite with two targets. */
function mergeKselftests(suites: readonly SuiteRequest[]): SuiteRequest[] {
  const all = suites.filter((suite) => suite.kind === "kselftest");
  const targets = unique(all.flatMap((suite) => suite.targets));
  const named = all.flatMap((suite) =>
    suite.targets.filter((target) => !suite.byDefault.includes(target)),
  );
  const byDefault = targets.filter((target) => !named.includes(target));
  const others = suites.filter((suite) => suite.kind !== "kselftest");
  return targets.length
    ? [...others, { kind: "kselftest", name: "kselftest", targets, byDefault }]
    : others;
}

function exactArguments(
  request: RunRequest,
  source: ResolvedSource,
  series: readonly PlannedSeries[],
  suites: readonly SuiteRequest[],
): string[] {
  const option = (name: string, values: readonly string[]) =>
    values.flatMap((value) => [`--${name}`, value]);
  const shipped = series
    .slice(0, series.length - request.patches.length)
    .map((each) => each.series.name);
  const isGiven = (text: string) => !/^CONFIG_\w+=/.test(text);
  return [
    ...option("arch", [request.arch]),
    ...option("kernel", [source.spec]),
    ...option("on", request.on === undefined ? [] : [fixedPath(request.on)]),
    ...option("series", shipped),
    // A message-id or a pull request is no path.
    ...option("patch", request.patches.map(fixedPath)),
    ...(request.areRevisions ? ["--revisions"] : []),
    ...option(
      "suite",
      suites.flatMap((suite) => {
        if (suite.kind === "c") return [suite.name];
        const named = suite.targets.filter((target) => !suite.byDefault.includes(target));
        return [
          ...(suite.byDefault.length ? ["kselftest"] : []),
          ...(named.length ? [`kselftest:${named.join(",")}`] : []),
        ];
      }),
    ),
    ...option(
      "kconfig",
      request.kconfig.map((text) => (isGiven(text) ? path.resolve(text) : text)),
    ),
    ...option("toolchain", [request.toolchain]),
    ...option("accel", [request.accel]),
    ...option("repeat", [String(request.repeat)]),
    ...option("timeout-scale", [String(request.timeoutScale)]),
    ...option("known-failures", request.knownFailures ? [fixedPath(request.knownFailures)] : []),
  ];
}

/** A path that holds from anywhere; a name that is no file stays as it is. */
function fixedPath(text: string): string {
  return existsSync(text) ? path.resolve(text) : text;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
