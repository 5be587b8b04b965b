import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "./model/failure.ts";
import { projectDir } from "./paths.ts";

/** An ABI whose programs this architecture's kernel runs. */
export interface Abi {
  /**
   * As in case names: <case>@<abi>; the first of an architecture is its native one, or, where that
   * has no C library, the one that all its programs are of: their cases' names have no @<abi>.
   */
  readonly name: string;
  /** The C compiler on PATH that makes static programs for it ... */
  readonly compiler: string;
  /** ... with these flags, where it serves several ABIs: ["-m32"]. */
  readonly flags?: readonly string[];
  /** Debian packages that bring the compiler and its libc. */
  readonly packages: readonly string[];
  /**
   * Where no package has a C library for it: what builds musl (libc.ts). The compiler is then that
   * of another ABI of the same CPUs, with kernel headers that serve both.
   */
  readonly musl?: {
    /** The CPU as musl calls it: riscv32. Tools are called after it: riscv32-linux-musl-gcc. */
    readonly cpu: string;
    /** A compiler that comes with gcc's own library for this ABI, and the flags that choose it. */
    readonly libgcc: readonly [string, ...string[]];
    /**
     * The compiler is for bare machines: it knows of no Linux, has no kernel headers (the host's
     * generic ones, and images/musl/<cpu>/), and its linker begins programs at address 0.
     */
    readonly bare?: {
      /** Where programs begin in memory, a page or more above 0. */
      readonly textSegment: string;
    };
  };
}

/** Everything the harness knows of one architecture; inert data, one file each in arch/. */
export interface Arch {
  /** The harness's name for it; the file's name too. */
  readonly name: string;
  /** Other spellings that the command line takes. */
  readonly aliases: readonly string[];
  /** ARCH= of the kernel's Makefile. */
  readonly kernelArch: string;
  /** CROSS_COMPILE=; "" where the host's own compiler serves. */
  readonly crossCompile: string;
  /** What kernel.org calls the target of its compilers (--toolchain korg-N). */
  readonly korg: string;
  /** Debian packages with the kernel's compiler. */
  readonly packages: readonly string[];
  /**
   * The gcc that it takes, with its C library; where the host has none or an older one, that of
   * another release is fetched.
   */
  readonly gccAtLeast?: { readonly version: string; readonly because: string };
  /** Make targets to build, such as ["vmlinux"]. */
  readonly targets: readonly string[];
  /** What QEMU boots, relative to the object tree. */
  readonly image: string;
  readonly abis: readonly Abi[];
  readonly qemu: {
    readonly binary: string;
    /** The Debian package; with `atLeast` a real one, else also a virtual one, which all releases have. */
    readonly package: string;
    /** The QEMU that it takes; where the host's is older, one of another release is fetched. */
    readonly atLeast?: { readonly version: string; readonly because: string };
    /** Machine, CPU and devices; accelerator, memory, kernel, console and network are added by the driver. */
    readonly machine: readonly string[];
    /** CPU model under TCG and under KVM. */
    readonly cpu: { readonly tcg: string; readonly kvm: string };
    readonly memoryMiB: number;
    readonly cpus: number;
    /** The -device argument of the network card; ",netdev=..." is added. */
    readonly nic: string;
    /** Further devices, such as the entropy source. */
    readonly devices: readonly string[];
    /** console= of the kernel's command line. */
    readonly console: string;
    /**
     * How the machine gets its console from the harness's chardev "console"; as its first serial
     * port unless told.
     */
    readonly serial?: readonly string[];
    /** What the console's driver takes as the beginning of a SysRq, where that is no break. */
    readonly sysrqPrefix?: string;
    /** Further words on the kernel's command line. */
    readonly append: readonly string[];
  };
  /**
   * How much slower than the host a guest is, by accelerator, as `harness calibrate` measured it
   * (docs/support.md): every bound on time is multiplied by it, and stress cases do the less.
   */
  readonly slowdown: { readonly tcg: number; readonly kvm: number };
}

/** The folder's listing is the registry: one descriptor a file, its default export. */
export async function loadArches(dir = defaultDir()): Promise<readonly Arch[]> {
  const files = readdirSync(dir)
    .filter((name) => /\.(js|ts)$/.test(name) && !/\.(test|d)\.[jt]s$/.test(name))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(path.join(dir, file))) as { default: Arch };
      const name = file.replace(/\.[jt]s$/, "");
      if (module.default.name !== name) {
        throw new Error(`arch/${file} describes "${module.default.name}"; the names must agree`);
      }
      return module.default;
    }),
  );
}

/**
 * Finds an architecture by name or alias. Throws Failure: "unknown-arch" (usage);
 * "arch-without-fragment", "fragment-without-arch" (infra) where one of its two files is lacking.
 */
export async function findArch(name: string, dir = defaultDir()): Promise<Arch> {
  const arches = await loadArches(dir);
  const found = arches.find((arch) => arch.name === name || arch.aliases.includes(name));
  if (!found && existsSync(path.join(projectDir, fragmentPath(name)))) {
    throw new Failure({
      reason: "fragment-without-arch",
      blame: "infra",
      what: `${fragmentPath(name)} is there, but no harness/arch/${name}.ts that describes "${name}"`,
      hint: "docs/adding-an-arch.md: an architecture is a descriptor and a fragment",
    });
  }
  if (!found) {
    throw new Failure({
      reason: "unknown-arch",
      blame: "usage",
      what: `there is no architecture "${name}"`,
      hint: `known: ${arches.map((arch) => arch.name).join(", ")}`,
    });
  }
  fragmentOf(found);
  return found;
}

/** The architecture's kernel options: a path below the project's folder. Throws as findArch does. */
export function fragmentOf({ name }: Pick<Arch, "name">): string {
  const file = fragmentPath(name);
  if (existsSync(path.join(projectDir, file))) return file;
  throw new Failure({
    reason: "arch-without-fragment",
    blame: "infra",
    what: `harness/arch/${name}.ts is there, but no ${file}`,
    hint: "docs/adding-an-arch.md: an architecture is a descriptor and a fragment",
  });
}

function fragmentPath(name: string): string {
  return path.join("kconfigs", "arch", `${path.basename(name)}.config`);
}

/** The command that compiles for an ABI: the compiler and the flags that choose the ABI. */
export function compilerOf({ compiler, flags = [] }: Abi): readonly [string, ...string[]] {
  return [compiler, ...flags];
}

/** The compiler of the architecture's native ABI; the descriptor need not say it twice. */
export function nativeCompiler({
  abis,
  crossCompile,
}: Pick<Arch, "abis" | "crossCompile">): string {
  return abis[0]?.compiler ?? `${crossCompile}gcc`;
}

/** CROSS_COMPILE= of the guest's programs; "" for the host's own. A kernel's may be another. */
export function programPrefix(arch: Pick<Arch, "abis" | "crossCompile">): string {
  return nativeCompiler(arch).replace(/gcc$/, "");
}

function defaultDir(): string {
  return path.join(path.dirname(fileURLToPath(import.meta.url)), "arch");
}
