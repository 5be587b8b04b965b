import { toolVersion } from "../tool-version.ts";
import { sha256 } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { versionIn, type KernelVersion } from "../model/kernel-version.ts";
import type { Arch } from "../arch.ts";
import type { Emit } from "../model/event.ts";
import { fetchCompiler } from "./fetched-compiler.ts";
import { fetchKorgCompiler, isKorgName } from "./korg-compiler.ts";

/** The compiler that builds kernels, on PATH or fetched. */
export interface Toolchain {
  /** As asked for: gcc, gcc-12, clang. */
  readonly name: string;
  /** First line of its --version, for people. */
  readonly description: string;
  /** Hash over what compiler and linker say of themselves; part of every kernel's fingerprint. */
  readonly identity: string;
  /** Variables for make, such as ["CC=ccache gcc"]. */
  readonly makeVariables: readonly string[];
  readonly ccache: boolean;
  /** Of compiler and GNU linker, where they are the ones used and tell it; for quirks.ts. */
  readonly versions: {
    readonly gcc?: KernelVersion | undefined;
    readonly clang?: KernelVersion | undefined;
    readonly binutils?: KernelVersion | undefined;
  };
}

/**
 * Finds a toolchain: "gcc", "gcc-N" (with the architecture's prefix), "clang" (LLVM=1,
 * Documentation/kbuild/llvm.rst), or "korg-N", kernel.org's gcc N (korg-compiler.ts). A gcc-N that is
 * not on PATH is fetched (fetched-compiler.ts).
 * ccache is used where it is installed.
 * Throws Failure "unknown-toolchain" (usage) or "no-compiler" (infra), and what fetching throws.
 */
export async function findToolchain(
  name: string,
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<Toolchain> {
  checkToolchainName(name);
  const isKorg = isKorgName(name);
  const llvm = name.startsWith("clang");
  const suffix = /-\d+$/.exec(name)?.[0] ?? "";
  const prefix = isKorg ? await fetchKorgCompiler(name, arch, options) : arch.crossCompile;
  const onPath = llvm ? name : `${prefix}${isKorg ? "gcc" : name}`;
  const isFetched = name.startsWith("gcc-") && (await toolVersion(onPath)).exitCode !== 0;
  const compiler = isFetched ? await fetchCompiler(name, arch, options) : onPath;
  const linker = llvm ? `ld.lld${suffix}` : `${prefix}ld`;
  const [compilerSays, linkerSays] = await Promise.all([
    versionOf(compiler, arch),
    versionOf(linker, arch),
  ]);
  const ccache = (await toolVersion("ccache")).exitCode === 0;
  const wrapped = ccache ? `ccache ${compiler}` : compiler;
  return {
    name,
    description: compilerSays.split("\n")[0] ?? compiler,
    identity: sha256(`${compilerSays}\n${linkerSays}`),
    makeVariables: [
      ...(llvm ? [`LLVM=${suffix || "1"}`] : prefix ? [`CROSS_COMPILE=${prefix}`] : []),
      `CC=${wrapped}`,
      // What runs on the host is the same for all architectures, so ccache pays where it does not for kernels.
      `HOSTCC=${ccache ? "env -u CCACHE_DISABLE ccache " : ""}${llvm ? name : "gcc"}`,
    ],
    ccache,
    versions: llvm
      ? { clang: versionIn(compilerSays) }
      : { gcc: versionIn(compilerSays), binutils: versionIn(linkerSays) },
  };
}

/** Throws Failure usage "unknown-toolchain" for what is the name of none. */
export function checkToolchainName(name: string): void {
  if (isKorgName(name) || /^(gcc|clang)(-\d+)?$/.test(name)) return;
  throw new Failure({
    reason: "unknown-toolchain",
    blame: "usage",
    what: `"${name}" is no toolchain`,
    hint: "use gcc, gcc-N (such as gcc-12), clang, clang-N, korg-N or korg-N.M.P",
  });
}

async function versionOf(tool: string, arch: Arch): Promise<string> {
  const result = await toolVersion(tool);
  if (result.exitCode === 0) return result.stdout;
  throw new Failure({
    reason: "no-compiler",
    blame: "infra",
    what: `${tool}, which builds ${arch.name} kernels, does not run`,
    evidence: result.output || (result.spawnError ?? ""),
    hint: `apt-get install ${arch.packages.join(" ")} (harness doctor lists all that is missing)`,
  });
}
