import { allEnded } from "../model/all-ended.ts";
import { inStep, type Emit } from "../model/event.ts";
import { shellQuoted } from "../model/escape.ts";
import { Failure, type Blame } from "../model/failure.ts";
import type { BootRecord } from "../model/run.ts";
import type { CaseResult } from "../model/verdict.ts";
import type { RunFolder } from "../store.ts";
import { programName } from "../suite.ts";
import { driveSuites, ProgramQueue, type BootFiles, type DriveRequest } from "../suite/drive.ts";
import type { Vm } from "../vm.ts";
import { bootKernel } from "./boot-kernel.ts";
import { kernelSyscalls } from "./kernel-syscalls.ts";
import type { TestedKernel } from "./past-tests.ts";
import type { Workshop } from "./workshop.ts";

export interface KernelTestsRequest extends TestedKernel {
  /** "baseline" or the series' name. */
  readonly label: string;
  readonly blame: Blame;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly folder: RunFolder;
  readonly holdVm: ((label: string, vm: Vm, privateKey: string) => Promise<void>) | undefined;
  readonly keep: (record: BootRecord) => Promise<void>;
  /** See DriveRequest. */
  readonly enough?: ((cases: readonly CaseResult[]) => boolean) | undefined;
  readonly workshop: Workshop;
  /** Boots of this kernel that the run's folder has already (taken over from an earlier run). */
  readonly pastBoots: number;
}

/** So many programs left are worth a second guest's boot. */
const worthABoot = 2;

/** The step of testing a kernel, for people. */
export function testTitle(label: string): string {
  return `test ${label === "baseline" ? "the baseline" : label}`;
}

/** All suites on one kernel, each repeat on a fresh guest, or on two when the host has time. */
export class KernelTests {
  readonly #request: KernelTestsRequest;
  #boots: number;
  #repeats = 0;
  #privateKey = "";

  constructor(request: KernelTestsRequest) {
    this.#request = request;
    this.#boots = request.pastBoots;
    this.#repeats = request.plan.repeat + request.pastBoots;
  }

