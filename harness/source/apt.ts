import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import lockfile from "proper-lockfile";
import { exec, type ExecResult } from "../exec.ts";
import { sha256 } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { cacheDir } from "../paths.ts";
import { writeAtomically } from "../cache.ts";
import {
  archiveRepositories,
  formatRepositories,
  readHostSources,
  type AptRepository,
} from "./apt-sources.ts";
import { compareDebianVersions } from "./debian-version.ts";

export interface AptOptions {
  /** "host": the suites that the host is configured for; "all": those and Debian's other releases. */
  readonly suites: "host" | "all";
  /** Which index is read: .deb files or source packages. Each combination has a state folder of its own. */
  readonly kind: "deb" | "deb-src";
  /** Told when a suite is left out, or when old lists must do. */
  readonly notice?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Lists older than this are refreshed; 6 unless told. */
  readonly maxAgeHours?: number;
}

export interface AptPackage {
  readonly name: string;
  readonly version: string;
  /** Such as "bookworm-security". */
  readonly suite: string;
  readonly component: string;
}

export interface DownloadOptions {
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The distribution's archive as apt sees it through a private state; nothing of the system changes. */
export interface Apt {
  /** Every version of every package whose name starts with `prefix`: by name, newest first. Only of kind "deb". */
  list(prefix: string): Promise<AptPackage[]>;
  /** Every version of this very package (the source package, of kind "deb-src"), newest first. */
  versions(name: string): Promise<AptPackage[]>;
  /** sha256 (hex) of a .deb as the signed index states it, without downloading it. Only of kind "deb". */
  sha256(pkg: AptPackage): Promise<string>;
  /** Downloads a .deb, which apt checks against the signed index; gives its path. */
  download(pkg: AptPackage, dir: string, options?: DownloadOptions): Promise<string>;
  /**
   * The files of a package and of all that it depends on, whatever is installed here, with their
   * checksums; of one release (its codename), or the newest of all. Only of kind "deb".
   */
  withDependencies(names: readonly string[], release?: string): Promise<string[]>;
  /** Downloads those files, which apt checks against the signed index; gives their paths. */
  downloadWithDependencies(
    names: readonly string[],
    dir: string,
    options?: DownloadOptions & { readonly release?: string | undefined },
  ): Promise<string[]>;
  /** Downloads a source package, which apt checks against the signed index; gives its files, the .dsc first. */
  downloadSource(pkg: AptPackage, dir: string, options?: DownloadOptions): Promise<string[]>;
}

/** Seconds for one mirror's answer; apt's own 30 s for each of many files would try patience. */
const httpTimeoutSeconds = 20;

/**
 * Opens a private apt state below the cache folder: mirror, proxies and keyrings of the host's own
 * configuration, signatures always checked, lists refreshed when they are old.
 * Works as root and as anybody.
 * Throws Failure (infra) "apt-missing", "apt-no-mirror" and "apt-unreachable".
 */
export async function openApt(options: AptOptions): Promise<Apt> {
  const host = await hostConfiguration(options.signal);
  const repositories = archiveRepositories(
    await readHostSources(host.sourceList, host.sourceParts),
    host.distribution,
    options.suites,
  );
  if (repositories.length === 0) {
    throw new Failure({
      reason: "apt-no-mirror",
      blame: "infra",
      what: "apt is not configured with an archive of this distribution",
      evidence: `looked for ${host.distribution.id} ${host.distribution.codename} in ${host.sourceList} and ${host.sourceParts}`,
      hint: "add the distribution's mirror to apt's sources",
    });
  }
  const sources = formatRepositories(repositories, options.kind, host.architecture);
  // The folder belongs to one set of repositories: a changed mirror starts from nothing.
  const dir = path.join(cacheDir(), "apt", sha256(sources).slice(0, 16));
  for (const each of ["lists/partial", "archives/partial", "sources"])
    await mkdir(path.join(dir, each), { recursive: true });
  await writeAtomically(path.join(dir, "sources", "archive.sources"), sources);
  await writeAtomically(path.join(dir, "apt.conf"), privateConfiguration(host.dump, dir));
  const env = { LC_ALL: "C", APT_CONFIG: path.join(dir, "apt.conf") };
  const run = (command: string, args: readonly string[], more: RunOptions = {}) =>
    exec(command, args, { env, signal: options.signal, ...more });

  await refresh(dir, run, options, repositories);
  return aptIn(run);
}

interface RunOptions {
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}
type Run = (command: string, args: readonly string[], more?: RunOptions) => Promise<ExecResult>;

function aptIn(run: Run): Apt {
  const versions = async (names: readonly string[]): Promise<AptPackage[]> => {
    if (names.length === 0) return [];
    const result = await run("apt-cache", ["madison", ...names]);
    return parseMadison(result.stdout);
  };
  return {
    list: async (prefix) => {
      const result = await run("apt-cache", ["pkgnames", prefix]);
      return versions(result.stdout.split("\n").filter(Boolean));
    },
    versions: (name) => versions([name]),
    sha256: async (pkg) => {
      const result = await run("apt-cache", ["show", `${pkg.name}=${pkg.version}`]);
      const checksum = /^SHA256: ([0-9a-f]{64})$/m.exec(result.stdout)?.[1];
      if (checksum !== undefined) return checksum;
      throw new Failure({
        reason: "apt-no-checksum",
        blame: "infra",
        what: `apt's index states no SHA256 of ${pkg.name} ${pkg.version}`,
        evidence: result.output.slice(-4096),
        hint: "does `apt-get update` work on this machine?",
      });
    },
    download: async (pkg, dir, options = {}) => {
      const before = new Set(await readdir(dir));
      const exact = `${pkg.name}=${pkg.version}`;
      await fetchPackage(run, exact, dir, ["download", exact], options);
      const made = (await readdir(dir)).find((name) => name.endsWith(".deb") && !before.has(name));
      return path.join(dir, made ?? debName(pkg, [...before]));
    },
    withDependencies: async (names, release) => {
      const result = await run("apt-get", ["-qq", "--print-uris", ...installing(names, release)]);
      // 'http://.../gcc-10_10.2.1-6_amd64.deb' gcc-10_10.2.1-6_amd64.deb 16990272 SHA256:793e...
      const files = result.stdout.matchAll(/^'[^']*' (\S+\.deb) \d+ (\S+)$/gm);
      const found = [...files].map(([, file, checksum]) => `${file ?? ""} ${checksum ?? ""}`);
      if (result.exitCode === 0 && found.length > 0) return found.sort();
      throw new Failure({
        reason: "apt-no-package",
        blame: "infra",
        what: `apt cannot put together ${names.join(", ")} and what it depends on`,
        evidence: result.output.slice(-4096),
        hint: "does the host's mirror have it in any release? look at `apt-cache policy`",
      });
    },
    downloadWithDependencies: async (names, dir, options = {}) => {
      const archives = path.join(dir, "archives");
      await mkdir(path.join(archives, "partial"), { recursive: true });
      const install = [
        ...["--yes", "--download-only", "-o", `Dir::Cache::archives=${archives}`],
        // It would lock the state as if it installed, and a second one beside it would fail.
        ...["-o", "Debug::NoLocking=true"],
        ...installing(names, options.release),
      ];
      await fetchPackage(run, names.join(" "), dir, install, options);
      const files = (await readdir(archives)).filter((file) => file.endsWith(".deb"));
      return files.sort().map((file) => path.join(archives, file));
    },
    downloadSource: async (pkg, dir, options = {}) => {
      const exact = `${pkg.name}=${pkg.version}`;
      const what = ["source", "--download-only", "--only-source", exact];
      await fetchPackage(run, exact, dir, what, options);
      const files = (await readdir(dir)).filter((name) => name.startsWith(`${pkg.name}_`));
      files.sort(
        (a, b) => Number(b.endsWith(".dsc")) - Number(a.endsWith(".dsc")) || (a < b ? -1 : 1),
      );
      return files.map((name) => path.join(dir, name));
    },
  };
}

/** Nothing is installed in the private state, so that all a package depends on is in its plan. */
function installing(names: readonly string[], release?: string): string[] {
  const ofRelease = release === undefined ? [] : ["--target-release", release];
  return ["--no-install-recommends", ...ofRelease, "install", ...names];
}

/** The file apt left alone because it was there already, checked. */
function debName(pkg: AptPackage, names: readonly string[]): string {
  const version = pkg.version.replace(":", "%3a");
  return names.find((name) => name.startsWith(`${pkg.name}_${version}_`)) ?? `${pkg.name}.deb`;
}

async function fetchPackage(
  run: Run,
  named: string,
  dir: string,
  what: readonly string[],
  { progress, signal }: DownloadOptions,
): Promise<void> {
  const result = await run("apt-get", ["-q", "-o", "APT::Status-Fd=1", ...what], {
    cwd: dir,
    ...(signal === undefined ? {} : { signal }),
    onLine: (line) => {
      const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
      if (percent !== undefined) progress?.(`${Math.floor(Number(percent))} %`);
    },
  });
  signal?.throwIfAborted();
  if (result.exitCode === 0) return;
  throw new Failure({
    reason: "apt-download-failed",
    blame: "infra",
    what: `apt could not download ${named}`,
    evidence: withoutStatus(result.output),
    hint: "check the network and the mirror in apt's sources, then run it again",
  });
}

function withoutStatus(output: string): string {
  return output
    .split("\n")
    .filter((line) => !line.startsWith("dlstatus:"))
    .join("\n")
    .slice(-8192);
}

/** `apt-cache madison`: name | version | mirror suite/component architecture Packages. By name, newest first. */
export function parseMadison(text: string): AptPackage[] {
  const seen = new Map<string, AptPackage>();
  for (const line of text.split("\n")) {
    const [name, version, origin] = line.split("|").map((part) => part.trim());
    const place = /^\S+ (\S+)\/([^/\s]+)(?: \S+)? (?:Packages|Sources)$/.exec(origin ?? "");
    if (!name || !version || !place) continue;
    const found = { name, version, suite: place[1] ?? "", component: place[2] ?? "" };
    const key = `${name} ${version}`;
    if (!seen.has(key)) seen.set(key, found);
  }
  return [...seen.values()].sort((a, b) =>
    a.name === b.name ? compareDebianVersions(b.version, a.version) : a.name < b.name ? -1 : 1,
  );
}

interface HostConfiguration {
  /** `apt-config dump`. */
  readonly dump: string;
  readonly sourceList: string;
  readonly sourceParts: string;
  readonly architecture: string;
  readonly distribution: { readonly id: string; readonly codename: string };
}

async function hostConfiguration(signal: AbortSignal | undefined): Promise<HostConfiguration> {
  const [dump, architecture, paths] = await Promise.all([
    exec("apt-config", ["dump"], { env: { LC_ALL: "C" }, signal }),
    exec("dpkg", ["--print-architecture"], { signal }),
    exec(
      "apt-config",
      ["shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"],
      { env: { LC_ALL: "C" }, signal },
    ),
  ]);
  signal?.throwIfAborted();
  if (dump.exitCode !== 0 || architecture.exitCode !== 0) {
    throw new Failure({
      reason: "apt-missing",
      blame: "infra",
      what: "apt is not usable on this machine",
      evidence: (dump.exitCode === 0 ? architecture : dump).output || "apt-config was not found",
      hint: "the harness needs Debian or Ubuntu; kernels can still come from release:, dir: and git:",
    });
  }
  const shell = (name: string) => new RegExp(`^${name}='(.*)'$`, "m").exec(paths.stdout)?.[1];
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(release)?.[1];
  return {
    dump: dump.stdout,
    sourceList: shell("LIST") ?? "/etc/apt/sources.list",
    sourceParts: shell("PARTS") ?? "/etc/apt/sources.list.d",
    architecture: architecture.stdout.trim(),
    distribution: { id: field("ID") ?? "debian", codename: field("VERSION_CODENAME") ?? "" },
  };
}

/**
 * The host's apt configuration without what would touch the system or loosen a check: its hooks
 * (they clean the system's caches), its further indexes (icons, translations), its pins.
 */
export function privateConfiguration(dump: string, dir: string): string {
  const kept = dump
    .split("\n")
    .filter((line) =>
      /^(Acquire|APT::Sandbox|Dir::Bin|Dir::Etc::trusted|Dir::Etc::netrc)/.test(line),
    )
    .filter((line) => !/^Acquire::(IndexTargets|Languages|Allow)/.test(line));
  const settings: Readonly<Record<string, string>> = {
    // Read after this file, and all of it is in here already.
    "Dir::Etc::parts": "/dev/null",
    "Dir::Etc::main": "/dev/null",
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": path.join(dir, "sources"),
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State": dir,
    "Dir::State::lists": path.join(dir, "lists"),
    "Dir::State::status": path.join(dir, "status"),
    "Dir::Cache": dir,
    "Dir::Cache::archives": path.join(dir, "archives"),
    "Dir::Cache::pkgcache": path.join(dir, "pkgcache.bin"),
    "Dir::Cache::srcpkgcache": path.join(dir, "srcpkgcache.bin"),
    "Dir::Log": dir,
    "Acquire::Languages": "none",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowWeakRepositories": "false",
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": String(httpTimeoutSeconds),
    "Acquire::https::Timeout": String(httpTimeoutSeconds),
    // As root apt would download as _apt, who cannot enter a cache folder below /root.
    ...(process.getuid?.() === 0 ? { "APT::Sandbox::User": "root" } : {}),
  };
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} ${JSON.stringify(value)};`,
  );
  return [...kept, ...lines, ""].join("\n");
}

async function refresh(
  dir: string,
  run: Run,
  options: AptOptions,
  repositories: readonly AptRepository[],
): Promise<void> {
  const stamp = path.join(dir, "refreshed");
  const maxAge = (options.maxAgeHours ?? 6) * 3600_000;
  const age = async () =>
    stat(stamp).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => Infinity,
    );
  if ((await age()) < maxAge) return;
  // apt does not wait for its own lock on lists.
  const release = await lockfile.lock(dir, {
    realpath: false,
    stale: 15_000,
    update: 3_000,
    retries: { retries: 600, factor: 1, minTimeout: 500, maxTimeout: 500 },
    onCompromised: () => undefined,
  });
  try {
    if ((await age()) < maxAge) return;
    const status = path.join(dir, "status");
    await writeFile(status, "", { flag: "a" });
    const result = await run("apt-get", ["-q", "update"]);
    options.signal?.throwIfAborted();
    const verified = await verifiedSuites(run);
    const complaints = result.output.split("\n").filter((line) => /^[EW]:/.test(line));
    if (verified.size === 0) {
      throw new Failure({
        reason: "apt-unreachable",
        blame: "infra",
        what: "apt got no package list that it can verify from the host's mirror",
        evidence: complaints.join("\n") || result.output.slice(-4096),
        hint: "check the network and that `apt-get update` works on this machine",
      });
    }
    // A mirror that answered for one suite is there; the others' complaints are about the suites.
    const answered = /^(Get|Hit):\d+ .*(InRelease|Release)/m.test(result.output);
    const missing = repositories.map(({ suite }) => suite).filter((suite) => !verified.has(suite));
    if (!answered) {
      options.notice?.(
        `apt: the mirror cannot be reached; going on with the package lists at hand (${[...verified].join(", ")})`,
      );
    } else if (missing.length > 0) {
      options.notice?.(
        `apt: left out, because not on the mirror or not verifiable: ${missing.join(", ")}${complaints.map((line) => `\n  ${line}`).join("")}`,
      );
    }
    // Without network the next call tries again.
    if (answered) {
      await writeFile(stamp, "");
      await utimes(stamp, new Date(), new Date());
    }
  } finally {
    await release();
  }
}

/** Suites whose lists are there: apt keeps none that it could not verify. */
async function verifiedSuites(run: Run): Promise<Set<string>> {
  const result = await run("apt-get", ["indextargets", "--format", "$(RELEASE)"]);
  return new Set(result.stdout.split("\n").filter(Boolean));
}
