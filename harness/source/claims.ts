import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Claims, UpstreamClaim } from "../model/support-table.ts";

/**
 * What a kernel tree says of its architectures: Documentation/features/<area>/<feature>/arch-support.txt
 * (a table of "ok", "TODO" and "..", the last meaning that it cannot be had there), and whether
 * arch/<folder>/Kconfig selects the option that the file names.
 */
export async function treeClaims(tree: string): Promise<Claims> {
  const claims = new Map<string, ReadonlyMap<string, UpstreamClaim>>();
  const kconfigs = await architectureKconfigs(tree);
  const top = path.join(tree, "Documentation", "features");
  for (const area of await folders(top)) {
    for (const feature of await folders(path.join(top, area))) {
      const file = path.join(top, area, feature, "arch-support.txt");
      const text = await readFile(file, "utf8").catch(() => undefined);
      if (text !== undefined) claims.set(feature, claimsOf(text, kconfigs));
    }
  }
  return claims;
}

function claimsOf(
  text: string,
  kconfigs: ReadonlyMap<string, string>,
): ReadonlyMap<string, UpstreamClaim> {
  const documented = new Map<string, boolean>();
  for (const [, arch = "", status = ""] of text.matchAll(/^\s*\|\s*(\w+):\s*\|\s*([\w.]+)\s*\|/gm))
    documented.set(arch, status === "ok");
  // "Kconfig: HAVE_ARCH_X"; a few name two or negate one, of which Kconfig files are not asked.
  const option = /^#\s*Kconfig:\s*([A-Z0-9_]+)\s*$/m.exec(text)?.[1];
  const found = new Map<string, UpstreamClaim>();
  for (const arch of new Set([...documented.keys(), ...kconfigs.keys()])) {
    const kconfig = kconfigs.get(arch);
    found.set(arch, {
      documentation: documented.get(arch),
      kconfig: option === undefined || kconfig === undefined ? undefined : selects(kconfig, option),
    });
  }
  return found;
}

function selects(kconfig: string, option: string): boolean {
  return new RegExp(`^\\s*(select|config)\\s+${option}\\b`, "m").test(kconfig);
}

async function architectureKconfigs(tree: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const arch of await folders(path.join(tree, "arch"))) {
    const text = await readFile(path.join(tree, "arch", arch, "Kconfig"), "utf8").catch(
      () => undefined,
    );
    if (text !== undefined) found.set(arch, text);
  }
  return found;
}

async function folders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The folder below arch/ of an ARCH= of the kernel's Makefile (SRCARCH there). */
export function archFolder(kernelArch: string): string {
  if (kernelArch === "i386" || kernelArch === "x86_64") return "x86";
  if (kernelArch.startsWith("sparc")) return "sparc";
  return kernelArch === "parisc64" ? "parisc" : kernelArch;
}
