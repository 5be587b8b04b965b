import { readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import type { Arch } from "../arch.ts";
import { cached, isCached } from "../cache.ts";
import { toolVersion } from "../tool-version.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Accelerator } from "../vm.ts";

/**
 * How much slower than the host a guest is. A descriptor has what one host measured;
 * `harness calibrate` measures it on this one, and the larger of the two counts from then on.
 */

const measuredSchema = z.object({
  /** Seconds that the workload took in the guest, and on the host itself. */
  guestSeconds: z.number(),
  hostSeconds: z.number(),
  bootSeconds: z.number(),
});
export type Measured = z.infer<typeof measuredSchema>;

/**
 * The workload: starting programs, entering the kernel, computing; what suites do, in parts that
 * take about the same time each. `busybox` is the guest's own, also on the host.
 */
export function workload(busybox: string): string {
  return [
    `B=${busybox}`,
    "i=0; while [ $i -lt 100 ]; do $B true; i=$((i+1)); done",
    "$B dd if=/dev/zero of=/dev/null bs=1 count=400000 2>/dev/null",
    "$B sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'",
  ].join(" && ");
}

/** The factor of a measurement; never below 1. */
export function factorOf({ guestSeconds, hostSeconds }: Measured): number {
  return Math.max(1, guestSeconds / hostSeconds);
}

/** The architecture with the slowdown as measured on this host, where that is larger. */
export async function withMeasuredSlowdown(arch: Arch): Promise<Arch> {
  const larger = async (name: Accelerator["name"]) => {
    const measured = await readMeasured(arch, name);
    return Math.max(arch.slowdown[name], measured ? Math.ceil(factorOf(measured)) : 0);
  };
  return { ...arch, slowdown: { tcg: await larger("tcg"), kvm: await larger("kvm") } };
}

/** What was measured last on this host; undefined when nothing was. */
async function readMeasured(
  arch: Arch,
  accelerator: Accelerator["name"],
): Promise<Measured | undefined> {
  const entry = await isCached(await request(arch, accelerator));
  if (!entry) return undefined;
  const text = await readFile(path.join(entry.dir, "measured.json"), "utf8");
  return measuredSchema.parse(JSON.parse(text));
}

/** Replaces what was measured before. */
export async function storeMeasured(
  arch: Arch,
  accelerator: Accelerator["name"],
  measured: Measured,
): Promise<void> {
  const wanted = await request(arch, accelerator);
  const earlier = await isCached(wanted);
  if (earlier) await rm(earlier.dir, { recursive: true, force: true });
  await cached(wanted, async (dir) => {
    await writeFile(path.join(dir, "measured.json"), JSON.stringify(measured));
  });
}

async function request(arch: Arch, accelerator: Accelerator["name"]) {
  return {
    kind: "probes",
    fingerprint: fingerprint({
      calibration: [arch.name, accelerator],
      // The host's CPU, and what emulates which machine on it.
      host: [os.hostname(), os.cpus()[0]?.model],
      qemu: (await toolVersion(arch.qemu.binary)).stdout,
      machine: [arch.qemu.machine, arch.qemu.cpu],
    }),
    verify: "content",
  } as const;
}
