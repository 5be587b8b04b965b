import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { cached } from "../cache.ts";
import { fingerprint, sha256, sha256File } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { versionIn } from "../model/kernel-version.ts";
import { reaches } from "../tool-version.ts";
import { openApt, type Apt, type AptPackage } from "./apt.ts";

/** A program's source as its authors released it. */
export interface SourceArchive {
  readonly program: string;
  /** Such as "1.35.0". */
  readonly version: string;
  /** Path of the tarball. */
  readonly file: string;
  readonly sha256: string;
  /** Where it is from, for people: "apt (bookworm)" or its address. */
  readonly origin: string;
}

/** One entry of a sources.json: where a program's source is. */
export const pinnedSourceSchema = z.object({
  /** Name of the source package in apt. */
  package: z.string(),
  /** The version that it takes; where the host's release has an older one, another release's is taken. */
  atLeast: z.string().optional(),
  /** What is used when apt has it not. */
  upstream: z.object({
    version: z.string(),
    url: z.url(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});
export type PinnedSource = z.infer<typeof pinnedSourceSchema>;

export interface ArchiveOptions {
  readonly notice?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** These programs hardly change, and nothing in them guards a secret: lists may be a week old. */
const maxAgeHours = 7 * 24;

/**
 * The sources of programs: from the host's own apt mirror, or, where apt has none, the release
 * pinned by checksum. Debian's patches are not applied: they serve a whole system.
 * Throws Failure (infra) when neither can be had.
 */
export async function sourceArchives<Name extends string>(
  pinned: Readonly<Record<Name, PinnedSource>>,
  options: ArchiveOptions = {},
): Promise<Record<Name, SourceArchive>> {
  let apt: Apt | undefined;
  try {
    apt = await openApt({ suites: "host", kind: "deb-src", maxAgeHours, ...options });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    options.notice?.(`sources: ${thrown.what}; trying the programs' own sites`);
  }
  const archives = {} as Record<Name, SourceArchive>;
  // One after the other: apt locks what it downloads to.
  for (const [program, source] of Object.entries(pinned) as [Name, PinnedSource][]) {
    const found = apt && (await inApt(apt, source, options));
    archives[program] = found
      ? await fromApt(program, found, options)
      : await fromUpstream(program, source.upstream, options);
  }
  return archives;
}

interface FoundSource {
  readonly apt: Apt;
  readonly source: AptPackage;
}

/** The host's own release first; of others, the oldest that will do: it changes least. */
async function inApt(
  apt: Apt,
  { package: name, atLeast }: PinnedSource,
  options: ArchiveOptions,
): Promise<FoundSource | undefined> {
  const willDo = ({ version }: AptPackage) =>
    atLeast === undefined || reaches(versionIn(upstreamVersion(version)), atLeast);
  const own = (await apt.versions(name)).find(willDo);
  if (own || atLeast === undefined) return own && { apt, source: own };
  const all = await openApt({ suites: "all", kind: "deb-src", maxAgeHours, ...options });
  const other = (await all.versions(name)).findLast(willDo);
  return other && { apt: all, source: other };
}

/** 1:10.0.13+ds-0+deb13u1: an epoch, the program's version, Debian's. */
function upstreamVersion(version: string): string {
  return version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");
}

async function fromApt(
  program: string,
  { apt, source: found }: FoundSource,
  options: ArchiveOptions,
): Promise<SourceArchive> {
  const entry = await cached(
    {
      kind: "downloads",
      // A version in an archive never changes its content; apt checks that against its signed index.
      fingerprint: fingerprint({ apt: found.name, version: found.version }),
      verify: "content",
      ...options,
    },
    async (dir) => {
      const files = await apt.downloadSource(found, dir, options);
      const tarball = files.find((file) => /\.orig\.tar\.[a-z0-9]+$/.test(file));
      if (tarball === undefined) {
        throw new Failure({
          reason: "source-without-tarball",
          blame: "infra",
          what: `the source package ${found.name} ${found.version} has no upstream tarball`,
          evidence: files.map((file) => path.basename(file)).join("\n"),
        });
      }
      await rename(tarball, path.join(dir, "source.tar"));
    },
  );
  const file = path.join(entry.dir, "source.tar");
  return {
    program,
    version: upstreamVersion(found.version),
    file,
    sha256: await sha256File(file),
    origin: `apt (${found.suite})`,
  };
}

async function fromUpstream(
  program: string,
  upstream: { readonly version: string; readonly url: string; readonly sha256: string },
  options: ArchiveOptions,
): Promise<SourceArchive> {
  const entry = await cached(
    {
      kind: "downloads",
      // The content itself.
      fingerprint: fingerprint({ sha256: upstream.sha256 }),
      verify: "content",
      ...options,
    },
    async (dir) => {
      const data = await download(program, upstream.url, options.signal);
      const actual = sha256(data);
      if (actual !== upstream.sha256) {
        throw new Failure({
          reason: "source-checksum",
          blame: "infra",
          what: `${upstream.url} is not the file that the harness knows`,
          evidence: `sha256 expected ${upstream.sha256}\nsha256 received ${actual} (${data.length} bytes)`,
          hint: "something on the way changed it; do not use it",
        });
      }
      await writeFile(path.join(dir, "source.tar"), data);
    },
  );
  return {
    program,
    version: upstream.version,
    file: path.join(entry.dir, "source.tar"),
    sha256: upstream.sha256,
    origin: upstream.url,
  };
}

async function download(
  program: string,
  url: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const timeout = AbortSignal.timeout(120_000);
  try {
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (thrown) {
    signal?.throwIfAborted();
    // fetch() says only "fetch failed"; the reason is in its cause.
    const error = thrown as Error;
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
    throw new Failure({
      reason: "source-unreachable",
      blame: "infra",
      what: `the source of ${program} could not be had, neither through apt nor from its own site`,
      evidence: `${url}: ${error.message}${cause}`,
      hint: "check the network and apt's sources",
    });
  }
}
