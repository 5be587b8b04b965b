import { copyFile, readdir } from "node:fs/promises";
import { fingerprint } from "../../fingerprint.ts";
import { buildImage, buildUserland, type Image } from "../../image.ts";
import { buildKernel, kernelFingerprint, type Kernel } from "../../kernel/build.ts";
import { doubtfulSymptoms, type Outcome, type Question } from "../../model/bisect.ts";
import type { Emit } from "../../model/event.ts";
import { Failure } from "../../model/failure.ts";
import type { BootRecord } from "../../model/run.ts";
import type { BisectFolder } from "../../store/bisect.ts";
import { programName, type BuiltSuite } from "../../suite.ts";
import { chooseAccelerator } from "../../vm/accel.ts";
import type { Accelerator } from "../../vm.ts";
import { bootKernel } from "../boot-kernel.ts";
import { buildSuites } from "../build-suites.ts";
import { kernelRequest } from "../kernel-request.ts";
import { KernelTests } from "../kernel-tests.ts";
import { testsFingerprint } from "../past-tests.ts";
import { PatchedTrees } from "../patched-trees.ts";
import type { Plan } from "../plan.ts";
import type { PlannedSeries } from "../planned-series.ts";
import { Workshop } from "../workshop.ts";
import { recallAnswer, rememberAnswer } from "./answers.ts";
import { answerOf, programsFor } from "./question.ts";

export interface JudgeContext {
  readonly plan: Plan;
  readonly question: Question;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly folder: BisectFolder;
  /** Asks every kernel, even if an earlier bisection did. */
  readonly fresh: boolean;
}

/** A kernel that can be asked. */
export interface Candidate {
  /** A name for it, safe as a file's. */
  readonly label: string;
  /** What is put on the baseline. */
  readonly planned: PlannedSeries | undefined;
}

/** What asking a kernel came to. */
export interface Asked {
  /** The kernel's fingerprint. */
  readonly kernel: string;
  /** Seconds of make; 0 when the kernel was there already. */
  readonly buildSeconds: number;
}

/** A fault of the host is met by trying again so often. */
const retries = 2;

/** What all guests share. */
interface Guests {
  readonly accelerator: Accelerator;
  readonly image: Image;
  readonly suites: readonly BuiltSuite[];
  readonly scale: number;
}

/** Builds and boots kernels to ask all of them the same. */
export class Judge {
  readonly #context: JudgeContext;
  readonly #guests: Guests | undefined;
  readonly #workshop = new Workshop();

  private constructor(context: JudgeContext, guests: Guests | undefined) {
    this.#context = context;
    this.#guests = guests;
  }

  /**
   * Builds what all guests need. `tests` is the candidate whose tree the kernel's own selftests are
   * taken from, where its patches touch them. Throws what the builders throw, usage "unknown-case".
   */
  static async make(context: JudgeContext, tests: PlannedSeries | undefined): Promise<Judge> {
    const { plan, question, emit, signal } = context;
    if (question.kind === "build") return new Judge(context, undefined);
    const { arch } = plan;
    const accelerator = await chooseAccelerator({ arch, wanted: plan.accel, emit, signal });
    const scale = Math.ceil(arch.slowdown[accelerator.name] * plan.timeoutScale);
    const userland = await buildUserland(arch, { jobs: plan.jobs, emit, signal });
    const series = tests ? [tests] : [];
    await using patchedTrees = new PatchedTrees();
    const folders =
      question.kind === "case"
        ? await buildSuites({ ...plan, series }, { ...context, patchedTrees })
        : [];
    const suites = question.kind === "case" ? programsFor(question.name, folders) : [];
    const image = await buildImage({ userland, folders }, { emit, signal });
    return new Judge(context, { accelerator, image, suites, scale });
  }

