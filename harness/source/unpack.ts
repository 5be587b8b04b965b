import { mkdir } from "node:fs/promises";
import path from "node:path";
import { throwIfDiskFull } from "../disk.ts";
import { exec, type ExecResult } from "../exec.ts";
import { Failure } from "../model/failure.ts";

/**
 * Unpacks a tarball (.tar.xz, or what else tar knows) whose files lie in one top folder into the folder `into`, without that top folder.
 * Throws Failure infra "corrupt-tarball", "unpack-killed" and "disk-full".
 */
export async function unpackTarball(
  tarball: string,
  into: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(into, { recursive: true });
  const args = [
    "--extract",
    // Threads help where the .xz has several blocks, as Debian's have; kernel.org's have one.
    ...(tarball.endsWith(".xz") ? ["--use-compress-program=xz -T0"] : []),
    "--strip-components=1",
    // As root tar would give the files to the packer's numeric user.
    "--no-same-owner",
    `--directory=${into}`,
    `--file=${tarball}`,
  ];
  const result = await exec("tar", args, { env: { LC_ALL: "C" }, signal });
  signal?.throwIfAborted();
  throwUnlessUnpacked(result, tarball);
}

/** Unpacks a .deb's files into the folder `into`; throws as unpackTarball. */
export async function unpackDeb(deb: string, into: string, signal?: AbortSignal): Promise<void> {
  const result = await exec("dpkg-deb", ["--extract", deb, into], {
    env: { LC_ALL: "C" },
    signal,
  });
  signal?.throwIfAborted();
  throwUnlessUnpacked(result, deb);
}

function throwUnlessUnpacked(result: ExecResult, archive: string): void {
  if (result.exitCode === 0) return;
  const name = path.basename(archive);
  throwIfDiskFull(result, `unpacking ${name}`);
  // tar and dpkg-deb have children of their own, and tell in words what became of them.
  const killed =
    result.killedBy !== undefined || / (?:killed by|died with) signal/.test(result.output);
  if (result.spawnError !== undefined || killed) {
    throw new Failure({
      reason: "unpack-killed",
      blame: "infra",
      what: `unpacking ${name} was ${result.spawnError === undefined ? "killed" : "not possible"}`,
      evidence:
        `${result.killedBy ?? result.spawnError ?? ""}\n${result.output.slice(-2048)}`.trim(),
      hint:
        result.spawnError === undefined
          ? "did the machine run out of memory? look at dmesg; then run it again"
          : "run `harness doctor` to see what is not installed",
    });
  }
  throw new Failure({
    reason: "corrupt-tarball",
    blame: "infra",
    what: `${name} is damaged: it cannot be unpacked`,
    evidence: result.output.slice(-4096),
    hint: "run it again: the file is downloaded afresh; if it stays so, look at the disk and at the mirror",
  });
}
