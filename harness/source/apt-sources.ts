import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** One entry of the host's apt sources; sources.list(5). */
export interface AptSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** A keyring's path, key fingerprints, or a whole armoured key; undefined: apt's trusted keys. */
  readonly signedBy?: string;
}

/** A suite that a private apt state reads. */
export interface AptRepository {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly signedBy?: string;
}

/** Debian's releases with a linux-source package that the harness may want, oldest first; codename and security suite. */
const debianSuites = [
  { suite: "bullseye", security: "bullseye-security" },
  { suite: "bookworm", security: "bookworm-security" },
  { suite: "trixie", security: "trixie-security" },
  { suite: "sid", security: undefined },
] as const;

/** Suite names that may stand for a Debian release in sources.list besides its codename. */
const debianAliases = ["oldoldstable", "oldstable", "stable", "testing", "unstable", "sid"];

/** The entries of a one-line style file; comments, other types and malformed lines are left out. */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+([^#]+)/.exec(line);
    if (!match) continue;
    const [, options = "", uri = "", rest = ""] = match;
    const [suite, ...components] = rest.trim().split(/\s+/);
    if (suite === undefined || components.length === 0) continue;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    sources.push({
      uris: [uri],
      suites: [suite],
      components,
      ...(signedBy === undefined ? {} : { signedBy }),
    });
  }
  return sources;
}

/** The enabled entries of a deb822 style file. */
export function parseDeb822Sources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const withoutComments = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  for (const stanza of withoutComments.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    let name: string | undefined;
    for (const line of stanza.split("\n")) {
      const start = /^([A-Za-z-]+)\s*:\s*(.*)$/.exec(line);
      if (start) {
        name = (start[1] ?? "").toLowerCase();
        fields.set(name, start[2] ?? "");
      } else if (name !== undefined && /^\s/.test(line)) {
        fields.set(name, `${fields.get(name) ?? ""}\n${line}`);
      }
    }
    const words = (field: string) => (fields.get(field) ?? "").split(/\s+/).filter(Boolean);
    if (/^\s*(no|false|off|0)\s*$/i.test(fields.get("enabled") ?? "")) continue;
    if (words("uris").length === 0 || words("components").length === 0) continue;
    const signedBy = fields.get("signed-by");
    sources.push({
      uris: words("uris"),
      suites: words("suites"),
      components: words("components"),
      ...(signedBy === undefined ? {} : { signedBy }),
    });
  }
  return sources;
}

/** Reads sources.list and sources.list.d as apt does: *.list and *.sources, by name; a missing file is empty. */
export async function readHostSources(
  sourceList: string,
  sourceParts: string,
): Promise<AptSource[]> {
  const sources = parseOneLineSources(await readFile(sourceList, "utf8").catch(() => ""));
  const parts = (await readdir(sourceParts).catch(() => [])).sort();
  for (const part of parts) {
    const parse = part.endsWith(".sources")
      ? parseDeb822Sources
      : part.endsWith(".list")
        ? parseOneLineSources
        : undefined;
    if (parse)
      sources.push(...parse(await readFile(path.join(sourceParts, part), "utf8").catch(() => "")));
  }
  return sources;
}

/**
 * The suites of the distribution's own archive (third-party repositories left out), in the
 * mirror and with the keyring the host is configured for. `codename` as in os-release, such as
 * "bookworm" or "noble"; empty where a distribution names none (Debian sid).
 * "all" adds Debian's other releases, from the same mirror; on others it is the same as "host".
 */
export function archiveRepositories(
  sources: readonly AptSource[],
  distribution: { readonly id: string; readonly codename: string },
  which: "host" | "all",
): AptRepository[] {
  const isDebian = distribution.id === "debian";
  const bases = [distribution.codename, ...(isDebian ? debianAliases : [])].filter(Boolean);
  const known = new Set(
    bases.flatMap((base) => [base, `${base}-updates`, `${base}-security`, `${base}/updates`]),
  );
  const found: AptRepository[] = sources
    .filter((source) => source.components.includes("main") && !isThirdParty(source))
    .flatMap((source) =>
      source.suites
        .filter((suite) => known.has(suite))
        .map((suite) => ({
          uri: source.uris[0] ?? "",
          suite,
          // linux-source is in main, busybox and dropbear in main (Debian) or universe (Ubuntu).
          components: source.components.filter((name) => ["main", "universe"].includes(name)),
          ...(source.signedBy === undefined ? {} : { signedBy: source.signedBy }),
        })),
    );
  const archive = found.find((each) => bases.includes(each.suite));
  const security = found.find((each) => /(-security|\/updates)$/.test(each.suite));
  if (which === "all" && isDebian && archive) {
    for (const { suite, security: securitySuite } of debianSuites) {
      found.push({ ...archive, suite });
      if (security && securitySuite) found.push({ ...security, suite: securitySuite });
    }
  }
  const unique = new Map<string, AptRepository>();
  for (const each of found) {
    const key = `${each.uri.replace(/\/+$/, "")} ${each.suite}`;
    const before = unique.get(key);
    const components = [...new Set([...(before?.components ?? []), ...each.components])].sort();
    unique.set(key, { ...(before ?? each), components });
  }
  return [...unique.values()];
}

/** Repositories that carry a distribution's suite names and "main" but are not the distribution. */
function isThirdParty(source: AptSource): boolean {
  return source.uris.every((uri) => /ppa\.launchpad|\/ppa\/|esm\.ubuntu\.com/.test(uri));
}

/** The repositories as a deb822 file for a private apt state. */
export function formatRepositories(
  repositories: readonly AptRepository[],
  kind: "deb" | "deb-src",
  architecture: string,
): string {
  return repositories
    .map((each) =>
      [
        `Types: ${kind}`,
        `URIs: ${each.uri}`,
        `Suites: ${each.suite}`,
        `Components: ${each.components.join(" ")}`,
        `Architectures: ${architecture}`,
        ...(each.signedBy === undefined ? [] : [`Signed-By: ${each.signedBy.trimEnd()}`]),
        "",
      ].join("\n"),
    )
    .join("\n");
}
