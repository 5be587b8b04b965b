import {
  bisectSchemaVersion,
  judged,
  type BisectRecord,
  type BisectRequest,
  type BisectResult,
  type BisectStep,
  type BisectVerdict,
  type JudgedCommit,
  type Outcome,
  type Role,
} from "../model/bisect.ts";
import { chanceOfPassing, passesNeeded, type Seen } from "../model/confidence.ts";
import { inStep, type Emit } from "../model/event.ts";
import { exitStatus, exitStatusFor, failureDetails } from "../model/failure.ts";
import type { BisectFolder } from "../store/bisect.ts";
import { checkEnds, judgedBadEnd, tooRare, type End } from "./bisect/ends.ts";
import type { History } from "./bisect/history.ts";
import { Judge } from "./bisect/judge.ts";
import type { Plan } from "./plan.ts";
import type { PlannedSeries } from "./planned-series.ts";

export { commitHistory, patchHistory, type History } from "./bisect/history.ts";

export interface BisectContext {
  readonly plan: Plan;
  readonly request: BisectRequest;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly folder: BisectFolder;
  readonly harness: string;
  readonly argv: readonly string[];
  /** What an earlier try of the same bisection left. */
  readonly past?: BisectRecord | undefined;
}

/**
 * Bisects a history: both ends are asked, then what git chooses, then the commits before the culprit
 * once more, as often as the confidence demands. Never throws for what commits or the host do: that
 * is in the record, which is written after every step, and in the events. A fault of the host is no
 * verdict; it ends the bisection, which can then be resumed.
 */
export async function bisect(history: History, context: BisectContext): Promise<BisectRecord> {
  return new Bisection(history, context).execute();
}

type Rule = (
  outcomes: readonly Outcome[],
) => { readonly verdict: BisectVerdict; readonly why: string } | undefined;

class Bisection {
  readonly #history: History;
  readonly #context: BisectContext;
  readonly #record: BisectRecord;
  readonly #started = performance.now();
  /** Seconds of earlier tries. */
  readonly #earlier: number;
  /** By commit; a revert's under a name of its own. */
  readonly #outcomes = new Map<string, Outcome[]>();
  #judge: Judge | undefined;

  constructor(history: History, context: BisectContext) {
    const { request, folder, harness, argv, past } = context;
    this.#history = history;
    this.#context = context;
    this.#earlier = past?.seconds ?? 0;
    this.#record = {
      schema: bisectSchemaVersion,
      id: folder.id,
      harness,
      argv: past?.argv ?? [...argv],
      cwd: process.cwd(),
      request,
      startedAt: past?.startedAt ?? new Date().toISOString(),
      seconds: 0,
      status: "running",
      exitStatus: exitStatus.ok,
      symptoms: past?.symptoms ?? [],
      ...(past?.seen ? { seen: past.seen } : {}),
      steps: past?.steps ?? [],
    };
    for (const { role, commit, outcomes } of this.#record.steps)
      this.#outcomes.set(outcomesKey(role, commit), [...outcomes]);
  }

  async execute(): Promise<BisectRecord> {
    const { folder, emit, signal } = this.#context;
    const record = this.#record;
    emit({ type: "run-started", runId: folder.id, resultsDir: folder.dir });
    await this.#save();
    try {
      record.result = await this.#find();
      record.status = "complete";
      record.exitStatus = this.#statusOf(record.result);
      emit({ type: "bisected", result: record.result });
    } catch (thrown) {
      record.status = signal.aborted ? "interrupted" : "failed";
      record.exitStatus = exitStatus.infra;
      if (!signal.aborted) {
        record.failure = failureDetails(thrown);
        record.exitStatus = exitStatusFor([record.failure.blame]);
        emit({ type: "failure", failure: record.failure });
      }
    }
    await this.#save();
    const { status, exitStatus: ended, seconds } = record;
    emit({
      type: "run-finished",
      runId: folder.id,
      resultsDir: folder.dir,
      status,
      exitStatus: ended,
      seconds,
    });
    return record;
  }

