import { existsSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Arch } from "../arch.ts";
import { cached } from "../cache.ts";
import { toolVersion } from "../tool-version.ts";
import { exec } from "../exec.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Emit } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import type { Accelerator } from "../vm.ts";
import { probeExitStatus, probeLoops, probeRom } from "./probe-rom.ts";

export interface AcceleratorRequest {
  readonly arch: Arch;
  /** As --accel says. */
  readonly wanted: "auto" | Accelerator["name"];
  readonly emit?: Emit | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one probe guest did. */
interface ProbeRun {
  readonly ran: boolean;
  readonly seconds: number;
  /** Why it did not run. */
  readonly why: string;
  readonly output: string;
}

/** The remembered answer. */
interface Answer {
  readonly works: boolean;
  readonly why: string;
  readonly evidence: string;
}

/** A guest that works ends in a few tenths of a second. */
const shortestBound = 2;
/** On a host so busy that even emulation takes long, KVM gets this many times as long. */
const patience = 4;

/**
 * Chooses how guests run. "auto" takes KVM only when a guest really runs under it: hosts exist
 * where /dev/kvm opens and a VM can be created, and no kernel ever gets anywhere in it. The answer
 * is remembered until the host boots anew or something it depends on changes; which it is and why
 * goes out as a notice.
 * Throws Failure: infra "kvm-unusable" when KVM was asked for and does not work; infra
 * "qemu-missing" and "qemu-failed" when even the emulated probe does not run.
 */
export async function chooseAccelerator(request: AcceleratorRequest): Promise<Accelerator> {
  const chosen = await choose(request);
  request.emit?.({
    type: "notice",
    text: `accelerator: ${chosen.name === "kvm" ? "KVM" : "TCG (emulation)"}: ${chosen.why}`,
  });
  return chosen;
}

async function choose(request: AcceleratorRequest): Promise<Accelerator> {
  const { arch, wanted } = request;
  if (wanted === "tcg") return { name: "tcg", why: "asked for" };
  let answer = await remembered(request);
  // Who asks for KVM by name may have just repaired it.
  if (wanted === "kvm" && !answer.works) answer = await probeKvm(arch, request.signal);
  if (answer.works) return { name: "kvm", why: answer.why };
  if (wanted === "auto") return { name: "tcg", why: answer.why };
  throw new Failure({
    reason: "kvm-unusable",
    blame: "infra",
    what: `KVM was asked for and does not work: ${answer.why}`,
    evidence: answer.evidence,
    hint: "--accel auto falls back to emulation; harness doctor shows the state of KVM",
  });
}

async function remembered(request: AcceleratorRequest): Promise<Answer> {
  const { arch, signal } = request;
  const entry = await cached(
    {
      kind: "probes",
      fingerprint: fingerprint({
        // What KVM does is a matter of this boot of the host: its modules, its own hypervisor.
        bootId: await readFile("/proc/sys/kernel/random/boot_id", "utf8"),
        // Containers share a boot id but not a kernel's view of it.
        kernel: os.release(),
        // A new QEMU may use KVM otherwise.
        qemu: (await toolVersion(arch.qemu.binary)).stdout,
        // The device may appear, vanish, or change hands.
        device: deviceState(),
        // Another user may not be allowed to open it.
        user: [process.getuid?.(), process.getgroups?.().sort()],
        // The machine and CPU that are tried.
        machine: [arch.qemu.binary, arch.qemu.machine, arch.qemu.cpu.kvm],
      }),
      verify: "content",
      signal,
    },
    async (dir) => {
      const answer = await probeKvm(arch, signal);
      await writeFile(path.join(dir, "answer.json"), JSON.stringify(answer));
    },
  );
  return JSON.parse(await readFile(path.join(entry.dir, "answer.json"), "utf8")) as Answer;
}

function deviceState(): readonly (string | number)[] {
  try {
    const { rdev, mode, uid, gid } = statSync("/dev/kvm");
    return [rdev, mode, uid, gid];
  } catch (thrown) {
    return [(thrown as NodeJS.ErrnoException).code ?? "error"];
  }
}

async function probeKvm(arch: Arch, signal: AbortSignal | undefined): Promise<Answer> {
  const no = (why: string, evidence = why): Answer => ({ works: false, why, evidence });
  const native = { x64: ["x86_64", "i386"] }[os.arch() as "x64"] as readonly string[] | undefined;
  if (!native?.includes(arch.kernelArch)) {
    return no(`this host (${os.arch()}) has no KVM for ${arch.name} guests`);
  }
  if (!existsSync("/dev/kvm")) return no("there is no /dev/kvm");
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-probe-"));
  try {
    const rom = path.join(dir, "rom");
    await writeFile(rom, probeRom(arch.kernelArch === "i386" ? 32 : 64));
    // The same guest under emulation is the yardstick: it tells a busy host from a KVM that hangs.
    const yardstick = await runProbe(arch, "tcg", rom, 60, signal);
    if (!yardstick.ran) throw probeFailure(arch, yardstick);
    const bound = Math.max(shortestBound, patience * yardstick.seconds);
    const kvm = await runProbe(arch, "kvm", rom, bound, signal);
    if (kvm.ran) {
      return {
        works: true,
        why: `a probe guest ran in ${kvm.seconds.toFixed(1)} s`,
        evidence: kvm.output,
      };
    }
    return no(
      `/dev/kvm is of no use: a probe guest does not run under it: ${kvm.why} (under emulation: ${yardstick.seconds.toFixed(1)} s)`,
      [
        kvm.why,
        kvm.output.trim(),
        `the same guest under emulation ended after ${yardstick.seconds.toFixed(1)} s`,
      ]
        .filter(Boolean)
        .join("\n"),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function runProbe(
  arch: Arch,
  accelerator: Accelerator["name"],
  rom: string,
  boundSeconds: number,
  signal: AbortSignal | undefined,
): Promise<ProbeRun> {
  const { qemu } = arch;
  const result = await exec(
    qemu.binary,
    [
      ...["-accel", accelerator, ...qemu.machine, "-cpu", qemu.cpu[accelerator], "-m", "16"],
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-bios", rom],
      ...["-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
    ],
    { timeoutSeconds: boundSeconds, signal },
  );
  signal?.throwIfAborted();
  const { seconds, output } = result;
  if (result.exitCode === probeExitStatus) return { ran: true, seconds, why: "", output };
  const why =
    result.spawnError ??
    (result.timedOut
      ? `not through ${probeLoops} rounds of a loop in ${boundSeconds.toFixed(1)} s`
      : result.killedBy !== undefined
        ? `QEMU was killed by ${result.killedBy}`
        : (lastLine(output) ?? `QEMU ended with status ${result.exitCode ?? "unknown"}`));
  return { ran: false, seconds, why, output };
}

function probeFailure(arch: Arch, run: ProbeRun): Failure {
  const { binary } = arch.qemu;
  const missing = run.why === "ENOENT";
  return new Failure({
    reason: missing ? "qemu-missing" : "qemu-failed",
    blame: "infra",
    what: missing
      ? `${binary} is not installed`
      : `${binary} does not even run a guest of a few instructions under emulation`,
    evidence: run.output.trim() || run.why,
    hint: `apt install ${arch.qemu.package}, or harness doctor --install`,
  });
}

function lastLine(text: string): string | undefined {
  const last = text.trim().split("\n").at(-1);
  return last === "" ? undefined : last;
}
