import type {
  CaseComparison,
  Comparison,
  ComparisonVerdict,
  RepeatResults,
  Transition,
} from "./comparison.ts";
import { blames, type Blame } from "./failure.ts";
import { isFlakyByPatch, isSteady, isUndecided, withFlakyPrograms } from "./flaky.ts";
import { canMatchFrom, matchesGlob } from "./glob.ts";
import { knownFailureOf, type KnownFailure } from "./known-failures.ts";
import { isCaseOf, isFailing, splatKey, type CaseResult, type CaseVerdict } from "./verdict.ts";

export interface CompareRequest {
  /** The series' name. */
  readonly series: string;
  /** Globs of the cases that show the series' claim (series.json). */
  readonly proves: readonly string[];
  /** Globs of those among them that cannot show it on this kernel, for reasons of its age. */
  readonly except?: readonly string[];
  /** What any kernel warns of that runs some of those. */
  readonly exceptWarnings?: readonly ExpectedWarnings[];
  /** The series takes a feature away: its cases must pass on the baseline and not on the patched kernel. */
  readonly control: boolean;
  /** "<suite>.<program>[@<abi>]" of the programs that the harness does not run on this architecture. */
  readonly leftOut?: readonly string[];
  /** One entry a repeat. */
  readonly baseline: readonly RepeatResults[];
  readonly patched: readonly RepeatResults[];
  /** What the harness failed to run; makes the comparison incomplete. */
  readonly unseen?: readonly Unseen[];
  /** Those that concern this cell and have not expired. */
  readonly known?: readonly KnownFailure[] | undefined;
}

/** Globs of warnings, and of the cases that bring them: new ones where only the patched kernel runs these. */
interface ExpectedWarnings {
  readonly cases: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Results that are lacking for a reason that is not the kernel's (ssh lost while it lived, QEMU
 * killed). Cases that are not there for it are neither regressions nor flaky.
 */
export interface Unseen {
  readonly side: "baseline" | "patched";
  /** The suite, as case names begin with it; all of the side when left out. */
  readonly suite?: string;
  /** For people: "wait6 on the patched kernel: ssh was lost". */
  readonly why: string;
}

/**
 * Compares what the same suites said on the baseline and on the patched kernel.
 *
 * - pass -> anything else is a regression: config, image and QEMU are equal, so a case that is
 *   now skipped, missing or gone is coverage that the series took away;
 * - not pass -> pass is fixed; two kinds of not passing (fail -> timeout) are the same;
 * - only on the patched kernel is new, and a regression when it fails there: the series brought
 *   the case, or the program began to contradict itself;
 * - only on the baseline is gone, and a regression when it passed there;
 * - verdicts that differ between repeats of one kernel are flaky, but for kinds of failing.
 *
 * A proving case must be seen not to pass on the baseline and pass on the patched kernel, each
 * time that it was tried there. `missing` on the side that must not pass shows nothing: the case
 * was not seen there.
 */
