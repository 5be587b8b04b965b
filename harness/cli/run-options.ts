import type { Argv } from "yargs";
import { Failure } from "../model/failure.ts";
import type { CellRequest, RunRequest } from "../model/request.ts";

const archText = "architecture (harness list arches)";
const kernelText =
  "6.12 or release:6.12 (kernel.org), apt:6.12, dir:PATH, git:REPO#REV; the newest that apt offers by default";

/** The options by which build, boot and mutants say which kernel they mean. */
export function kernelOptions(yargs: Argv) {
  return buildOptions(yargs)
    .option("arch", { type: "string", default: "x86_64", describe: archText })
    .option("kernel", { type: "string", describe: kernelText });
}

/** The same for run and matrix, which take several of each, every architecture with every kernel, and what is run there. */
export function cellOptions(yargs: Argv) {
  return buildOptions(yargs)
    .option("arch", {
      type: "string",
      array: true,
      default: ["x86_64"],
      describe: `${archText}; several, or all`,
    })
    .option("kernel", { type: "string", array: true, describe: `${kernelText}; several` })
    .option("suite", {
      type: "string",
      array: true,
      describe:
        "suites (harness list suites), or kselftest:<folder>[,<folder>...]; by default all but those marked there as run when named",
    })
    .option("repeat", {
      type: "number",
      default: 1,
      describe: "boots of each kernel; disagreement is flaky",
    });
}

function buildOptions(yargs: Argv) {
  return yargs
    .option("series", {
      type: "string",
      array: true,
      describe: "shipped series (harness list series), or all",
    })
    .option("patch", {
      type: "string",
      array: true,
      describe:
        "a .patch file, an mbox, a folder of format-patch files, a message-id or lore link (through b4), github:OWNER/REPO#N",
    })
    .option("revisions", {
      type: "boolean",
      default: false,
      describe:
        "the patches given are revisions of one series, oldest first: say where they differ",
    })
    .option("on", {
      type: "string",
      describe: "a shipped series, a patch file or folder that belongs to the baseline",
    })
    .option("kconfig", {
      type: "string",
      array: true,
      describe: "a fragment file or CONFIG_NAME=value, over the project's own",
    })
    .option("toolchain", {
      type: "string",
      default: "auto",
      describe:
        "gcc, gcc-N (of the mirror's releases where it is not installed), clang, clang-N, korg-N (kernel.org's gcc); auto: gcc, or an older one for a kernel that needs it",
    })
    .option("jobs", {
      type: "number",
      describe: "jobs for make; as many as there are CPUs by default",
    })
    .option("ccache", {
      type: "boolean",
      default: false,
      describe: "look files up in ccache, for kernels much like earlier ones (nightly runs)",
    })
    .option("accel", {
      choices: ["auto", "kvm", "tcg"] as const,
      default: "auto" as const,
      describe: "how QEMU runs guests; auto takes KVM where a guest really runs under it",
    })
    .option("known-failures", {
      type: "string",
      describe: "a file of known failures (docs/known-failures.md); the project's own by default",
    })
    .option("timeout-scale", {
      type: "number",
      default: 1,
      describe: "multiplies every bound on time, for a slow machine",
    });
}

/** What yargs makes of buildOptions. */
export interface BuildArguments {
  readonly series: string[] | undefined;
  readonly patch: string[] | undefined;
  readonly revisions: boolean;
  readonly on: string | undefined;
  readonly kconfig: string[] | undefined;
  readonly toolchain: string;
  readonly jobs: number | undefined;
  readonly ccache: boolean | undefined;
  readonly accel: "auto" | "kvm" | "tcg";
  readonly "timeout-scale": number;
  readonly "known-failures": string | undefined;
}

/** What yargs makes of kernelOptions. */
export interface KernelArguments extends BuildArguments {
  readonly arch: string;
  readonly kernel: string | undefined;
}

/** What belongs to a run's cells beside how their kernels are built. */
interface TestArguments {
  readonly suites?: readonly string[];
  readonly repeat?: number;
}

export function runRequest(args: KernelArguments, more: TestArguments = {}): RunRequest {
  return { arch: args.arch, kernel: args.kernel, ...cellRequest(args, more) };
}

export function cellRequest(args: BuildArguments, more: TestArguments = {}): CellRequest {
  return {
    series: args.series ?? [],
    patches: args.patch ?? [],
    areRevisions: args.revisions,
    on: args.on,
    suites: more.suites ?? [],
    kconfig: args.kconfig ?? [],
    toolchain: args.toolchain,
    jobs: args.jobs,
    ccache: args.ccache,
    accel: args.accel,
    repeat: more.repeat ?? 1,
    timeoutScale: args["timeout-scale"],
    knownFailures: args["known-failures"],
  };
}

/** The request of a command that takes one kernel. Throws Failure usage "one-kernel-only". */
export function oneKernel(request: RunRequest): RunRequest {
  const named = [...request.series, ...request.patches];
  if (named.length <= 1 && !named.includes("all")) return request;
  throw new Failure({
    reason: "one-kernel-only",
    blame: "usage",
    what: "this command takes one series at the most",
    hint: "each series has a kernel of its own: name one",
  });
}

/** Who submits to KernelCI: $HARNESS_KCIDB_ORIGIN. Throws Failure usage "bad-kcidb-origin". */
export function kcidbOrigin(env: NodeJS.ProcessEnv = process.env): string {
  const origin = env["HARNESS_KCIDB_ORIGIN"] ?? "harness";
  if (/^[a-z0-9_]+$/.test(origin)) return origin;
  throw new Failure({
    reason: "bad-kcidb-origin",
    blame: "usage",
    what: `HARNESS_KCIDB_ORIGIN is ${JSON.stringify(origin)}`,
    hint: "lower-case letters, digits and _; KernelCI gives each submitter a name",
  });
}
