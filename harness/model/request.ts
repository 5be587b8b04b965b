import { z } from "zod";

const texts = z.array(z.string()).readonly();

/** What the user asks of each cell of a run, as typed; empty lists mean "the default". */
export const cellRequestSchema = z
  .object({
    /** Names of shipped series; "all" for each that serves the kernel. */
    series: texts,
    /** .patch, mbox, or folders of format-patch files; each a series of its own. */
    patches: texts,
    /** The patches are revisions of one series, oldest first. */
    areRevisions: z.boolean(),
    /** A shipped series, or a patch file or folder, that is part of the baseline. */
    on: z.string().optional(),
    suites: texts,
    /** Fragment files, or CONFIG_X=value. */
    kconfig: texts,
    toolchain: z.string(),
    jobs: z.number().optional(),
    /** Whether kernels are built with ccache; not when absent. */
    ccache: z.boolean().optional(),
    accel: z.enum(["auto", "kvm", "tcg"]),
    repeat: z.number(),
    timeoutScale: z.number(),
    /** A file of known failures; the project's own when absent. */
    knownFailures: z.string().optional(),
  })
  .readonly();
export type CellRequest = z.infer<typeof cellRequestSchema>;

/** The whole of one cell. */
export interface RunRequest extends CellRequest {
  readonly arch: string;
  /** See source.ts; the newest kernel that apt offers when absent. */
  readonly kernel?: string | undefined;
}
