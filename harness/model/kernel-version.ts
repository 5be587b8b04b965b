/** A kernel version as its Makefile states it, such as 6.12.117 or 7.0-rc4. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** "-rc4" and the like; a release candidate sorts before its release. */
  readonly extra: string;
}

const shape = /^v?(\d+)\.(\d+)(?:\.(\d+))?(-rc\d+)?/;

/** Parses "6.12", "6.12.117", "v7.0-rc4"; undefined when the text is no kernel version. */
export function parseKernelVersion(text: string): KernelVersion | undefined {
  const match = shape.exec(text);
  if (!match) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3] ?? 0),
    extra: match[4] ?? "",
  };
}

/**
 * The version that a tool states in the first line of its --version, such as 12.2.0 of
 * "gcc (Debian 12.2.0-14) 12.2.0"; undefined when there is none.
 */
export function versionIn(says: string): KernelVersion | undefined {
  const line = (says.split("\n")[0] ?? "").replace(/\([^)]*\)/g, "");
  const match = /\b\d+\.\d+(?:\.\d+)?/.exec(line);
  return match ? parseKernelVersion(match[0]) : undefined;
}

/** Whether both are of one release, such as 6.12.3 and 6.12-rc1. */
export function isSameRelease(a: KernelVersion, b: KernelVersion): boolean {
  return a.major === b.major && a.minor === b.minor;
}

/** Negative when a is older than b, 0 when they are the same, positive when it is newer. */
export function compareKernelVersions(a: KernelVersion, b: KernelVersion): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    candidateNumber(a.extra) - candidateNumber(b.extra)
  );
}

function candidateNumber(extra: string): number {
  const match = /-rc(\d+)/.exec(extra);
  return match ? Number(match[1]) : Number.MAX_SAFE_INTEGER;
}

/** Versions from one on (it belongs to them) and before another (it does not); each end may be open. */
export interface VersionRange {
  readonly from?: string;
  readonly before?: string;
}

/**
 * Whether a version lies in a range. A release candidate counts as its release, whose code it has.
 * Throws Error where an end of the range is no version.
 */
export function isWithin(version: KernelVersion, { from, before }: VersionRange): boolean {
  const plain = { ...version, extra: "" };
  const bound = (text: string) => {
    const parsed = parseKernelVersion(text);
    if (!parsed) throw new Error(`"${text}", the end of a range, is no version`);
    return compareKernelVersions(plain, parsed);
  };
  return (from === undefined || bound(from) >= 0) && (before === undefined || bound(before) < 0);
}

export function formatKernelVersion(v: KernelVersion): string {
  return `${v.major}.${v.minor}${v.patch ? `.${v.patch}` : ""}${v.extra}`;
}