  /**
   * Adds outcomes to those there are until there are enough of them. Throws Failure infra when the
   * host is at fault once more after having been given further chances, and baseline when there are
   * no objects for any kernel to start from.
   */
  async ask(
    candidate: Candidate,
    outcomes: Outcome[],
    isEnough: () => boolean,
    progress: (text: string) => void,
  ): Promise<Asked> {
    await using patchedTrees = new PatchedTrees();
    const request = {
      ...kernelRequest(this.#context.plan, { ...this.#context, patchedTrees }, candidate.planned),
      ccache: true,
      progress,
    };
    const identity = kernelFingerprint(request);
    const base = isEnough() ? "" : await this.#identity(identity);
    let kernel: Kernel | undefined;
    const asked = { kernel: identity, buildSeconds: 0 };
    while (!isEnough()) {
      this.#context.signal.throwIfAborted();
      // Which boot of this kernel it is: chance may be in it.
      const key = fingerprint({ base, boot: outcomes.length });
      const past = this.#context.fresh ? undefined : await recallAnswer(key);
      if (past) {
        outcomes.push(past);
        continue;
      }
      const started = performance.now();
      const built = kernel ?? (await this.#build(candidate, request));
      const isKernel = "image" in built;
      if (isKernel && !kernel) {
        kernel = built;
        if (!kernel.cached) asked.buildSeconds = kernel.makeSeconds;
      }
      progress(isKernel ? `boot ${outcomes.length + 1}` : "");
      const found = isKernel ? await this.#answer(candidate, built) : built;
      const outcome = { ...found, seconds: (performance.now() - started) / 1000 };
      await rememberAnswer(key, outcome, this.#context.folder.id);
      outcomes.push(outcome);
    }
    return asked;
  }

  /** All that can change what a kernel answers, but for chance. */
  async #identity(kernel: string): Promise<string> {
    const { plan, question } = this.#context;
    return fingerprint({
      question,
      ...(this.#guests
        ? {
            tests: await testsFingerprint({
              plan,
              kernel: { fingerprint: kernel },
              ...this.#guests,
            }),
          }
        : { kernel }),
    });
  }

  /** The kernel, or what it means that there is none. */
  async #build(
    { label, planned }: Candidate,
    request: Parameters<typeof buildKernel>[0],
  ): Promise<Kernel | Answer> {
    const { question, folder } = this.#context;
    const { files } = folder;
    try {
      const kernel = await this.#withRetries(() => buildKernel(request));
      await copyFile(kernel.config, await files.prepare(files.config(label)));
      await copyFile(kernel.buildLog, await files.prepare(files.buildLog(label)));
      return kernel;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      // No kernel can be built where the baseline cannot: that says nothing of this one.
      const isOwn = thrown.blame === "series" || (thrown.blame === "baseline" && !planned);
      if (!isOwn) throw thrown;
      await files.write(files.buildLog(label), thrown.evidence ?? thrown.what);
      const first = /^.*\berror\b.*$/im.exec(thrown.evidence ?? "")?.[0].trim();
      const why = first === undefined ? thrown.what : `${thrown.what}: ${first.slice(0, 300)}`;
      return { answer: question.kind === "build" ? "fail" : "none", symptom: thrown.reason, why };
    }
  }

  /** Asks a kernel once; a second time if the first answer may be a busy host's. */
  async #answer(candidate: Candidate, kernel: Kernel): Promise<Answer> {
    const ask = () => this.#withRetries(() => this.#askOnce(candidate, kernel));
    const first = await ask();
    const isDoubtful = first.answer === "fail" && doubtfulSymptoms.includes(first.symptom);
    return isDoubtful ? ask() : first;
  }

  async #askOnce(candidate: Candidate, kernel: Kernel): Promise<Answer> {
    const { question } = this.#context;
    if (!this.#guests) return { answer: "pass", symptom: "pass", why: "builds" };
    try {
      return question.kind === "case"
        ? await this.#test(question.name, candidate, kernel, this.#guests)
        : await this.#boot(candidate, kernel, this.#guests);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.blame !== "series") throw thrown;
      return {
        answer: question.kind === "boot" ? "fail" : "none",
        symptom: thrown.reason,
        why: thrown.what,
      };
    }
  }

  async #boot({ label }: Candidate, kernel: Kernel, guests: Guests): Promise<Answer> {
    const { folder, emit, signal, plan } = this.#context;
    const console = folder.files.console(label, await this.#boots(label));
    const consoleFile = await folder.files.prepare(console);
    const blame = "series" as const;
    const { vm } = await this.#workshop.guests.use(() =>
      bootKernel({ ...guests, plan, label, kernel, blame, consoleFile, emit, signal }),
    );
    await vm.stop();
    return { answer: "pass", symptom: "pass", why: "boots", console };
  }

  async #test(name: string, { label }: Candidate, kernel: Kernel, guests: Guests): Promise<Answer> {
    const { plan, emit, signal, folder } = this.#context;
    const boots: BootRecord[] = [];
    const tests = new KernelTests({
      label,
      ...guests,
      plan: { ...plan, repeat: 1 },
      kernel,
      pastBoots: await this.#boots(label),
      blame: "series",
      // The step is the commit; its boots are no steps of their own.
      emit: (event) => {
        if (event.type === "notice") emit(event);
      },
      signal,
      folder: folder.files,
      holdVm: undefined,
      workshop: this.#workshop,
      keep: (boot) => {
        boots.push(boot);
        return Promise.resolve();
      },
    });
    await tests.run();
    const [suite] = guests.suites;
    const program = suite?.programs[0];
    if (!suite || !program) throw new Error(`no program for ${name}`);
    const last = boots.at(-1);
    return {
      ...answerOf(name, programName(suite, program), boots),
      ...(last ? { console: last.console } : {}),
    };
  }

  /** Boots of a kernel that have left a folder, those of a process that was killed too. */
  async #boots(label: string): Promise<number> {
    const { files } = this.#context.folder;
    const names = await readdir(files.absolute(files.kernel(label))).catch(() => []);
    return names.filter((name) => name.startsWith("boot-")).length;
  }

  /** Does what may meet a fault of the host, again if it does. Throws the last one. */
  async #withRetries<T>(work: () => Promise<T>): Promise<T> {
    for (let retry = 1; ; retry++) {
      try {
        return await work();
      } catch (thrown) {
        this.#context.signal.throwIfAborted();
        const isHost = thrown instanceof Failure && thrown.blame === "infra";
        if (!isHost || retry > retries) throw thrown;
        const text = `${thrown.what}; no verdict: it is tried again (${retry} of ${retries})`;
        this.#context.emit({ type: "notice", text });
      }
    }
  }
}

type Answer = Omit<Outcome, "seconds">;
