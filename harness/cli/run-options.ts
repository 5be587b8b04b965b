import type { Argv } from "yargs";
import { Failure } from "../model/failure.ts";
import type { RunRequest } from "../pipeline/plan.ts";

/** The options by which run, build and boot say which kernel they mean. */
export function kernelOptions(yargs: Argv) {
  return yargs
    .option("arch", {
      type: "string",
      default: "x86_64",
      describe: "architecture (harness list arches)",
    })
    .option("kernel", {
      type: "string",
      describe:
        "6.12 or release:6.12 (kernel.org), apt:6.12, dir:PATH, git:REPO#REV; the newest that apt offers by default",
    })
    .option("series", {
      type: "string",
      array: true,
      describe: "shipped series (harness list series), or all",
    })
    .option("patch", {
      type: "string",
      array: true,
      describe: "a .patch file, an mbox, or a folder of format-patch files",
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
    .option("toolchain", { type: "string", default: "gcc", describe: "gcc, gcc-N, clang, clang-N" })
    .option("jobs", {
      type: "number",
      describe: "jobs for make; as many as there are CPUs by default",
    })
    .option("accel", {
      choices: ["auto", "kvm", "tcg"] as const,
      default: "auto" as const,
      describe: "how QEMU runs guests; auto takes KVM where a guest really runs under it",
    })
    .option("timeout-scale", {
      type: "number",
      default: 1,
      describe: "multiplies every bound on time, for a slow machine",
    });
}

/** What yargs makes of kernelOptions. */
export interface KernelArguments {
  readonly arch: string;
  readonly kernel: string | undefined;
  readonly series: string[] | undefined;
  readonly patch: string[] | undefined;
  readonly on: string | undefined;
  readonly kconfig: string[] | undefined;
  readonly toolchain: string;
  readonly jobs: number | undefined;
  readonly accel: "auto" | "kvm" | "tcg";
  readonly "timeout-scale": number;
}

export function runRequest(
  args: KernelArguments,
  more: { readonly suites?: readonly string[]; readonly repeat?: number } = {},
): RunRequest {
  return {
    arch: args.arch,
    kernel: args.kernel,
    series: args.series ?? [],
    patches: args.patch ?? [],
    on: args.on,
    suites: more.suites ?? [],
    kconfig: args.kconfig ?? [],
    toolchain: args.toolchain,
    jobs: args.jobs,
    accel: args.accel,
    repeat: more.repeat ?? 1,
    timeoutScale: args["timeout-scale"],
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
