import { closeSync, openSync, writeSync } from "node:fs";
import { KtapParser, parseKtap } from "../ktap.ts";
import { programVerdicts, type ProgramExit } from "../ktap/verdicts.ts";
import type { Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import type { BootRecord } from "../model/run.ts";
import { isCaseOf, type CaseResult } from "../model/verdict.ts";
import type { GuestCommandResult, Vm } from "../vm.ts";
import type { Syscalls } from "../syscalls.ts";
import { runOnHost } from "./host-program.ts";
import { programName, type BuiltSuite, type SuiteProgram } from "../suite.ts";

/** Where one boot's files go; absolute for writing, relative for the record. */
export interface BootFiles {
  readonly console: string;
  ktap(suite: string, program: string, abi?: string): Promise<{ file: string; relative: string }>;
}

export interface DriveRequest {
  /** "baseline" or the series' name. */
  readonly kernel: string;
  readonly programs: ProgramQueue;
  readonly repeat: number;
  /** Boots the kernel; called anew when a guest has died or must not be trusted any more. */
  boot(): Promise<{ vm: Vm; files: BootFiles }>;
  /** Environment of every program, such as KSFT_TIMEOUT_SCALE. */
  readonly env: Readonly<Record<string, string>>;
  /** What programs on the host may ask of the kernel's source: its system calls. */
  readonly syscalls?: (() => Promise<Syscalls>) | undefined;
  readonly emit: Emit;
  /** Told which program starts and how many there are in all. */
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Given every record as soon as its guest has ended, so that a killed run keeps it. */
  readonly keep: (record: BootRecord) => Promise<void>;
  /** Asked of each program's failed cases, and of all of its cases when it has ended: true ends the tests. The records then say what was run. */
  readonly enough?: ((cases: readonly CaseResult[]) => boolean) | undefined;
  /** Given the last guest instead of its being stopped, if it still lives (--keep-vm). */
  readonly hold?: (vm: Vm) => Promise<void>;
}

/** The programs of one repeat, in order; guests that work side by side take them from one queue. */
export class ProgramQueue {
  readonly total: number;
  readonly #left: { suite: BuiltSuite; program: SuiteProgram }[];

  constructor(suites: readonly BuiltSuite[]) {
    this.#left = suites.flatMap((suite) => suite.programs.map((program) => ({ suite, program })));
    this.total = this.#left.length;
  }

  get left(): number {
    return this.#left.length;
  }

  take(): { readonly suite: BuiltSuite; readonly program: SuiteProgram } | undefined {
    return this.#left.shift();
  }

  /** What is left is not to be run. */
  close(): void {
    this.#left.length = 0;
  }
}

/** A program may print so much; more is the suite's fault. */
const outputLimit = 16 << 20;

/**
 * Runs a queue's programs on one kernel, in one guest as long as it lives; none is booted for an
 * empty queue. A guest in which a program hung, or whose kernel complained of itself, is not used
 * for another.
 * Throws Failure, and closes the queue: infra when the host lost the guest twice in one program;
 * the kernel's blame when it does not boot (any more).
 */
export async function driveSuites(request: DriveRequest): Promise<void> {
  const { programs } = request;
  let guest: Guest | undefined;
  try {
    for (let next = programs.take(); next; next = programs.take()) {
      const { suite, program } = next;
      const number = programs.total - programs.left;
      request.progress(`${number}/${programs.total} ${programName(suite, program)}`);
      for (let attempt = 1; ; attempt++) {
        request.signal?.throwIfAborted();
        guest ??= new Guest(request, await request.boot());
        const outcome = await guest.run(suite, program);
        if (outcome !== "spent" && outcome !== "usable") {
          // The host lost the guest: nothing is known of the program. Once more, on a fresh one.
          await guest.end(outcome.what);
          guest = undefined;
          if (attempt >= 2) throw outcome;
          request.emit({
            type: "notice",
            text: `${outcome.what}; it is run again on a fresh guest`,
          });
          continue;
        }
        if (request.enough?.(guest.casesOf(suite, program))) programs.close();
        if (outcome === "spent") {
          await guest.end();
          guest = undefined;
        }
        break;
      }
    }
    if (request.hold && guest) {
      await guest.handOver(request.hold);
      guest = undefined;
    }
  } catch (thrown) {
    programs.close();
    throw thrown;
  } finally {
    await guest?.end();
  }
}

/** One boot and what was found in it. */
class Guest {
  readonly #request: DriveRequest;
  readonly #vm: Vm;
  readonly #files: BootFiles;
  readonly #cases: BootRecord["cases"] = [];
  readonly #ktap: string[] = [];
  readonly #problems: string[] = [];
  readonly #programs: string[] = [];
  readonly #programSeconds: Record<string, number> = {};

  constructor(request: DriveRequest, booted: { vm: Vm; files: BootFiles }) {
    this.#request = request;
    this.#vm = booted.vm;
    this.#files = booted.files;
  }

  /** Ends the guest and hands over its record; `lost` says how the host lost it. */
  async end(lost?: string): Promise<void> {
    await this.#vm.stop();
    await this.#report(lost);
  }

  /** Hands over its record, and the guest itself to who wants it. */
  async handOver(to: (vm: Vm) => Promise<void>): Promise<void> {
    await this.#report();
    await to(this.#vm);
  }

  async #report(lost?: string): Promise<void> {
    await this.#request.keep({
      repeat: this.#request.repeat,
      ...(lost === undefined ? {} : { lost }),
      ...(this.#request.enough ? { only: this.#programs } : {}),
      bootSeconds: this.#vm.bootSeconds,
      guestSeconds: this.#vm.guestSeconds,
      console: this.#files.console,
      ktap: this.#ktap,
      programSeconds: this.#programSeconds,
      ...(this.#problems.length ? { problems: this.#problems } : {}),
      splats: [...this.#vm.console.splats],
      cases: this.#cases,
    });
  }

  /** What one of its programs reported. */
  casesOf(suite: BuiltSuite, program: SuiteProgram): readonly CaseResult[] {
    return this.#cases.filter((each) => isCaseOf(programName(suite, program), each.name));
  }

  #found(found: CaseResult, console?: readonly [number, number]): void {
    this.#cases.push({ ...found, ...(console ? { console: [console[0], console[1]] } : {}) });
    const { kernel } = this.#request;
    this.#request.emit({ type: "case-finished", kernel, name: found.name, verdict: found.verdict });
  }

  /** Runs one program. "spent": the guest must not be used for another. A Failure: the host lost it. */
  async run(suite: BuiltSuite, program: SuiteProgram): Promise<"usable" | "spent" | Failure> {
    const name = programName(suite, program);
    this.#programs.push(name);
    if (program.skip !== undefined) {
      this.#found({ name, verdict: "skip", reason: program.skip });
      return "usable";
    }
    const abi = program.abi || undefined;
    const splatsBefore = this.#vm.console.splats.length;
    const { file, relative } = await this.#files.ktap(suite.name, program.name, abi);
    const parser = new KtapParser(program.name);
    const early = new EarlyEnd({ suite: suite.name, program: program.name, abi }, this.#request);
    const log = openSync(file, "w");
    const started = performance.now();
    let result: GuestCommandResult;
    try {
      const options = {
        timeoutSeconds: program.timeoutSeconds,
        maxBytes: outputLimit,
        signal: early.signal,
        onStdout: (chunk: Buffer) => {
          writeSync(log, chunk);
          parser.push(chunk);
          early.push(chunk);
        },
      };
      result = program.host
        ? await runOnHost(this.#vm, { ...program, host: program.host }, this.#request, options)
        : await this.#vm.exec(commandLine(program, this.#request.env), options);
    } finally {
      closeSync(log);
    }
    if (early.found.length > 0) {
      this.#ktap.push(relative);
      for (const found of early.found) this.#found(found, result.console);
      return "spent";
    }
    const exit = programExit(result, name);
    if (exit instanceof Failure) return exit;
    this.#programSeconds[name] = Math.round(performance.now() - started) / 1000;
    const parsed = parser.end();
    this.#ktap.push(relative);
    for (const { text } of parsed.problems) this.#problems.push(`${name}: ${text}`);
    const run = { suite: suite.name, program: program.name, abi, parsed, exit };
    for (const found of programVerdicts(run)) this.#found(found, result.console);
    const sound = exit.how !== "kernel-died" && exit.how !== "timed-out";
    return sound && this.#vm.console.splats.length === splatsBefore ? "usable" : "spent";
  }
}

/**
 * Ends a program in the middle once its failed cases are all that is wanted (DriveRequest.enough): on
 * a kernel that is wrong on purpose, the cases after them may each wait for their time to run out.
 */
class EarlyEnd {
  /** The failed cases, once they are enough. */
  found: readonly CaseResult[] = [];
  readonly signal: AbortSignal | undefined;
  readonly #enough: DriveRequest["enough"];
  readonly #run: { suite: string; program: string; abi: string | undefined };
  readonly #end = new AbortController();
  readonly #output: Buffer[] = [];

  constructor(
    run: { suite: string; program: string; abi: string | undefined },
    request: Pick<DriveRequest, "enough" | "signal">,
  ) {
    this.#run = run;
    this.#enough = request.enough;
    const signals = [this.#end.signal, ...(request.signal ? [request.signal] : [])];
    this.signal = request.enough ? AbortSignal.any(signals) : request.signal;
  }

  push(chunk: Buffer): void {
    if (!this.#enough || this.found.length > 0) return;
    this.#output.push(chunk);
    if (!chunk.includes("\n")) return;
    const output = Buffer.concat(this.#output);
    const lines = output.subarray(0, output.lastIndexOf("\n") + 1);
    if (!lines.includes("not ok")) return;
    // From the beginning each time: what a case is called, and whether it counts, is the parser's to say.
    const parsed = parseKtap(lines, this.#run.program);
    const exit = { how: "exited", code: 1 } as const;
    const failed = programVerdicts({ ...this.#run, parsed, exit }).filter(
      ({ verdict }) => verdict === "fail" || verdict === "timeout",
    );
    if (!this.#enough(failed)) return;
    this.found = failed;
    this.#end.abort();
  }
}

/** The words are ours, not the guest's: suites' and programs' names are plain (checked when built). */
function commandLine(program: SuiteProgram, env: Readonly<Record<string, string>>): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return `cd ${program.cwd} && exec env ${variables.join(" ")} ${program.command} 2>&1 </dev/null`;
}

/** What the end of the ssh command says of the program; a Failure where it says nothing of it. */
function programExit(result: GuestCommandResult, name: string): ProgramExit | Failure {
  const { end } = result;
  switch (end.how) {
    case "exited":
      return { how: "exited", code: end.code };
    case "signalled":
      return { how: "killed", signal: end.signal };
    case "timeout":
      return { how: "timed-out", seconds: end.seconds };
    case "too-much-output":
      return {
        how: "killed",
        signal: `the harness: it printed more than ${end.maxBytes >> 20} MiB`,
      };
    case "guest-died":
      switch (end.death.how) {
        case "panic":
          return { how: "kernel-died", why: end.death.title };
        case "reset":
          return { how: "kernel-died", why: "the guest reset without a word" };
        case "powered-off":
          return { how: "kernel-died", why: "the guest powered itself off" };
        case "stopped":
          throw new DOMException(`${name} was interrupted`, "AbortError");
        case "qemu-killed":
          return lost(name, `QEMU was killed by ${end.death.signal}`, "");
        case "qemu-failed":
          return lost(name, "QEMU gave up", end.death.output);
      }
      break;
    case "connection-lost":
      if (!end.kernelAnswers)
        return { how: "kernel-died", why: "the kernel does not react any more" };
      return lost(name, "the ssh connection broke while the guest's kernel lives", "");
    case "aborted":
      throw new DOMException(`${name} was interrupted`, "AbortError");
  }
  throw new Error("unreachable");
}

function lost(name: string, why: string, evidence: string): Failure {
  return new Failure({
    reason: "guest-lost",
    blame: "infra",
    what: `${name}: ${why}`,
    ...(evidence ? { evidence } : {}),
    hint: "this says nothing of the kernel; see the run's console.log and the host's memory and logs",
  });
}
