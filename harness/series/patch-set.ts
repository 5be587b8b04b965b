import { fingerprint, sha256 } from "../fingerprint.ts";
import type { KernelVersion, VersionRange } from "../model/kernel-version.ts";

/** One patch of a series. */
export interface Patch {
  /** The file's name, or "2/7" of a mailbox. */
  readonly name: string;
  readonly subject: string;
  /** The diff as `git apply` takes it: bytes, because source files need not be UTF-8. */
  readonly diff: Uint8Array;
  /** Paths of the files that it changes, adds or removes. */
  readonly files: readonly string[];
}

/** The patches of a series for one kernel, in the order in which they apply. */
export interface PatchSet {
  readonly patches: readonly Patch[];
  /** Where they come from: patches/<series>/<version>, or what the user gave. */
  readonly origin: string;
  /** sha256 over the diffs in order: all of a series that can change a kernel. */
  readonly fingerprint: string;
  /** What is otherwise with the series from this kernel on: 5.2 is given what 5.3 is robbed of. */
  readonly changes?: SeriesChanges;
}

/** What a folder of patches may say of itself, in place of what the series says. */
export type SeriesChanges = Partial<
  Pick<Series, "title" | "description" | "control" | "suites" | "proves">
>;

/** Cases of a series that its kernels are too old for, or that an architecture cannot have. */
export interface Exception {
  /** Globs of their names. */
  readonly cases: readonly string[];
  /** Where that is so; everywhere when absent, everywhere but on x86_64 where "!x86_64" stands. */
  readonly arches?: readonly string[];
  /** The kernels that are too old, or not yet old enough, for it; all when absent. */
  readonly kernel?: VersionRange;
  /** Globs of what any kernel warns of that runs them: no news where only the patched one does. */
  readonly warnings?: readonly string[];
  readonly because: string;
}

/** Where a series has nothing to say. */
export interface Unfit {
  readonly arches: readonly string[];
  readonly because: string;
}

/** A patch series: one that ships in patches/, or one of the user's. */
export interface Series {
  /** Safe as a file's name; unique within a run. */
  readonly name: string;
  readonly title: string;
  /** 3 of "[PATCH v3 …]". */
  readonly revision?: number;
  /** The commit that it is made for, where it says so. */
  readonly baseCommit?: string;
  /** Link to where it was proposed. */
  readonly proposal?: string;
  readonly description?: string;
  /** A control takes away what mainline has: what it "proves" is the other way round. */
  readonly control: boolean;
  /** Suites that belong to it. */
  readonly suites: readonly string[];
  /** Glob patterns of case names that must not pass on the baseline and must pass on the patched kernel. */
  readonly proves: readonly string[];
  /** Those among them that cannot show it on the kernel at hand: it lacks something else that they need. */
  readonly except?: readonly Exception[];
  /** Architectures for which it is not, as one whose kernels lack what it is about. */
  readonly unfit?: readonly Unfit[];
  /** The patches for this kernel. Throws Failure usage "no-patches-for-kernel". */
  patchesFor(kernel: KernelVersion): Promise<PatchSet>;
}

/** Completes patches to a set; the diffs alone decide what kernel comes of them. */
export function patchSet(
  patches: readonly Patch[],
  origin: string,
  changes?: SeriesChanges,
): PatchSet {
  return {
    patches,
    origin,
    ...(changes ? { changes } : {}),
    fingerprint: fingerprint({
      // What is applied, in this order; subjects and commit messages change no kernel.
      // Mailboxes have blank lines between mails, files have none.
      diffs: patches.map(({ diff }) =>
        sha256(Buffer.from(diff).toString("latin1").replace(/\n+$/, "")),
      ),
    }),
  };
}
