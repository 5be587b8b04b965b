import { rm, writeFile, readFile } from "node:fs/promises";
import path from "node:path";
import { cached, isCached, type CacheRequest } from "../cache.ts";
import { fingerprint } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import {
  compareKernelVersions,
  formatKernelVersion,
  parseKernelVersion,
  type KernelVersion,
} from "../model/kernel-version.ts";
import { cacheDir } from "../paths.ts";
import { resolveApt, aptSeries } from "./debian.ts";
import { fetchChecksums, Unreachable } from "./checksums.ts";
import { download } from "./download.ts";
import { resolvedSource, type ResolvedSource, type SourceOptions } from "./tree.ts";
import { unpackTarball } from "./unpack.ts";

const defaultBase = "https://cdn.kernel.org/pub/linux/kernel";

/**
 * A release of kernel.org, known by the checksum that its folder's sha256sums.asc states.
 * When kernel.org cannot be reached and apt carries the same kernel, that one, after a notice.
 * Throws Failure usage "unknown-kernel", infra "kernel-org-unreachable".
 */
export async function resolveRelease(
  version: KernelVersion,
  spec: string,
  options: SourceOptions,
): Promise<ResolvedSource> {
  if (version.extra !== "") {
    throw new Failure({
      reason: "unknown-kernel",
      blame: "usage",
      what: `${formatKernelVersion(version)} is a release candidate, and kernel.org keeps no verifiable tarballs of those`,
      hint: `take it from a git repository: --kernel git:<repository>#v${formatKernelVersion(version)}`,
    });
  }
  const mirror = process.env["HARNESS_KERNEL_ORG"];
  const base = (options.kernelOrg ?? (mirror === "" ? undefined : mirror) ?? defaultBase).replace(
    /\/+$/,
    "",
  );
  const name = `linux-${formatKernelVersion(version)}.tar.xz`;
  const folder = version.major === 2 ? "v2.6" : `v${version.major}.x`;
  const url = `${base}/${folder}/${name}`;
  let checksum: string;
  try {
    checksum = await releaseChecksum(`${base}/${folder}/sha256sums.asc`, name, version, options);
  } catch (thrown) {
    if (!(thrown instanceof Unreachable)) throw thrown;
    return await fromAptInstead(version, spec, thrown, options);
  }
  return resolvedSource(
    {
      spec,
      version,
      identity: `sha256:${checksum}`,
      description: `Linux ${formatKernelVersion(version)} (kernel.org's ${name})`,
    },
    options,
    async ({ into, progress }) => {
      const request = tarballRequest(checksum, options);
      const entry = await cached(request, (dir) =>
        download({
          url,
          file: path.join(dir, name),
          sha256: checksum,
          // Outside the entry, so that it is there for the next run when this one is interrupted.
          partial: path.join(cacheDir(), "downloads", `${request.fingerprint}.part`),
          progress: (text) => {
            progress(`downloading ${name}: ${text}`);
          },
          signal: options.signal,
        }),
      );
      progress(`unpacking ${name}`);
      try {
        await unpackTarball(path.join(entry.dir, name), into, options.signal);
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.reason === "corrupt-tarball")
          await rm(entry.dir, { recursive: true, force: true });
        throw thrown;
      }
    },
  );
}

function tarballRequest(checksum: string, options: SourceOptions): CacheRequest {
  return {
    kind: "downloads",
    // The file's own checksum says all about it.
    fingerprint: checksum,
    verify: "content",
    notice: (text) => {
      options.emit({ type: "notice", text });
    },
    signal: options.signal,
  };
}

/** The checksum of a release never changes, so it is asked for once. */
async function releaseChecksum(
  url: string,
  name: string,
  version: KernelVersion,
  options: SourceOptions,
): Promise<string> {
  const request: CacheRequest = {
    kind: "downloads",
    fingerprint: fingerprint({
      // Whose word it is: another mirror is asked anew.
      url,
      // Which line of that list.
      name,
      what: "release checksum",
    }),
    verify: "content",
    signal: options.signal,
  };
  const file = "sha256";
  const known = await isCached(request);
  if (known) return readFile(path.join(known.dir, file), "utf8");
  const sums = await fetchChecksums(url, options.signal);
  const checksum = sums.get(name);
  if (checksum === undefined) throw unknownRelease(name, version, [...sums.keys()], url);
  await cached(request, (dir) => writeFile(path.join(dir, file), checksum));
  return checksum;
}

function unknownRelease(
  name: string,
  version: KernelVersion,
  files: readonly string[],
  url: string,
): Failure {
  const releases = files
    .map((file) => parseKernelVersion(/^linux-(\d[\d.]*)\.tar\.xz$/.exec(file)?.[1] ?? ""))
    .filter((each) => each !== undefined)
    .sort(compareKernelVersions);
  const siblings = releases.filter((each) => each.minor === version.minor);
  const first = (siblings.length > 0 ? siblings : releases).at(0);
  const last = (siblings.length > 0 ? siblings : releases).at(-1);
  return new Failure({
    reason: "unknown-kernel",
    blame: "usage",
    what: `there is no release ${formatKernelVersion(version)} of Linux`,
    evidence: `${url} has no ${name}`,
    ...(first && last
      ? { hint: `it has ${formatKernelVersion(first)} to ${formatKernelVersion(last)}` }
      : {}),
  });
}

async function fromAptInstead(
  version: KernelVersion,
  spec: string,
  unreachable: Unreachable,
  options: SourceOptions,
): Promise<ResolvedSource> {
  const failure = (hint: string, more = "") =>
    new Failure({
      reason: "kernel-org-unreachable",
      blame: "infra",
      what: `kernel.org cannot be reached to get Linux ${formatKernelVersion(version)}`,
      evidence: unreachable.message + more,
      hint,
    });
  const series = `${version.major}.${version.minor}`;
  let offered: readonly string[];
  try {
    offered = await aptSeries(options);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    throw failure(
      "check the network, or name a mirror in HARNESS_KERNEL_ORG, or use dir: or git:",
      `\napt is no way out: ${thrown.what}`,
    );
  }
  const instead = offered.includes(series) ? await resolveApt(series, spec, options) : undefined;
  // Who names a point release wants that one; another of the same series is not it.
  if (instead && (version.patch === 0 || version.patch === instead.version.patch)) {
    options.emit({
      type: "notice",
      text: `kernel.org cannot be reached (${unreachable.message}); using ${instead.description}`,
    });
    return instead;
  }
  throw failure(
    instead
      ? `apt has ${instead.description}: --kernel apt:${series}`
      : `apt offers ${offered.join(", ") || "no kernel source"}: --kernel apt:VERSION; or name a mirror in HARNESS_KERNEL_ORG`,
  );
}
