import { z } from "zod";
import { cellRequestSchema } from "./request.ts";
import { failureSchema, runProcessSchema, runStatuses } from "./run.ts";

/** Version of bisect.json; raised when a reader of the old shape would misread the new one. */
export const bisectSchemaVersion = 1;

/** What is asked of each commit: does it build, does it boot, does this case pass? */
const questionSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("build") }),
  z.object({ kind: z.literal("boot") }),
  z.object({ kind: z.literal("case"), name: z.string() }),
]);
export type Question = z.infer<typeof questionSchema>;

/** What came of asking once: one boot, or one build. */
export const outcomeSchema = z.object({
  /** "none": nothing can be said, such as when the kernel does not boot and a case is asked for. */
  answer: z.enum(["pass", "fail", "none"]),
  /** In which way: the verdict of the case, or the reason of a failure ("boot-panic"). */
  symptom: z.string(),
  /** For people; may hold what a guest said. */
  why: z.string(),
  seconds: z.number(),
  /** Below the bisection's folder. */
  console: z.string().optional(),
  /** The bisection that asked, when the answer was taken over. */
  askedIn: z.string().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

export type BisectVerdict = "good" | "bad" | "skip";

/** Why a commit was judged: as an end, as one that git chose, to be surer of a culprit, or its revert. */
const roles = ["bad end", "good end", "step", "confirm", "revert"] as const;
export type Role = (typeof roles)[number];

const stepSchema = z.object({
  role: z.enum(roles),
  commit: z.string(),
  subject: z.string(),
  verdict: z.enum(["good", "bad", "skip"]),
  /** May hold what a guest said. */
  why: z.string(),
  /** The kernel's fingerprint. */
  kernel: z.string(),
  /** Seconds of make; 0 when the kernel was there already. */
  buildSeconds: z.number(),
  /** All of the commit so far, those of earlier steps too. */
  outcomes: z.array(outcomeSchema),
  /** What this step took. */
  seconds: z.number(),
});
export type BisectStep = z.infer<typeof stepSchema>;

const judgedSchema = z.object({ commit: z.string(), subject: z.string(), why: z.string() });
export type JudgedCommit = z.infer<typeof judgedSchema>;

const bisectResultSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("culprit"),
    ...judgedSchema.shape,
    /** Its message and which files it changes, as git shows them. */
    shown: z.string(),
    /** What the commits before it said: they are good. */
    before: z.array(judgedSchema),
    /** That the commits before it are good, from 0 to 1. */
    confidence: z.number(),
    /** The bad end without it. `passes` is absent when that could not be asked. */
    revert: z.object({ passes: z.boolean().optional(), why: z.string() }),
  }),
  z.object({ kind: z.literal("only-skipped"), candidates: z.array(judgedSchema) }),
  /** Every patch of a series was asked. */
  z.object({ kind: z.literal("walked"), patches: z.number(), broken: z.array(judgedSchema) }),
]);
export type BisectResult = z.infer<typeof bisectResultSchema>;

/** What a bisection is asked; commits by their ids, so that a branch that moves changes nothing. */
const bisectRequestSchema = z.object({
  arch: z.string(),
  question: questionSchema,
  /** Between these commits, or along the patches of the request's one series on this kernel. */
  along: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("commits"),
      repository: z.string(),
      good: z.string(),
      bad: z.string(),
    }),
    z.object({ kind: z.literal("patches"), kernel: z.string() }),
  ]),
  cell: cellRequestSchema,
  /** First boots of the bad end. */
  repeat: z.number(),
  confidence: z.number(),
  /** Asks every kernel, even if an earlier bisection did. */
  fresh: z.boolean(),
});
export type BisectRequest = z.infer<typeof bisectRequestSchema>;

/** results/<id>/bisect.json (docs/bisection.md). */
export const bisectRecordSchema = z.object({
  schema: z.literal(bisectSchemaVersion),
  id: z.string(),
  harness: z.string(),
  argv: z.array(z.string()),
  /** What relative paths in the request are relative to. */
  cwd: z.string(),
  request: bisectRequestSchema,
  startedAt: z.string(),
  seconds: z.number(),
  status: z.enum(runStatuses),
  /** Only while it is under way. */
  process: runProcessSchema.optional(),
  exitStatus: z.number(),
  /** How the bad end fails: the symptoms by which a commit is called bad. */
  symptoms: z.array(z.string()),
  /** How often the case was seen to fail on a kernel that is bad. */
  seen: z.object({ fails: z.number(), boots: z.number() }).optional(),
  steps: z.array(stepSchema),
  result: bisectResultSchema.optional(),
  failure: failureSchema.optional(),
});
export type BisectRecord = z.infer<typeof bisectRecordSchema>;

/** Symptoms that a busy host can bring about too. */
export const doubtfulSymptoms: readonly string[] = [
  "timeout",
  "boot-hang",
  "boot-no-console",
  "boot-no-ssh",
];

/**
 * What outcomes make of a commit; undefined when there must be more of them. It is bad at the first
 * failure of a known kind (of any kind, where none is known), good after so many passes, and skipped
 * when it fails in another way: that may be another fault, and says nothing of this one.
 */
export function judged(
  outcomes: readonly Outcome[],
  symptoms: readonly string[] | undefined,
  passesNeeded: number,
): { readonly verdict: BisectVerdict; readonly why: string } | undefined {
  const silent = outcomes.find(({ answer }) => answer === "none");
  if (silent) return { verdict: "skip", why: silent.why };
  const failing = outcomes.filter(({ answer }) => answer === "fail");
  const same = failing.find(({ symptom }) => symptoms?.includes(symptom) ?? true);
  if (same) return { verdict: "bad", why: same.why };
  const [other] = failing;
  if (other) {
    const expected = symptoms?.join(" or ") ?? "";
    return { verdict: "skip", why: `fails otherwise than the bad end (${expected}): ${other.why}` };
  }
  const [first] = outcomes;
  if (!first || outcomes.length < passesNeeded) return undefined;
  return { verdict: "good", why: times(first.why, outcomes.length) };
}

/** "passes", "passes, 5 times". */
export function times(why: string, count: number): string {
  return count === 1 ? why : `${why}, ${count} times`;
}