export function compare(request: CompareRequest): Comparison {
  const unseen = [...(request.unseen ?? [])];
  const { except = [], leftOut = [] } = request;
  const isOwn = (name: string) =>
    !leftOut.includes(name) && request.proves.some((glob) => matchesGlob(glob, name));
  const isExcepted = (name: string) => except.some((glob) => matchesGlob(glob, name));
  for (const side of ["baseline", "patched"] as const) {
    if (request[side].every(({ cases }) => cases.length === 0)) {
      unseen.push({ side, why: `the ${side} kernel reported no case` });
    }
  }
  const isUnseen = (side: Unseen["side"], name: string) =>
    unseen.some(
      (each) =>
        each.side === side && (each.suite === undefined || name.startsWith(`${each.suite}.`)),
    );
  const baseline = byName(request.baseline, (name) => isUnseen("baseline", name));
  const patched = byName(request.patched, (name) => isUnseen("patched", name));
  const names = [...new Set([...baseline.keys(), ...patched.keys()])];
  const isUnrun = (name: string) =>
    (!baseline.has(name) && isUnseen("baseline", name)) ||
    (!patched.has(name) && isUnseen("patched", name)) ||
    ![request.baseline, request.patched].every((repeats) =>
      repeats.some(({ only }) => ran(only, name)),
    );
  const knownOf = (name: string) => knownFailureOf(request.known ?? [], name);
  const wavering = names.find((name) => !knownOf(name) && diesNowAndThen(baseline.get(name)));
  const isLost = (name: string) => wavering !== undefined && isOnlyDeath(patched.get(name));
  const isLacking = (name: string) => isUnrun(name) || isLost(name);
  const compared = names.map((name) =>
    compareCase(name, baseline.get(name) ?? [], patched.get(name) ?? [], {
      proving: isOwn(name),
      excepted: isExcepted(name),
      control: request.control,
      lacking: isLacking(name),
      known: knownOf(name),
    }),
  );
  const splats = newSplats(request);
  const incomplete = unseen.map(({ why }) => why);
  if (wavering !== undefined && (splats.length > 0 || names.some(isLost)))
    incomplete.push(`a fair comparison: the baseline, too, dies now and then (${wavering})`);
  const programs = new Set(request.baseline.flatMap((repeat) => repeat.programs ?? []));
  const cases = withFlakyPrograms(compared, [...programs]);
  // Of what is left out nothing is known, nor whether it has such cases.
  const isLeftOut = (glob: string) =>
    leftOut.some((program) => canMatchFrom(glob, `${program.replace(/@.*/, "")}.`));
  // Exceptions may leave nothing of one glob, but not of all.
  const hasOwnCases = cases.some(({ proof }) => proof);
  const found: Found = {
    series: request.series,
    control: request.control,
    cases,
    unmatchedProves: [
      ...request.proves.filter(
        (glob) => !hasOwnCases || !names.some((name) => matchesGlob(glob, name)),
      ),
      ...except.filter((glob) => !names.some((name) => matchesGlob(glob, name))),
    ].filter((glob) => !isLeftOut(glob)),
    newSplats: splats,
    incomplete,
  };
  const telling = wavering === undefined ? splats : [];
  const verdict = comparisonVerdict(found, telling);
  return { ...found, verdict, blames: comparisonBlames(found, telling, isLacking) };
}

/** The case's results in each repeat that ran its program; one without it counts as `missing` unless it was not seen. */
function byName(
  repeats: readonly RepeatResults[],
  isUnseen: (name: string) => boolean,
): Map<string, CaseResult[]> {
  const known = repeats.map(({ cases }) => new Map(cases.map((each) => [each.name, each])));
  const all = new Set(known.flatMap((results) => [...results.keys()]));
  const names = [...all].filter((name) => !isPlaceholder(name, known, repeats));
  const resultsOf = (name: string) =>
    repeats.flatMap(({ only }, index): CaseResult[] => {
      const result = known[index]?.get(name);
      if (result) return [result];
      return ran(only, name) && !isUnseen(name) ? [{ name, verdict: "missing" }] : [];
    });
  return new Map(names.map((name) => [name, resultsOf(name)]));
}

/**
 * Whether a name only stands for a case that a program did not come to ("case-4") where, in another
 * repeat, it came to its cases by their own names: those are what was missing.
 */
function isPlaceholder(
  name: string,
  known: readonly ReadonlyMap<string, CaseResult>[],
  repeats: readonly RepeatResults[],
): boolean {
  if (known.some((results) => (results.get(name)?.verdict ?? "missing") !== "missing"))
    return false;
  return repeats.some(({ cases, programs = [] }, index) => {
    const program = programs.find((each) => isCaseOf(each, name));
    if (program === undefined || known[index]?.has(name)) return false;
    const own = cases.filter((each) => isCaseOf(program, each.name));
    return own.length > 0 && own.every(({ verdict }) => verdict !== "missing");
  });
}

/** Whether a repeat of these programs (all when undefined) ran the one of this case. */
function ran(only: RepeatResults["only"], name: string): boolean {
  return only?.some((program) => isCaseOf(program, name)) ?? true;
}