  /** Throws what driveSuites throws. */
  async run(): Promise<void> {
    const { label, plan } = this.#request;
    await this.#inGuest(`test:${label}`, testTitle(label), async (progress) => {
      for (let repeat = 0; repeat < plan.repeat; repeat++) {
        const which = plan.repeat > 1 ? `repeat ${repeat + 1}/${plan.repeat} ` : "";
        await this.#repeat(repeat, (text) => {
          progress(which + text);
        });
      }
    });
  }

  /**
   * Runs some programs ("<suite>.<program>[@<abi>]") once more, on fresh guests, as the step `id`.
   * Throws what driveSuites throws.
   */
  async again(id: string, programs: readonly string[]): Promise<void> {
    const title = `${testTitle(this.#request.label)} again: ${programs.join(" ")}`;
    await this.#inGuest(id, title, (progress) => this.#repeat(this.#repeats++, progress, programs));
  }

  /** A step that begins when there may be a guest. */
  #inGuest(
    id: string,
    title: string,
    work: (progress: (text: string) => void) => Promise<void>,
  ): Promise<void> {
    const { workshop, emit } = this.#request;
    return workshop.guests.use(() => inStep(emit, { id, title }, work));
  }

  async #repeat(
    repeat: number,
    progress: (text: string) => void,
    only?: readonly string[],
  ): Promise<void> {
    const { label, plan, emit, signal, accelerator, scale, holdVm, enough, workshop } =
      this.#request;
    const planned = plan.series.find(({ series }) => series.name === label);
    const isLast = repeat === plan.repeat - 1;
    const suites = this.#request.suites.map((suite) => ({
      ...suite,
      programs: suite.programs.filter((each) => only?.includes(programName(suite, each)) ?? true),
    }));
    const programs = new ProgramQueue(suites);
    const drive: DriveRequest = {
      kernel: label,
      programs,
      repeat,
      boot: () => this.#boot(progress),
      env: {
        KSFT_TIMEOUT_SCALE: String(scale),
        // Stress cases are sized for an emulated x86_64; a slower guest gets fewer rounds.
        KSFT_STRESS_DIVISOR: String(stressDivisor(plan.arch.slowdown[accelerator.name])),
        // Documentation/dev-tools/kselftest.rst: tests then allow for a slow machine.
        ...(accelerator.name === "tcg" ? { KSFT_MACHINE_SLOW: "yes" } : {}),
      },
      syscalls: () =>
        kernelSyscalls(plan, { emit, signal, patchedTrees: workshop.patchedTrees }, planned),
      emit,
      progress,
      signal,
      keep: (record) => this.#request.keep(only ? { ...record, only: [...only] } : record),
      enough,
    };
    // What is asked of these is about one guest.
    if (holdVm && isLast)
      return driveSuites({ ...drive, hold: (vm) => holdVm(label, vm, this.#privateKey) });
    if (holdVm || enough) return driveSuites(drive);
    return this.#driveBySeveral(drive);
  }

  /** One guest, joined by a second one between two programs as soon as the host has time for it. */
  async #driveBySeveral(drive: DriveRequest): Promise<void> {
    const { workshop } = this.#request;
    let second: Promise<void> | undefined;
    const first = driveSuites({
      ...drive,
      progress: (text) => {
        drive.progress(text);
        if (
          second ||
          drive.programs.left < worthABoot ||
          workshop.guests.free === 0 ||
          !workshop.isIdle
        )
          return;
        second = workshop.guests.use(() => driveSuites(drive));
        // It is awaited below, maybe long after it has failed.
        second.catch(() => undefined);
      },
    });
    // The first one's end comes first: only then is it known whether there is a second.
    await allEnded([first, first.catch(() => undefined).then(() => second)]);
  }

  /** A kernel that does not come up is booted once more: whether it never does is said with the failure. */
  async #boot(progress: (text: string) => void): Promise<{ vm: Vm; files: BootFiles }> {
    const { blame, signal, enough } = this.#request;
    try {
      return await this.#bootOnce(progress);
    } catch (thrown) {
      // Who asks until there is enough counts boots himself (bisect/judge.ts).
      if (!(thrown instanceof Failure) || thrown.blame !== blame || signal.aborted || enough)
        throw thrown;
      const second = await this.#secondBoot(progress, thrown.what);
      throw new Failure({ ...thrown.details, what: `${thrown.what} (${second})` });
    }
  }

  /** What a second boot did, for people; nothing that happens to it takes back what the first one showed. */
  async #secondBoot(progress: (text: string) => void, first: string): Promise<string> {
    try {
      const { vm } = await this.#bootOnce(progress);
      await vm.stop();
      return "in one boot of two: a second one came up";
    } catch (again) {
      if (!(again instanceof Failure) || this.#request.signal.aborted) throw again;
      return again.what === first ? "in both of two boots" : `a second boot: ${again.what}`;
    }
  }

  async #bootOnce(progress: (text: string) => void): Promise<{ vm: Vm; files: BootFiles }> {
    const { label, folder } = this.#request;
    const number = this.#boots++;
    progress(number === 0 ? "booting" : "booting again");
    const console = folder.console(label, number);
    // A boot that fails is the one whose command is wanted most.
    let script: Promise<unknown> | undefined;
    const { vm, privateKey } = await bootKernel({
      ...this.#request,
      consoleFile: await folder.prepare(console),
      started: (commandLine) => {
        script = folder.write(folder.qemu(label, number), qemuScript(commandLine));
        // It is awaited when the boot has come to its end, which may be long after.
        script.catch(() => undefined);
      },
    }).finally(() => script);
    this.#privateKey = privateKey;
    const files: BootFiles = {
      console,
      ktap: async (suite, program, abi) => {
        const relative = folder.ktap(label, number, suite, program, abi);
        return { file: await folder.prepare(relative), relative };
      },
    };
    return { vm, files };
  }
}

/** The slowdown that suites are sized for: an emulated x86_64's. */
const usualSlowdown = 10;

function stressDivisor(slowdown: number): number {
  return Math.max(1, Math.round(slowdown / usualSlowdown));
}

/** For the reader's eyes: the initramfs had the run's keys in it and is gone. */
function qemuScript(commandLine: readonly string[]): string {
  return `#!/bin/sh\n${commandLine.map(shellQuoted).join(" ")}\n`;
}
