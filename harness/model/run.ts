import { z } from "zod";
import type { Blame } from "./failure.ts";
import { caseResultSchema, splatSchema } from "./verdict.ts";
import { comparisonSchema } from "./comparison.ts";

/** Version of run.json; raised when a reader of the old shape would misread the new one. */
export const runSchemaVersion = 1;

export const failureSchema = z.object({
  reason: z.string(),
  blame: z.enum(["series", "baseline", "suite", "infra", "usage"]),
  what: z.string(),
  evidence: z.string().optional(),
  hint: z.string().optional(),
});

/** One boot of one kernel, with all suites run in it (more than one boot when a kernel died in a case). */
export const bootRecordSchema = z.object({
  /** 0-based number of the repeat this boot belongs to. */
  repeat: z.number(),
  /** "<suite>.<program>[@<abi>]" of the programs that were run; all when absent. */
  only: z.array(z.string()).optional(),
  /** How the host lost the guest; the program that ran then was run again on another. */
  lost: z.string().optional(),
  /** Seconds from the start of QEMU to the end of the first ssh command. */
  bootSeconds: z.number().optional(),
  /** Seconds from the start of QEMU to its end. */
  guestSeconds: z.number().optional(),
  /** Paths below the run's folder. */
  console: z.string(),
  ktap: z.array(z.string()),
  /** Seconds that each program ran: "<suite>.<program>[@<abi>]". */
  programSeconds: z.record(z.string(), z.number()).optional(),
  /** Where the programs' output broke the rules of KTAP: "<suite>.<program>: what". */
  problems: z.array(z.string()).optional(),
  splats: z.array(splatSchema),
  cases: z.array(
    caseResultSchema.extend({
      /** Byte range of console.log that belongs to the case's program. */
      console: z.tuple([z.number(), z.number()]).optional(),
    }),
  ),
});
export type BootRecord = z.infer<typeof bootRecordSchema>;

/** One kernel of the run: the baseline, or a series' patched kernel. */
const kernelRecordSchema = z.object({
  /** "baseline" or the series' name. */
  label: z.string(),
  series: z.string().optional(),
  fingerprint: z.string(),
  /** Fingerprint of all that can change what its guests say, but for chance and the host's load. */
  tests: z.string().optional(),
  release: z.string(),
  cached: z.boolean(),
  /** Seconds of make; 0 when cached. */
  buildSeconds: z.number(),
  config: z.string(),
  buildLog: z.string(),
  boots: z.array(bootRecordSchema),
  /** Set when the boots are those of an earlier run: same kernel, image, QEMU and harness. */
  testedIn: z.object({ run: z.string(), at: z.string() }).optional(),
});
export type KernelRecord = z.infer<typeof kernelRecordSchema>;

/** `running` is what a run that is under way, or was killed, leaves; a reader tells the two apart by `process`. */
export const runStatuses = ["running", "complete", "interrupted", "failed"] as const;

/** The process that writes a record; a process id alone may have been given to another since. */
export const runProcessSchema = z.object({
  pid: z.number(),
  /** Clock ticks from boot to its start (field 22 of /proc/PID/stat). */
  startTicks: z.string(),
  /** /proc/sys/kernel/random/boot_id of the host. */
  bootId: z.string(),
});
export type RunProcess = z.infer<typeof runProcessSchema>;

/** results/<run-id>/run.json (docs/results.md). */
export const runRecordSchema = z.object({
  schema: z.literal(runSchemaVersion),
  id: z.string(),
  harness: z.string(),
  argv: z.array(z.string()),
  startedAt: z.string(),
  seconds: z.number(),
  status: z.enum(runStatuses),
  /** Only while the run is under way. */
  process: runProcessSchema.optional(),
  exitStatus: z.number(),
  arch: z.string(),
  kernel: z.object({
    spec: z.string(),
    description: z.string(),
    version: z.string(),
    identity: z.string(),
  }),
  toolchain: z.string(),
  /** What was done about the kernel's age or the tools' (harness list quirks). */
  quirks: z.array(z.object({ name: z.string(), remedy: z.string() })).optional(),
  accelerator: z.object({ name: z.string(), why: z.string() }).optional(),
  suites: z.array(z.string()),
  kernels: z.array(kernelRecordSchema),
  comparisons: z.array(comparisonSchema),
  failures: z.array(failureSchema.extend({ kernel: z.string().optional() })),
  /** Wall seconds by stage: source, tree, configure, make, userland, suites, image, guest ... */
  timings: z.record(z.string(), z.number()),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Whose fault all that is wrong in a run is; nobody's for a clean one. */
export function blamesOf(record: RunRecord): Blame[] {
  return [
    ...(record.status === "interrupted" ? (["infra"] as const) : []),
    ...record.failures.map((failure) => failure.blame),
    ...record.comparisons.flatMap((comparison) => comparison.blames),
  ];
}

/** What the record says of the kernel with this label: "baseline", or a series' name. It must be there. */
export function kernelOf(record: RunRecord, label: string): KernelRecord {
  const found = record.kernels.find((kernel) => kernel.label === label);
  if (!found) throw new Error(`no kernel "${label}" was built`);
  return found;
}
