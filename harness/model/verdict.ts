import { z } from "zod";

/** What one case of a suite came to on one kernel. `missing`: planned, never reported. */
export const caseVerdicts = [
  "pass",
  "fail",
  "skip",
  "xfail",
  "crash",
  "timeout",
  "missing",
] as const;
export type CaseVerdict = (typeof caseVerdicts)[number];

/** Whether it says that something is wrong. */
export function isFailing(verdict: CaseVerdict): boolean {
  return verdict !== "pass" && verdict !== "skip" && verdict !== "xfail";
}

/** One case on one kernel in one boot. */
export const caseResultSchema = z.object({
  /** Stable and unique: <suite>.<program>.<case>[.<subcase>][@<abi>]. */
  name: z.string(),
  verdict: z.enum(caseVerdicts),
  /** Why: the text behind # SKIP, the panic's title, "no end within 45 s" ... */
  reason: z.string().optional(),
  /** Diagnostic lines that the program printed for this case, bounded. */
  diagnostics: z.array(z.string()).optional(),
});
export type CaseResult = z.infer<typeof caseResultSchema>;

/** Whether a case is of a program: "<suite>.<program>[@<abi>]". */
export function isCaseOf(program: string, caseName: string): boolean {
  const [name = "", abi = ""] = program.split("@");
  const caseAbi = /@(\w+)$/.exec(caseName)?.[1] ?? "";
  const rest = caseAbi === "" ? caseName : caseName.slice(0, -caseAbi.length - 1);
  return caseAbi === abi && (rest === name || rest.startsWith(`${name}.`));
}

/** What a kernel complained about on its console. */
export const splatSchema = z.object({
  kind: z.enum([
    "panic",
    "oops",
    "warning",
    "kasan",
    "ubsan",
    "lockdep",
    "hung-task",
    "rcu-stall",
    "lockup",
    "oom",
    "bug",
  ]),
  title: z.string(),
  /** Byte offset of its first line in console.log. */
  offset: z.number(),
});
export type Splat = z.infer<typeof splatSchema>;

/** The same complaint of two boots: addresses, process ids and offsets differ, the words do not. */
export function splatKey(splat: Splat): string {
  const words = splat.title
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/gi, "")
    .replace(/\b(0x)?[0-9a-f]{8,}\b/gi, "*")
    .replace(/\d+/g, "N");
  return `${splat.kind}: ${words}`;
}
