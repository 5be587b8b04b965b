import { copyFile } from "node:fs/promises";
import { buildImage, buildUserland, type Image } from "./image.ts";
import { buildKernel, builtDetail, type Kernel } from "./kernel/build.ts";
import { expiredFailure } from "./known-failures.ts";
import { allEnded } from "./model/all-ended.ts";
import { inStep, type Emit } from "./model/event.ts";
import { exitStatusFor, Failure, failureDetails } from "./model/failure.ts";
import { formatKernelVersion } from "./model/kernel-version.ts";
import { blamesOf, kernelOf, runSchemaVersion, type RunRecord } from "./model/run.ts";
import { buildSuites } from "./pipeline/build-suites.ts";
import { compareKernels } from "./pipeline/compare-kernels.ts";
import { mostConfirmations, suspectPrograms } from "./pipeline/confirm.ts";
import { kernelRequest, type KernelContext } from "./pipeline/kernel-request.ts";
import { KernelTests, testTitle } from "./pipeline/kernel-tests.ts";
import {
  isMemorable,
  recallTests,
  rememberTests,
  testsFingerprint,
} from "./pipeline/past-tests.ts";
import type { Plan } from "./pipeline/plan.ts";
import type { PlannedSeries } from "./pipeline/planned-series.ts";
import { withShippedFixes } from "./pipeline/shipped-fixes.ts";
import { Workshop } from "./pipeline/workshop.ts";
import type { CaseResult } from "./model/verdict.ts";
import { remedyText } from "./quirks.ts";
import type { RunFolder } from "./store.ts";
import type { BuiltSuite } from "./suite.ts";
import { chooseAccelerator } from "./vm/accel.ts";
import type { Accelerator, Vm } from "./vm.ts";

export interface RunContext {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly folder: RunFolder;
  /** Version of the harness, for the record. */
  readonly harness: string;
  readonly argv: readonly string[];
  /** Tests every kernel, even one that an earlier run tested with the same image and QEMU. */
  readonly fresh: boolean;
  /** What is known to be wrong is wanted, and no more: a patched kernel's tests end with its first regression. */
  readonly stopAtRegression?: boolean;
  /** Shared with the runs beside this one; its own when absent. */
  readonly workshop?: Workshop;
  /** Told, if the workshop is shared, how many kernels are left whenever one more is built or begun. */
  readonly kernelsLeft?: (count: number) => void;
  /** Given each kernel's last guest, still running, when its suites are done (--keep-vm). */
  readonly holdVm?: ((label: string, vm: Vm, privateKey: string) => Promise<void>) | undefined;
}

/**
 * Runs a plan: baseline and patched kernels built, booted, tested, compared. Never throws for what
 * a stage says: failures are in the record and in the events, and a run that is stopped keeps what
 * it has.
 */
export async function runPlan(plan: Plan, context: RunContext): Promise<RunRecord> {
  await using own = new Workshop();
  return await new Run(plan, context, context.workshop ?? own).execute();
}

class Run {
  readonly #plan: Plan;
  readonly #context: RunContext;
  readonly #record: RunRecord;
  readonly #started = performance.now();
  readonly #workshop: Workshop;
  /** By label, as are the next. */
  readonly #tests = new Map<string, KernelTests>();
  /** Fingerprints of the kernels' tests. */
  readonly #testKeys = new Map<string, string>();
  #baselineTests: Promise<void> | undefined;