  async #find(): Promise<BisectResult> {
    const { steps } = this.#history;
    if (steps.length > 0) return this.#walk(steps);
    await this.#ends();
    for (;;) {
      const found = await this.#search();
      if ("candidates" in found) return found;
      const culprit = await this.#confirm(found);
      if (culprit) return culprit;
      await this.#goodEnd();
    }
  }

  /** Asks every patch, since one that does not build says nothing of the next. */
  async #walk(commits: readonly string[]): Promise<BisectResult> {
    const broken: JudgedCommit[] = [];
    for (const commit of commits) {
      const step = await this.#step("step", commit, (outcomes) => judged(outcomes, undefined, 1));
      if (step.verdict !== "good") broken.push(judgedCommit(step));
    }
    return { kind: "walked", patches: commits.length, broken };
  }

  async #ends(): Promise<void> {
    const { repeat, question } = this.#context.request;
    const boots = question.kind === "build" ? 1 : repeat;
    const bad = await this.#step("bad end", this.#history.bad, (outcomes) =>
      judgedBadEnd(outcomes, boots),
    );
    const failing = bad.outcomes.filter(({ answer }) => answer === "fail");
    this.#record.symptoms = [...new Set(failing.map(({ symptom }) => symptom))];
    // An earlier try may have learnt more.
    if (failing.length > 0)
      this.#record.seen ??= { fails: failing.length, boots: bad.outcomes.length };
    await this.#goodEnd(bad);
  }

  /** The good end must pass as often as any commit that is to be trusted. */
  async #goodEnd(bad?: End): Promise<void> {
    const passes = this.#record.seen ? this.#passes() : 1;
    const good = await this.#step("good end", this.#history.good, (outcomes) =>
      judged(outcomes, undefined, passes),
    );
    checkEnds(good, bad);
  }

  /** Lets git choose until it knows the first bad commit. */
  async #search(): Promise<{ culprit: string } | (BisectResult & { kind: "only-skipped" })> {
    const { repository, good, bad } = this.#history;
    let next = await repository.start(bad, good);
    while (next.kind === "commit") {
      // A quick look will do where the case always fails: the commits that matter are asked again.
      const { fails, boots } = this.#seen();
      const passes = fails === boots ? 1 : this.#passes();
      const step = await this.#step("step", next.commit, (outcomes) =>
        judged(outcomes, this.#record.symptoms, passes),
      );
      next = await repository.tell(step.commit, step.verdict);
      await this.#context.folder.writeLog(await repository.log());
    }
    await this.#context.folder.writeLog(await repository.log());
    if (next.kind === "culprit") return { culprit: next.commit };
    const candidates = next.candidates.map((commit) => this.#latest(commit));
    return {
      kind: "only-skipped",
      candidates: candidates.filter((each) => each !== undefined).map(judgedCommit),
    };
  }

  /**
   * The culprit, if the commits before it pass as often as the confidence demands. Otherwise what was
   * learnt is kept, and undefined says that the search must begin anew: the case is flaky.
   */
  async #confirm({ culprit }: { readonly culprit: string }): Promise<BisectResult | undefined> {
    const before: BisectStep[] = [];
    const chances: number[] = [];
    for (const parent of await this.#history.parents(culprit)) {
      // It was chosen for them: where luck led the search, they are the luck.
      const chosenBy = this.#found("step", parent)?.outcomes.length ?? 0;
      const passes = chosenBy + this.#passes();
      const step = await this.#step("confirm", parent, (outcomes) =>
        judged(outcomes, this.#record.symptoms, passes),
      );
      if (step.verdict === "bad") {
        this.#learn(step);
        return undefined;
      }
      // A parent that was never asked before is older than the good end, or on another branch.
      if (step.verdict !== "good") continue;
      before.push(step);
      chances.push(chanceOfPassing(this.#seen(), step.outcomes.length - chosenBy));
    }
    const bad = this.#latest(culprit);
    if (!bad) throw new Error(`${culprit} was never judged`);
    const isCertain = this.#context.request.question.kind === "build";
    return {
      kind: "culprit",
      ...judgedCommit(bad),
      shown: await this.#history.show(culprit),
      before: before.map(judgedCommit),
      confidence: isCertain ? 1 : 1 - Math.max(...chances, before.length > 0 ? 0 : 1),
      revert: await this.#revert(culprit),
    };
  }

  #learn(step: BisectStep): void {
    const fails = step.outcomes.filter(({ answer }) => answer === "fail").length;
    const seen = this.#seen();
    this.#record.seen = { fails: seen.fails + fails, boots: seen.boots + step.outcomes.length };
    const text = `${step.commit.slice(0, 12)} had passed and fails after all: the case is flaky; a good commit must now pass ${this.#passes()} times`;
    this.#context.emit({ type: "notice", text });
  }

  /** Whether the bad end is good without the culprit. */
  async #revert(culprit: string): Promise<{ passes?: boolean; why: string }> {
    const planned = await this.#history.without(culprit);
    if (typeof planned === "string") return { why: planned };
    const passes = this.#passes();
    const rule: Rule = (outcomes) => judged(outcomes, this.#record.symptoms, passes);
    const { verdict, why, outcomes } = await this.#step("revert", culprit, rule, planned);
    const isRefused = outcomes.some(({ symptom }) => symptom === "patch-does-not-apply");
    if (isRefused) return { why: `the revert does not apply to the bad end: ${why}` };
    return verdict === "skip" ? { why } : { passes: verdict === "good", why };
  }

  /** Asks a commit until the rule is satisfied; what is known already is not asked again. */
  async #step(
    role: Role,
    commit: string,
    rule: Rule,
    planned?: PlannedSeries,
  ): Promise<BisectStep> {
    const key = outcomesKey(role, commit);
    const outcomes = this.#outcomes.get(key) ?? [];
    this.#outcomes.set(key, outcomes);
    const earlier = this.#latest(commit, role === "revert");
    /** This very step, of an earlier try. */
    const same = this.#found(role, commit);
    const isKnown = rule(outcomes) !== undefined;
    const subject = earlier?.subject ?? (await this.#history.repository.subject(commit));
    const title = `${role === "step" ? "" : `${role}: `}${this.#history.label(commit)} ${subject}`;
    const started = performance.now();
    return inStep(
      this.#context.emit,
      { id: `judge:${key}:${this.#record.steps.length}`, title },
      async (progress) => {
        const changes = planned ?? (isKnown ? undefined : await this.#history.changes(commit));
        const label = `${role === "revert" ? "revert-" : ""}${this.#history.label(commit)}`;
        const judge = isKnown ? undefined : await this.#asker();
        const candidate = { label, planned: changes };
        const isEnough = () => rule(outcomes) !== undefined;
        const asked = await judge?.ask(candidate, outcomes, isEnough, progress);
        const found = rule(outcomes);
        if (!found) throw new Error(`${key} is not decided`);
        const step: BisectStep = {
          role,
          commit,
          subject,
          ...found,
          kernel: asked?.kernel ?? earlier?.kernel ?? "",
          buildSeconds: asked?.buildSeconds ?? same?.buildSeconds ?? 0,
          outcomes: [...outcomes],
          seconds: (isKnown ? 0 : (performance.now() - started) / 1000) + (same?.seconds ?? 0),
        };
        await this.#keep(step);
        return step;
      },
      ({ verdict, why, outcomes: all }) => ({
        outcome: isKnown || all.every(({ askedIn }) => askedIn) ? "cached" : "done",
        detail: `${verdict}: ${why}`,
      }),
    );
  }

  /** The judge, made when the first question has to be put. */
  async #asker(): Promise<Judge> {
    const { request, ...context } = this.#context;
    const { question, fresh } = request;
    return (this.#judge ??= await Judge.make(
      { ...context, question, fresh },
      await this.#history.changes(this.#history.bad),
    ));
  }

  async #keep(step: BisectStep): Promise<void> {
    const { steps } = this.#record;
    const isSame = (each: BisectStep) => each.role === step.role && each.commit === step.commit;
    const at = steps.findIndex(isSame);
    if (at < 0) steps.push(step);
    else steps[at] = step;
    await this.#save();
  }

  #found(role: Role, commit: string): BisectStep | undefined {
    return this.#record.steps.find((each) => each.role === role && each.commit === commit);
  }

  /** What is known last of a commit, or of its revert. */
  #latest(commit: string, ofRevert = false): BisectStep | undefined {
    return this.#record.steps.findLast(
      (each) => each.commit === commit && (each.role === "revert") === ofRevert,
    );
  }

  #seen(): Seen {
    const { seen } = this.#record;
    if (!seen) throw new Error("the bad end is not judged yet");
    return seen;
  }

  /** The boots that a good commit must pass. Throws Failure usage "too-rare". */
  #passes(): number {
    const { question, confidence } = this.#context.request;
    if (question.kind === "build") return 1;
    const passes = passesNeeded(this.#seen(), confidence);
    if (passes > tooRare.boots) throw tooRare.failure(this.#seen(), passes);
    return passes;
  }

  #statusOf(result: BisectResult): number {
    const ofSeries = this.#context.request.along.kind === "patches";
    switch (result.kind) {
      case "culprit":
        return ofSeries ? exitStatus.series : exitStatus.ok;
      case "only-skipped":
        return ofSeries ? exitStatus.series : exitStatus.baseline;
      case "walked":
        return result.broken.length > 0 ? exitStatus.series : exitStatus.ok;
    }
  }

  async #save(): Promise<void> {
    this.#record.seconds = this.#earlier + (performance.now() - this.#started) / 1000;
    await this.#context.folder.save(this.#record);
  }
}

function outcomesKey(role: Role, commit: string): string {
  return role === "revert" ? `revert of ${commit}` : commit;
}

function judgedCommit({ commit, subject, why }: BisectStep): JudgedCommit {
  return { commit, subject, why };
}
