import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "./model/failure.ts";

/** An ABI whose programs this architecture's kernel runs. */
export interface Abi {
  /** As in case names: <case>@<abi>; the first of an architecture is its native one. */
  readonly name: string;
  /** The C compiler on PATH that makes static programs for it. */
  readonly compiler: string;
  /** Debian packages that bring the compiler and its libc. */
  readonly packages: readonly string[];
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
  /** Debian packages with the kernel's compiler. */
  readonly packages: readonly string[];
  /** Make targets to build, such as ["vmlinux"]. */
  readonly targets: readonly string[];
  /** What QEMU boots, relative to the object tree. */
  readonly image: string;
  readonly abis: readonly Abi[];
  readonly qemu: {
    readonly binary: string;
    readonly package: string;
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
    /** Further words on the kernel's command line. */
    readonly append: readonly string[];
  };
  /** How much slower than x86_64 under KVM a guest is, by accelerator; scales every bound. */
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

/** Finds an architecture by name or alias. Throws Failure "unknown-arch" (usage). */
export async function findArch(name: string, dir = defaultDir()): Promise<Arch> {
  const arches = await loadArches(dir);
  const found = arches.find((arch) => arch.name === name || arch.aliases.includes(name));
  if (found) return found;
  throw new Failure({
    reason: "unknown-arch",
    blame: "usage",
    what: `there is no architecture "${name}"`,
    hint: `known: ${arches.map((arch) => arch.name).join(", ")}`,
  });
}

function defaultDir(): string {
  return path.join(path.dirname(fileURLToPath(import.meta.url)), "arch");
}
