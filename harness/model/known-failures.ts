import { z } from "zod";
import { matchesGlob } from "./glob.ts";
import { compareKernelVersions, parseKernelVersion, type KernelVersion } from "./kernel-version.ts";

const versionSchema = z
  .string()
  .refine((text) => parseKernelVersion(text) !== undefined, "is no kernel version");

/** A failure that is known and for now put up with: it is told, and blames nobody. */
const knownFailureSchema = z.strictObject({
  /** Name of a case, or a glob. */
  case: z.string().min(1),
  /** The architectures it is known on; all when left out. */
  arch: z.array(z.string()).min(1).optional(),
  /** The oldest kernel it is known on, and the first it is not; a stable release is of its series. */
  from: versionSchema.optional(),
  before: versionSchema.optional(),
  reason: z.string().min(1),
  /** Where it is reported. */
  link: z.url(),
  /** The last day (UTC) on which it is put up with. From then on every run that it concerns fails. */
  expires: z.iso.date(),
});
export type KnownFailure = z.infer<typeof knownFailureSchema>;

export const knownFailuresSchema = z.array(knownFailureSchema);

/** Those that concern a cell, apart by whether they still hold. */
export function knownFailuresFor(
  known: readonly KnownFailure[],
  cell: { readonly arch: string; readonly version: KernelVersion; readonly now: Date },
): { readonly live: readonly KnownFailure[]; readonly expired: readonly KnownFailure[] } {
  const concerning = known.filter(({ arch, from, before }) => {
    if (arch && !arch.includes(cell.arch)) return false;
    const oldest = from === undefined ? undefined : parseKernelVersion(from);
    const end = before === undefined ? undefined : parseKernelVersion(before);
    if (oldest && compareKernelVersions(cell.version, oldest) < 0) return false;
    return !(end && compareKernelVersions(cell.version, end) >= 0);
  });
  const today = cell.now.toISOString().slice(0, 10);
  const isLive = ({ expires }: KnownFailure) => today <= expires;
  return {
    live: concerning.filter(isLive),
    expired: concerning.filter((each) => !isLive(each)),
  };
}

/** The entry that covers a case; undefined when none does. */
export function knownFailureOf(
  known: readonly KnownFailure[],
  caseName: string,
): KnownFailure | undefined {
  return known.find((each) => matchesGlob(each.case, caseName));
}
