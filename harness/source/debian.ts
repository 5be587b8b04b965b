import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { cached } from "../cache.ts";
import { Failure } from "../model/failure.ts";
import {
  compareKernelVersions,
  formatKernelVersion,
  parseKernelVersion,
  type KernelVersion,
} from "../model/kernel-version.ts";
import { openApt, type Apt, type AptPackage } from "./apt.ts";
import { resolvedSource, type ResolvedSource, type SourceOptions } from "./tree.ts";
import { unpackDeb, unpackTarball } from "./unpack.ts";

/** A kernel source that the distribution offers. */
interface AptKernel {
  /** Such as "6.12": what follows apt: on the command line. */
  readonly series: string;
  readonly version: KernelVersion;
  readonly pkg: AptPackage;
}

/** The distribution's kernel sources, one a series in its newest version, the oldest series first. */
export async function aptKernels(options: SourceOptions): Promise<AptKernel[]> {
  return kernelsIn(await open(options));
}

/** The series among them: "5.10", "6.1" … */
export async function aptSeries(options: SourceOptions): Promise<string[]> {
  return (await aptKernels(options)).map(({ series }) => series);
}

/**
 * A kernel of the distribution: a series such as "6.1", or "newest".
 * It is known by its package's checksum in apt's signed index, so nothing is downloaded yet.
 * Throws Failure usage "unknown-kernel", and what apt.ts throws.
 */
export async function resolveApt(
  series: string,
  spec: string,
  options: SourceOptions,
): Promise<ResolvedSource> {
  const apt = await open(options);
  const kernels = await kernelsIn(apt);
  const kernel =
    series === "newest" ? kernels.at(-1) : kernels.find((each) => each.series === series);
  if (!kernel) {
    throw new Failure({
      reason: "unknown-kernel",
      blame: "usage",
      what: `apt has no kernel source "${series}"`,
      evidence: `linux-source-* packages on the host's mirror: ${kernels.map(({ pkg }) => pkg.name).join(", ") || "none"}`,
      hint:
        kernels.length > 0
          ? `known: ${kernels.map((each) => `apt:${each.series}`).join(", ")}, apt:newest`
          : "is this Debian or Ubuntu? look at `apt-cache search linux-source`",
    });
  }
  const { pkg, version } = kernel;
  const checksum = await apt.sha256(pkg);
  return resolvedSource(
    { spec, version, identity: `sha256:${checksum}`, description: describe(kernel) },
    options,
    async ({ into, scratch, progress }) => {
      const entry = await cached(
        {
          kind: "downloads",
          // The package's own checksum says all about it.
          fingerprint: checksum,
          verify: "content",
          notice: (text) => {
            options.emit({ type: "notice", text });
          },
          signal: options.signal,
        },
        async (dir) => {
          progress(`downloading ${pkg.name} ${pkg.version}`);
          await apt.download(pkg, dir, {
            progress: (text) => {
              progress(`downloading ${pkg.name} ${pkg.version}: ${text}`);
            },
            signal: options.signal,
          });
        },
      );
      progress(`unpacking ${pkg.name}`);
      try {
        await unpackPackage(entry.dir, scratch, into, pkg, options.signal);
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.reason === "corrupt-tarball")
          await rm(entry.dir, { recursive: true, force: true });
        throw thrown;
      }
    },
  );
}

function open(options: SourceOptions): Promise<Apt> {
  return openApt({
    suites: "all",
    kind: "deb",
    notice: (text) => {
      options.emit({ type: "notice", text });
    },
    signal: options.signal,
  });
}

async function kernelsIn(apt: Apt): Promise<AptKernel[]> {
  const found = new Map<string, AptKernel>();
  for (const pkg of await apt.list("linux-source-")) {
    const series = /^linux-source-(\d+\.\d+)(?:\.0)?$/.exec(pkg.name)?.[1];
    const version = series === undefined ? undefined : debianKernelVersion(pkg.version);
    // The list is newest first by name, so the first of a series is its newest.
    if (series === undefined || !version || found.has(series)) continue;
    found.set(series, { series, version, pkg });
  }
  return [...found.values()].sort((a, b) => compareKernelVersions(a.version, b.version));
}

/** The kernel's version in a package's: 6.1.192-2 is 6.1.192, 7.2~rc4-1~exp1 is 7.2-rc4, 6.8.0-50.51 is 6.8. */
export function debianKernelVersion(text: string): KernelVersion | undefined {
  return parseKernelVersion(text.replace(/^\d+:/, "").replace(/~(rc\d+)/, "-$1"));
}

function describe({ version, pkg }: AptKernel): string {
  const plain = formatKernelVersion(version);
  const whose = /ubuntu|^\d+\.\d+\.0-\d+\.\d+/.test(pkg.version) ? "Ubuntu" : "Debian";
  return `${plain} with ${whose}'s patches (${pkg.name} ${pkg.version}), not vanilla ${plain}`;
}

/** A linux-source package holds one tarball, /usr/src/linux-source-<series>.tar.xz. */
async function unpackPackage(
  downloads: string,
  scratch: string,
  into: string,
  pkg: AptPackage,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deb = (await readdir(downloads)).find((name) => name.endsWith(".deb"));
  await unpackDeb(path.join(downloads, deb ?? `${pkg.name}.deb`), scratch, signal);
  const sources = path.join(scratch, "usr", "src");
  const names = await readdir(sources, { recursive: true }).catch(() => []);
  const tarball = names.find((name) => /(^|\/)linux-source-[^/]*\.tar\.[^/]*$/.test(name));
  if (tarball === undefined) {
    throw new Failure({
      reason: "corrupt-tarball",
      blame: "infra",
      what: `${pkg.name} ${pkg.version} holds no kernel source`,
      evidence: `files below /usr/src: ${names.join(", ") || "none"}`,
      hint: "this package is laid out in an unknown way; please report it",
    });
  }
  await unpackTarball(path.join(sources, tarball), into, signal);
}
