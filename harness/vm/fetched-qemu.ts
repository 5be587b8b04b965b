import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Arch } from "../arch.ts";
import type { Emit } from "../model/event.ts";
import { fetchProgram, findLoader, oldestRelease, wrapProgram } from "../source/fetched-program.ts";
import { isNewEnough, toolVersion } from "../tool-version.ts";

/** Where QEMU looks for its firmware and keymaps. */
const data = "usr/share/qemu";

/**
 * The architecture with a QEMU that can run its guests: the host's, or, where that is older than
 * the descriptor's `atLeast`, one of another release of the host's distribution, in the cache.
 * Throws what oldestRelease() and fetchProgram() throw.
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
      packages: [qemu.package],
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
