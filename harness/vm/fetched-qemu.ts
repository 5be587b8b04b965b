import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import type { Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { compareKernelVersions, versionIn } from "../model/kernel-version.ts";
import type { Apt } from "../source/apt.ts";
import { fetchProgram, findLoader, wrapProgram } from "../source/fetched-program.ts";
import { toolVersion } from "../tool-version.ts";

/** Where QEMU looks for its firmware and keymaps. */
const data = "usr/share/qemu";

/**
 * The architecture with a QEMU that can run its guests: the host's, or, where that is older than
 * the descriptor's `atLeast`, one of another release of the host's distribution, in the cache.
 * Throws Failure infra "qemu-too-old" where no release has one, and what fetchProgram() throws.
 */
export async function withQemu(
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<Arch> {
  const { qemu } = arch;
  if (qemu.atLeast === undefined || (await isNewEnough(qemu.binary, qemu.atLeast.version)))
    return arch;
  const { version, because } = qemu.atLeast;
  const command = qemu.binary;
  const dir = await fetchProgram({
    command,
    choose: async (apt) => ({
      pkg: qemu.package,
      release: await oldestRelease(apt, qemu.package, version, because),
    }),
    prepare: (root) => wrapQemu(root, command),
    recipe: 1,
    notice: (text) => {
      options.emit({ type: "notice", text });
    },
    signal: options.signal,
  });
  const binary = path.join(dir, "bin", command);
  const found = (await toolVersion(binary)).stdout.split("\n")[0] ?? "";
  options.emit({ type: "notice", text: `${arch.name} guests run in ${found}: ${because}` });
  return { ...arch, qemu: { ...qemu, binary } };
}

/** Whether a QEMU on PATH is of this version or newer; false where there is none. */
export async function isNewEnough(binary: string, wanted: string): Promise<boolean> {
  return reaches(versionIn((await toolVersion(binary)).stdout), wanted);
}

function reaches(found: ReturnType<typeof versionIn>, wanted: string): boolean {
  const least = versionIn(wanted);
  return found !== undefined && least !== undefined && compareKernelVersions(found, least) >= 0;
}

/** Of the releases whose QEMU is new enough the oldest: it changes least. */
export async function oldestRelease(
  apt: Pick<Apt, "versions">,
  pkg: string,
  wanted: string,
  because: string,
): Promise<string> {
  const all = await apt.versions(pkg);
  // 1:10.0.13+ds-0+deb13u1: an epoch, QEMU's version, Debian's.
  const upstream = (version: string) => versionIn(version.replace(/^\d+:/, ""));
  const fit = all.filter(({ version }) => reaches(upstream(version), wanted)).at(-1);
  // trixie-security has what trixie gets.
  if (fit) return fit.suite.replace(/-(security|updates)$/, "");
  throw new Failure({
    reason: "qemu-too-old",
    blame: "infra",
    what: `QEMU ${wanted} or newer is needed, and the host's mirror has none in ${pkg}: ${because}`,
    evidence: all.map(({ version, suite }) => `${version} (${suite})`).join("\n") || "no versions",
    hint: "install a newer QEMU before the others on PATH",
  });
}

/** Puts a script into bin/ that starts QEMU with its own loader, libraries and firmware. */
export async function wrapQemu(root: string, command: string): Promise<void> {
  await mkdir(path.join(root, "bin"));
  await wrapProgram({
    root,
    file: path.join("bin", command),
    program: path.join("usr/bin", command),
    loader: await findLoader(root, command),
    command,
    args: (inRoot) => ["-L", `"${inRoot(data)}"`],
  });
}