function compareCase(
  name: string,
  baseline: readonly CaseResult[],
  patched: readonly CaseResult[],
  how: {
    readonly proving: boolean;
    /** It need not prove anything, and may all the same: where a fix mends what the exception is for. */
    readonly excepted: boolean;
    readonly control: boolean;
    readonly lacking: boolean;
    readonly known: KnownFailure | undefined;
  },
): CaseComparison {
  const before = baseline.map((result) => result.verdict);
  const after = patched.map((result) => result.verdict);
  const steady = transitionOf(before, after);
  const transition =
    how.lacking && steady === "regression" ? (after.length > 0 ? "new" : "gone") : steady;
  const shown = how.proving ? proofOf(before, after, how.control) : undefined;
  const proof = how.excepted && shown !== "proved" ? undefined : shown;
  const [baselineReason, patchedReason] = [baseline, patched].map(reasonOf);
  return {
    name,
    baseline: before,
    patched: after,
    transition,
    ...(proof ? { proof } : {}),
    ...(baselineReason === undefined ? {} : { baselineReason }),
    ...(patchedReason === undefined ? {} : { patchedReason }),
    ...(how.known && isKnown(before, after, transition, proof) ? { known: known(how.known) } : {}),
  };
}

/** Why a case did not pass: the reason it gave, else the last thing it printed. */
function reasonOf(results: readonly CaseResult[]): string | undefined {
  const failed = results.find((result) => result.verdict !== "pass");
  return failed?.reason ?? failed?.diagnostics?.at(-1);
}

/** Whether a known failure is what happened: something failed, and was neither mended nor meant to fail. */
function isKnown(
  before: readonly CaseVerdict[],
  after: readonly CaseVerdict[],
  transition: Transition,
  proof: CaseComparison["proof"],
): boolean {
  if (proof === "proved" || transition === "fixed") return false;
  return [...before, ...after].some(isFailing);
}

function known({ reason, link, expires }: KnownFailure): CaseComparison["known"] {
  return { reason, link, expires };
}

/** What became of a case, from its verdicts in the repeats on each kernel (empty: not there). */
export function transitionOf(
  baseline: readonly CaseVerdict[],
  patched: readonly CaseVerdict[],
): Transition {
  if (!isSteady(baseline) || !isSteady(patched)) return "flaky";
  const before = baseline[0];
  const after = patched[0];
  if (before === undefined) return after !== undefined && isFailing(after) ? "regression" : "new";
  if (after === undefined) return before === "pass" ? "regression" : "gone";
  if (before === "pass") return after === "pass" ? "same" : "regression";
  return after === "pass" ? "fixed" : "same";
}

/** A case that was run or deliberately not run, and did not pass. */
function isSeenNotToPass(verdict: CaseVerdict): boolean {
  return verdict !== "pass" && verdict !== "missing";
}

/** Did the case show that it needs the feature? For a control the sides change places. */
function proofOf(
  baseline: readonly CaseVerdict[],
  patched: readonly CaseVerdict[],
  control: boolean,
): NonNullable<CaseComparison["proof"]> {
  const [without, having] = control ? [patched, baseline] : [baseline, patched];
  if (without.length === 0 || having.length === 0) return "not-proved";
  // A skip says that the case could not be tried in that boot, no more: it is told as flaky.
  const tried = having.filter((verdict) => verdict !== "skip");
  if (tried.length === 0 || tried.some((verdict) => verdict !== "pass")) return "not-proved";
  if (without.every((verdict) => verdict === "pass")) return "passes-without";
  // A control takes a feature away; a kernel that dies of it is broken, not without the feature.
  const shown = control
    ? (verdict: CaseVerdict) => isSeenNotToPass(verdict) && verdict !== "crash"
    : isSeenNotToPass;
  return without.every(shown) ? "proved" : "not-proved";
}

/** A regression that counts against the series: a control's own cases are meant to fail, and a known failure is no news. */
export function isRegression(comparison: { control: boolean }, each: CaseComparison): boolean {
  if (each.transition !== "regression" || each.known) return false;
  return !(comparison.control && each.proof === "proved");
}

/**
 * What is worth a second look before it is said: a regression, a claim that is not proved, a
 * baseline that dies in a case, a failure that the series mends without claiming to.
 */
export function isDoubtful(comparison: { control: boolean }, each: CaseComparison): boolean {
  if (each.known) return false;
  if (each.proof && each.proof !== "proved") return true;
  const isUnclaimed = each.proof === undefined && each.transition === "fixed";
  if (isUnclaimed && each.baseline.some(isFailing)) return true;
  return isRegression(comparison, each) || each.baseline.includes("crash");
}

type Found = Omit<Comparison, "verdict" | "blames">;