  constructor(plan: Plan, context: RunContext, workshop: Workshop) {
    this.#plan = plan;
    this.#context = context;
    this.#workshop = workshop;
    this.#record = {
      schema: runSchemaVersion,
      id: context.folder.id,
      harness: context.harness,
      argv: [...context.argv],
      startedAt: new Date().toISOString(),
      seconds: 0,
      status: "running",
      exitStatus: 0,
      arch: plan.arch.name,
      kernel: {
        spec: plan.source.spec,
        description: plan.source.description,
        version: formatKernelVersion(plan.source.version),
        identity: plan.source.identity,
      },
      toolchain: plan.toolchain.description,
      quirks: plan.quirks.map((quirk) => ({ name: quirk.name, remedy: remedyText(quirk) })),
      suites: plan.suites.map((suite) => suite.name),
      kernels: [],
      comparisons: [],
      failures: [],
      timings: {},
    };
  }

  get #kernelContext(): KernelContext {
    const { emit, signal } = this.#context;
    return { emit, signal, patchedTrees: this.#workshop.patchedTrees };
  }

  async execute(): Promise<RunRecord> {
    const { folder, emit, signal } = this.#context;
    emit({ type: "run-started", runId: folder.id, resultsDir: folder.dir });
    emit({ type: "notice", text: `kernel: ${this.#plan.source.description}` });
    await folder.writeReproduce(["run", ...this.#plan.argv, "--fresh"]);
    await this.#save();
    try {
      await this.#stages();
      this.#record.status = signal.aborted ? "interrupted" : "complete";
    } catch (thrown) {
      if (signal.aborted) this.#record.status = "interrupted";
      else {
        this.#record.status = "failed";
        this.#fail(thrown);
      }
    }
    this.#record.exitStatus = exitStatusFor(blamesOf(this.#record));
    await this.#save();
    emit({
      type: "run-finished",
      runId: folder.id,
      resultsDir: folder.dir,
      status: this.#record.status,
      exitStatus: this.#record.exitStatus,
      seconds: this.#record.seconds,
    });
    return this.#record;
  }

  async #stages(): Promise<void> {
    const { signal } = this.#context;
    for (const expired of this.#plan.known.expired) this.#fail(expiredFailure(expired));
    const accelerator = await this.#accelerator();
    const [baseline, built] = await allEnded([
      this.#timed("kernels", () => this.#kernel("baseline")).catch(async (thrown: unknown) => {
        throw await withShippedFixes(thrown, this.#plan, signal);
      }),
      this.#timed("image", () => this.#image()),
    ]);
    const baselineTests = this.#test("baseline", baseline, built, accelerator);
    this.#baselineTests = baselineTests;
    // The patched kernels are built one after the other, each with all jobs, while guests run.
    const seriesTests: Promise<void>[] = [];
    for (const [index, planned] of this.#plan.series.entries()) {
      // Before others are told, so that it comes before theirs.
      const building = this.#patchedKernel(planned);
      this.#context.kernelsLeft?.(this.#plan.series.length - index);
      const kernel = await building;
      if (!kernel) continue;
      if (this.#context.stopAtRegression) await baselineTests;
      const tests = this.#test(planned.series.name, kernel, built, accelerator);
      seriesTests.push(
        Promise.all([baselineTests, tests]).then(() => this.#conclude(planned, built.suites)),
      );
    }
    if (this.#context.kernelsLeft) this.#context.kernelsLeft(0);
    else this.#workshop.cellIsBuilt();
    await allEnded([baselineTests, ...seriesTests]);
    this.#context.signal.throwIfAborted();
    await this.#rememberTests();
  }

  async #accelerator(): Promise<Accelerator> {
    const accelerator = await chooseAccelerator({
      arch: this.#plan.arch,
      wanted: this.#plan.accel,
      emit: this.#context.emit,
      signal: this.#context.signal,
    });
    this.#record.accelerator = { name: accelerator.name, why: accelerator.why };
    return accelerator;
  }

  /** A series' kernel; undefined, with the failure recorded, when it cannot be had. */
  async #patchedKernel(planned: PlannedSeries): Promise<Kernel | undefined> {
    this.#context.signal.throwIfAborted();
    try {
      return await this.#timed("kernels", () => this.#kernel(planned.series.name, planned));
    } catch (thrown) {
      this.#fail(thrown, planned.series.name);
      await this.#save();
      return undefined;
    }
  }

  async #kernel(label: string, planned?: PlannedSeries): Promise<Kernel> {
    const { emit } = this.#context;
    const { folder } = this.#context;
    const request = kernelRequest(this.#plan, this.#kernelContext, planned);
    const title = planned ? `build the kernel with ${label}` : "build the baseline kernel";
    const kernel = await inStep(
      emit,
      { id: `kernel:${label}`, title },
      (progress) => this.#workshop.builds.use(() => buildKernel({ ...request, progress })),
      (built) => ({
        outcome: built.cached ? "cached" : "done",
        detail: builtDetail(built),
      }),
    );
    const config = folder.config(label);
    const buildLog = folder.buildLog(label);
    await copyFile(kernel.config, await folder.prepare(config));
    await copyFile(kernel.buildLog, await folder.prepare(buildLog));
    const makeSeconds = kernel.cached ? 0 : kernel.makeSeconds;
    this.#count("make", makeSeconds);
    this.#record.kernels.push({
      label,
      ...(planned ? { series: planned.series.name } : {}),
      fingerprint: kernel.fingerprint,
      release: kernel.release,
      cached: kernel.cached,
      buildSeconds: makeSeconds,
      config,
      buildLog,
      boots: [],
    });
    await this.#save();
    return kernel;
  }

  async #image(): Promise<{ image: Image; suites: readonly BuiltSuite[] }> {
    const { emit, signal } = this.#context;
    const { arch, jobs } = this.#plan;
    const [userland, suites] = await allEnded([
      buildUserland(arch, { jobs, emit, signal }),
      buildSuites(this.#plan, this.#kernelContext),
    ]);
    const image = await buildImage({ userland, folders: suites }, { emit, signal });
    return { image, suites };
  }

  /** Boots a kernel and runs all suites, as often as the run repeats; records what they said. */
  async #test(
    label: string,
    kernel: Kernel,
    built: { image: Image; suites: readonly BuiltSuite[] },
    accelerator: Accelerator,
  ): Promise<void> {
    const record = kernelOf(this.#record, label);
    const scale = Math.ceil(this.#plan.arch.slowdown[accelerator.name] * this.#plan.timeoutScale);
    const tested = { plan: this.#plan, kernel, ...built, accelerator, scale };
    // Never rejects: nobody waits for it while the next kernel is built.
    try {
      record.tests = await testsFingerprint(tested);
      const isKnown = await this.#recallTests(label, record.tests);
      const tests = new KernelTests({
        label,
        ...tested,
        pastBoots: record.boots.length,
        enough: this.#enough(label),
        blame: label === "baseline" ? "baseline" : "series",
        emit: this.#context.emit,
        signal: this.#context.signal,
        folder: this.#context.folder,
        holdVm: this.#context.holdVm,
        workshop: this.#workshop,
        keep: async (boot) => {
          record.boots.push(boot);
          this.#count("guest", boot.guestSeconds ?? 0);
          await this.#save();
        },
      });
      this.#tests.set(label, tests);
      if (!isKnown) await tests.run();
    } catch (thrown) {
      if (this.#context.signal.aborted) return;
      const told =
        label === "baseline"
          ? withShippedFixes(thrown, this.#plan, this.#context.signal)
          : this.#besideBaseline(thrown);
      this.#fail(await told, label);
    }
  }

  /**
   * What a patched kernel's failure is once the baseline was tried: only where that came up is it the
   * series' fault when a kernel does not.
   */
  async #besideBaseline(thrown: unknown): Promise<unknown> {
    if (!(thrown instanceof Failure && thrown.reason.startsWith("boot-"))) return thrown;
    await this.#baselineTests;
    const failure = this.#record.failures.find(({ kernel }) => kernel === "baseline");
    if (!failure || kernelOf(this.#record, "baseline").boots.length > 0) return thrown;
    const what = `${thrown.what}; the baseline kernel did not come up either`;
    return new Failure({ ...thrown.details, blame: failure.blame, what });
  }

  /** When a patched kernel's tests may end early. */
  #enough(label: string): ((cases: readonly CaseResult[]) => boolean) | undefined {
    if (!this.#context.stopAtRegression || label === "baseline") return undefined;
    const cases = kernelOf(this.#record, "baseline").boots.flatMap((boot) => boot.cases);
    const passing = new Set(
      cases.filter((each) => each.verdict === "pass").map((each) => each.name),
    );
    return (found) => found.some(({ name, verdict }) => verdict !== "pass" && passing.has(name));
  }

  /** Takes what an earlier run found on the same kernel, if there is such a run and it will do. */
  async #recallTests(label: string, key: string): Promise<boolean> {
    const { emit, folder, fresh, holdVm } = this.#context;
    if (this.#plan.repeat > 1) return false;
    // What stopped early may not stand for the whole.
    if (this.#context.stopAtRegression && label !== "baseline") return false;
    this.#testKeys.set(label, key);
    const past = fresh || holdVm ? undefined : await recallTests(key, label, folder);
    if (!past) return false;
    const record = kernelOf(this.#record, label);
    record.boots.push(...past.boots);
    record.testedIn = { run: past.run, at: past.at };
    await inStep(
      emit,
      { id: `test:${label}`, title: testTitle(label) },
      async () => this.#save(),
      () => ({
        outcome: "cached",
        detail: `as in run ${past.run}, nothing has changed since; --fresh tests again`,
      }),
    );
    return true;
  }

  /** A run in which something is wrong is tested again the next time; a clean one need not be. */
  async #rememberTests(): Promise<void> {
    if (blamesOf(this.#record).length > 0) return;
    for (const kernel of this.#record.kernels) {
      const key = this.#testKeys.get(kernel.label);
      if (key === undefined || kernel.testedIn || !isMemorable(kernel)) continue;
      await rememberTests(key, kernel, this.#context.folder, this.#record.startedAt);
    }
  }

  /** Compares a series with the baseline, after a second and a third look at what seems to be a regression. */
  async #conclude(planned: PlannedSeries, suites: readonly BuiltSuite[]): Promise<void> {
    const { stopAtRegression = false, signal } = this.#context;
    const isFinal = this.#plan.repeat > 1 || stopAtRegression || signal.aborted;
    let comparison = compareKernels(planned.series, this.#plan, suites, this.#record);
    for (let round = 0; round < mostConfirmations && !isFinal; round++) {
      const suspects = suspectPrograms(comparison, suites, round);
      if (suspects.length === 0) break;
      const wasRun = await this.#confirm(planned.series.name, suspects, round);
      if (!wasRun) break;
      comparison = compareKernels(planned.series, this.#plan, suites, this.#record);
    }
    // Not after Ctrl-C: what was not run then would look lost.
    if (signal.aborted) return;
    this.#record.comparisons.push(comparison);
    this.#context.emit({ type: "compared", comparison });
    await this.#save();
  }

  /** Runs programs again on fresh guests of both kernels; false when that failed. */
  async #confirm(series: string, programs: readonly string[], round: number): Promise<boolean> {
    const again = async (label: string): Promise<boolean> => {
      try {
        const step = `confirm:${series}:${label}:${round}`;
        await this.#tests.get(label)?.again(step, programs);
        return true;
      } catch (thrown) {
        if (!this.#context.signal.aborted) this.#fail(thrown, label);
        return false;
      }
    };
    const wereRun = await Promise.all([again("baseline"), again(series)]);
    return wereRun.every(Boolean);
  }

  #fail(thrown: unknown, kernel?: string): void {
    if (this.#context.signal.aborted) return;
    const failure = failureDetails(thrown);
    const which = kernel === undefined ? {} : { kernel };
    this.#record.failures.push({ ...failure, ...which });
    this.#context.emit({ type: "failure", failure, ...which });
  }

  async #timed<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#count(stage, (performance.now() - started) / 1000);
    }
  }

  #count(stage: string, seconds: number): void {
    this.#record.timings[stage] = (this.#record.timings[stage] ?? 0) + seconds;
  }

  async #save(): Promise<void> {
    this.#record.seconds = (performance.now() - this.#started) / 1000;
    await this.#context.folder.save(this.#record);
  }
}
