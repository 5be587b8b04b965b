import { rm } from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import { cached, isCached, type CacheRequest } from "../cache.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { cacheDir } from "../paths.ts";
import { fetchChecksums, fetchText, Unreachable } from "../source/checksums.ts";
import { download } from "../source/download.ts";
import { unpackTarball } from "../source/unpack.ts";

/** Where kernel.org has compilers for kernels, without a C library: bin/<host>/<version>/. */
const defaultBase = "https://cdn.kernel.org/pub/tools/crosstool/files/bin";

/** Whether a toolchain's name is one of kernel.org's: "korg-13", "korg-13.2.0". */
export function isKorgName(name: string): boolean {
  return /^korg-\d+(\.\d+\.\d+)?$/.test(name);
}

/**
 * The gcc of that version that kernel.org offers for the architecture, in the cache; the newest where
 * the name says only the first number. Gives the prefix of its commands, a path (CROSS_COMPILE=).
 * A full version that is in the cache already needs no network. HARNESS_CROSSTOOL is a mirror of bin/.
 * Throws Failure usage "unknown-toolchain", infra "kernel-org-unreachable", and what download.ts,
 * checksums.ts and unpack.ts throw.
 */
export async function fetchKorgCompiler(
  name: string,
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const mirror = process.env["HARNESS_CROSSTOOL"];
  const host = process.arch === "arm64" ? "arm64" : "x86_64";
  const base = `${((mirror ?? "") || defaultBase).replace(/\/+$/, "")}/${host}`;
  const wanted = name.replace(/^korg-/, "");
  try {
    const version = wanted.includes(".") ? wanted : await newest(wanted, base, options.signal);
    return await fetchVersion(version, base, host, arch, options);
  } catch (thrown) {
    if (!(thrown instanceof Unreachable)) throw thrown;
    throw new Failure({
      reason: "kernel-org-unreachable",
      blame: "infra",
      what: `kernel.org cannot be reached to get ${name} for ${arch.name}`,
      evidence: thrown.message,
      hint: "name a mirror in HARNESS_CROSSTOOL, or a full version that was fetched before, such as korg-13.2.0",
    });
  }
}

async function fetchVersion(
  version: string,
  base: string,
  host: string,
  arch: Arch,
  { emit, signal }: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const request: CacheRequest = {
    kind: "toolchains",
    fingerprint: fingerprint({ what: "kernel.org's gcc", base, version, target: arch.korg }),
    verify: "listing",
    notice: (text) => {
      emit({ type: "notice", text });
    },
    signal,
  };
  const prefix = (dir: string) => path.join(dir, arch.korg, "bin", `${arch.korg}-`);
  const known = await isCached(request);
  if (known) return prefix(known.dir);
  const folder = `${base}/${version}`;
  const sums = await fetchChecksums(`${folder}/sha256sums.asc`, signal);
  // x86_64-gcc-13.2.0-nolibc-aarch64-linux.tar.xz; up to 4.9 with underscores.
  const isIt = (file: string) =>
    [`-nolibc-${arch.korg}.tar.xz`, `-nolibc_${arch.korg}.tar.xz`].some((end) =>
      file.endsWith(end),
    );
  const [file, sha256] = [...sums].find(([each]) => isIt(each)) ?? [];
  if (file === undefined || sha256 === undefined)
    throw unknown(
      `kernel.org's gcc ${version} for ${host} has none that compiles for ${arch.korg}`,
      [...sums.keys()],
    );
  const entry = await cached(request, async (dir) => {
    emit({ type: "notice", text: `taking ${file} of kernel.org into the cache` });
    const partial = path.join(cacheDir(), "downloads", `${sha256}.part`);
    const tarball = path.join(dir, file);
    await download({ url: `${folder}/${file}`, file: tarball, sha256, partial, signal });
    await unpackTarball(tarball, dir, signal);
    await rm(tarball);
  });
  return prefix(entry.dir);
}

/** The newest version that begins with that number, from the folder's index page. */
async function newest(
  major: string,
  base: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const index = (await fetchText(`${base}/`, signal)) ?? "";
  const versions = [...index.matchAll(/href="(\d+\.\d+\.\d+)\/"/g)].map(([, each = ""]) => each);
  const fit = versions
    .filter((each) => each.startsWith(`${major}.`))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
  if (fit !== undefined) return fit;
  throw unknown(`kernel.org has no gcc ${major}`, versions);
}

function unknown(what: string, there: readonly string[]): Failure {
  return new Failure({
    reason: "unknown-toolchain",
    blame: "usage",
    what,
    evidence: `it has ${there.join(", ") || "nothing"}`,
    hint: "use another version: korg-13, korg-12.3.0",
  });
}
