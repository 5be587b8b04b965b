import { times, type BisectStep, type BisectVerdict, type Outcome } from "../../model/bisect.ts";
import type { Seen } from "../../model/confidence.ts";
import { Failure } from "../../model/failure.ts";
import { BisectRepository } from "../../source.ts";

/** What the ends of a bisection have to be, before anything between them is asked. */

export type End = Pick<BisectStep, "commit" | "subject" | "verdict" | "why" | "outcomes">;

/** A bad end that fails now and then gets so many times its first boots: how often it fails must be known. */
const moreBoots = 4;

/** What outcomes make of the bad end; undefined when there must be more of them. `boots`: at the least. */
export function judgedBadEnd(
  outcomes: readonly Outcome[],
  boots: number,
): { readonly verdict: BisectVerdict; readonly why: string } | undefined {
  const silent = outcomes.find(({ answer }) => answer === "none");
  if (silent) return { verdict: "skip", why: silent.why };
  const failing = outcomes.filter(({ answer }) => answer === "fail");
  const wavers = failing.length > 0 && failing.length < outcomes.length;
  if (outcomes.length < (wavers ? boots * moreBoots : boots)) return undefined;
  const [failed] = failing;
  const [first] = outcomes;
  if (!failed) return { verdict: "good", why: times(first?.why ?? "", outcomes.length) };
  const often = outcomes.length > 1 ? `in ${failing.length} of ${outcomes.length}: ` : "";
  return { verdict: "bad", why: `${often}${failed.why}` };
}

/**
 * Throws Failure usage when two commits cannot be the ends of a bisection: "same-ends",
 * "ends-swapped", "no-ancestor".
 */
export async function checkAncestry(
  repository: BisectRepository,
  good: string,
  bad: string,
): Promise<void> {
  if (good === bad) {
    throw new Failure({
      reason: "same-ends",
      blame: "usage",
      what: `--good and --bad are both ${good.slice(0, 12)}`,
      hint: "there is nothing between them",
    });
  }
  if (await repository.isAncestor(good, bad)) return;
  if (await repository.isAncestor(bad, good)) {
    throw new Failure({
      reason: "ends-swapped",
      blame: "usage",
      what: `the good end ${good.slice(0, 12)} comes after the bad one, ${bad.slice(0, 12)}`,
      hint: "are --good and --bad swapped? To find what mended a case, there is `git bisect` with other terms",
    });
  }
  throw new Failure({
    reason: "no-ancestor",
    blame: "usage",
    what: `the good end ${good.slice(0, 12)} is no ancestor of the bad one, ${bad.slice(0, 12)}`,
    hint: `give a good commit from which the bad one descends: git merge-base ${good.slice(0, 12)} ${bad.slice(0, 12)}`,
  });
}

/**
 * Throws Failure usage when the ends are not what they were said to be: "end-not-judged",
 * "ends-swapped", "good-end-fails", "bad-end-passes". `bad` is absent when it is known.
 */
export function checkEnds(good: End, bad: End | undefined): void {
  for (const [name, end] of [["bad", bad] as const, ["good", good] as const]) {
    if (end?.verdict !== "skip") continue;
    throw new Failure({
      reason: "end-not-judged",
      blame: "usage",
      what: `the ${name} end ${words(end)} cannot be judged: ${end.why}`,
      hint: "both ends must build and boot and run the case; choose another",
    });
  }
  const isGood = good.verdict === "good";
  const isBad = bad === undefined || bad.verdict === "bad";
  if (isGood && isBad) return;
  if (!isGood && !isBad) {
    throw new Failure({
      reason: "ends-swapped",
      blame: "usage",
      what: `the good end ${words(good)} fails (${good.why}), and the bad end passes`,
      hint: "are --good and --bad swapped?",
    });
  }
  if (!isGood) {
    throw new Failure({
      reason: "good-end-fails",
      blame: "usage",
      what: `the good end ${words(good)} is not good: ${good.why}`,
      hint: "choose an older commit; if it fails now and then only, another case may do",
    });
  }
  throw new Failure({
    reason: "bad-end-passes",
    blame: "usage",
    what: `the bad end ${words(bad ?? good)} is not bad: ${bad?.why ?? ""}`,
    hint: "if it fails now and then only, --repeat with more boots finds that out",
  });
}

/** A case that fails so rarely that a good verdict would take more boots than this is not bisected. */
export const tooRare = {
  boots: 100,
  failure: ({ fails, boots }: Seen, passes: number) =>
    new Failure({
      reason: "too-rare",
      blame: "usage",
      what: `the case fails in ${fails} of ${boots} boots: to call a commit good would take ${passes} boots`,
      hint: "lower --confidence; or raise --repeat, since more boots of the bad end say more of how often it fails",
    }),
} as const;

function words({ commit, subject }: End): string {
  return `${commit.slice(0, 12)} ("${subject}")`;
}