/** A kernel that dies in a case, and in another repeat does not: what kills it may strike anywhere. */
function diesNowAndThen(results: readonly CaseResult[] = []): boolean {
  const deaths = results.filter(({ verdict }) => verdict === "crash").length;
  return deaths > 0 && deaths < results.length;
}

/** Whether nothing was seen of a case but that the kernel died in it, or before it. */
function isOnlyDeath(results: readonly CaseResult[] = []): boolean {
  return (
    results.length > 0 &&
    results.every(({ verdict }) => verdict === "crash" || verdict === "missing")
  );
}

function comparisonVerdict(found: Found, tellingSplats: readonly string[]): ComparisonVerdict {
  if (tellingSplats.length > 0) return "regression";
  if (found.cases.some((each) => isRegression(found, each))) return "regression";
  if (found.incomplete.length > 0) return "incomplete";
  if (found.unmatchedProves.length > 0) return "not-proved";
  if (found.cases.some((each) => each.proof && each.proof !== "proved")) return "not-proved";
  if (found.cases.some((each) => isUndecided(each) || isFlakyByPatch(each))) return "flaky";
  return found.cases.some(({ proof }) => proof) ? "proved" : "no-regression";
}

/**
 * Whose fault it is that a comparison is not clean.
 *
 * - series: a regression, a new splat (not where the baseline dies now and then), a claim not
 *   proved, a case that is flaky on the patched kernel only, and more often than chance explains;
 * - baseline: its kernel dies in a case and the series does not mend that; a control's case that
 *   fails on the baseline, which has the feature;
 * - suite: a control's case passes without the feature (it cannot fail); a glob of `proves`
 *   matches no case of the suites; a control's case wavers where the feature is; a case is flaky on
 *   the patched kernel, perhaps by chance;
 * - nobody: a case that is flaky on the baseline too, or too rarely in many repeats, or in a program
 *   of which as much is true; a known failure.
 *
 * What the harness failed to run blames nobody here: the failure that cut it short does.
 */
function comparisonBlames(
  found: Found,
  tellingSplats: readonly string[],
  isLacking: (name: string) => boolean,
): Blame[] {
  const all = new Set<Blame>();
  if (tellingSplats.length > 0) all.add("series");
  for (const each of found.cases) {
    if (each.known) continue;
    if (isRegression(found, each) || isFlakyByPatch(each)) all.add("series");
    if (each.baseline.includes("crash") && each.transition !== "fixed") all.add("baseline");
    if (each.proof && each.proof !== "proved" && !isLacking(each.name)) {
      all.add(blameForProof(found.control, each));
    }
  }
  if (found.unmatchedProves.length > 0 && found.incomplete.length === 0) all.add("suite");
  // A case that may be flaky must not hide a regression that is one.
  if (all.size === 0 && found.cases.some(isUndecided)) all.add("suite");
  return blames.filter((blame) => all.has(blame));
}

function blameForProof(control: boolean, each: CaseComparison): Blame {
  if (!control) return "series";
  if (each.proof === "passes-without") return "suite";
  if (each.baseline.some(isFailing)) return each.baseline.includes("pass") ? "suite" : "baseline";
  return each.patched.includes("crash") ? "series" : "suite";
}

/** Titles of the patched kernel's splats that no repeat of the baseline has; each once. */
function newSplats({ baseline, patched, exceptWarnings = [] }: CompareRequest): string[] {
  const known = new Set(baseline.flatMap(({ splats }) => splats.map(splatKey)));
  const expected = exceptWarnings
    .filter(({ cases }) => haveRun(patched, cases) && !haveRun(baseline, cases))
    .flatMap(({ warnings }) => warnings);
  const found = new Map<string, string>();
  for (const splat of patched.flatMap(({ splats }) => splats)) {
    const { kind, title } = splat;
    if (kind === "warning" && expected.some((glob) => matchesGlob(glob, title))) continue;
    const key = splatKey(splat);
    if (!known.has(key) && !found.has(key)) found.set(key, `${kind}: ${title}`);
  }
  return [...found.values()];
}

/** Whether a kernel ran a case with such a name: one that skips has not done what its name says. */
function haveRun(repeats: readonly RepeatResults[], globs: readonly string[]): boolean {
  return repeats
    .flatMap(({ cases }) => cases)
    .some(
      ({ name, verdict }) => verdict !== "skip" && globs.some((glob) => matchesGlob(glob, name)),
    );
}
