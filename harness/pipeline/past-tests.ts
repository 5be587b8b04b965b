import { cp, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cached, isCached } from "../cache.ts";
import { exec, findProgram } from "../exec.ts";
import { fingerprint, sha256Folder } from "../fingerprint.ts";
import type { Image } from "../image.ts";
import type { Kernel } from "../kernel/build.ts";
import { bootRecordSchema, type BootRecord, type KernelRecord } from "../model/run.ts";
import type { RunFolder } from "../store.ts";
import type { BuiltSuite } from "../suite.ts";
import type { Accelerator } from "../vm.ts";
import { qemuArgs } from "../vm/qemu-args.ts";
import type { Plan } from "./plan.ts";

/** What a kernel's guests said in an earlier run. */
export interface PastTests {
  /** The run that tested. */
  readonly run: string;
  /** When that run began, ISO 8601. */
  readonly at: string;
  /** With paths below this run's folder. */
  readonly boots: readonly BootRecord[];
}

export interface TestedKernel {
  readonly plan: Plan;
  readonly kernel: Kernel;
  readonly image: Image;
  readonly suites: readonly BuiltSuite[];
  readonly accelerator: Accelerator;
  /** Scales the bounds on programs. */
  readonly scale: number;
}

const recordFile = "tested.json";

/** All that can change what a guest says, but for chance and the host's load. */
export async function testsFingerprint(
  tested: Omit<TestedKernel, "kernel"> & { readonly kernel: Pick<Kernel, "fingerprint"> },
): Promise<string> {
  const { plan, kernel, image, suites, accelerator, scale } = tested;
  const { arch } = plan;
  return fingerprint({
    // What runs in the guest ...
    kernel: kernel.fingerprint,
    image: image.fingerprint,
    // ... which programs of it, in which order, for how long ...
    programs: suites.map(({ name, programs }) => ({ name, programs })),
    scale,
    // ... on which machine ...
    qemu: await qemuIdentity(arch.qemu.binary),
    machine: qemuArgs({
      arch,
      accelerator: accelerator.name,
      kernel: "",
      initramfs: "",
      consoleSocket: "",
      qmpSocket: "",
    }),
    // ... and the code that drives it and reads what it prints.
    harness: await sha256Folder(path.dirname(path.dirname(fileURLToPath(import.meta.url)))),
  });
}

/** A program is known by its file: a QEMU of one's own keeps its version through many changes. */
async function qemuIdentity(binary: string): Promise<unknown> {
  const file = findProgram(binary);
  if (file === undefined) return "missing";
  const { size, mtimeMs } = await stat(file);
  return [file, size, mtimeMs, (await exec(binary, ["--version"])).stdout];
}

/** Takes what an earlier run found into this run's folder; undefined when there is nothing. */
export async function recallTests(
  key: string,
  label: string,
  folder: RunFolder,
): Promise<PastTests | undefined> {
  const entry = await isCached({ kind: "tests", fingerprint: key, verify: "content" });
  if (!entry) return undefined;
  const text = await readFile(path.join(entry.dir, recordFile), "utf8");
  const past = JSON.parse(text) as PastTests;
  const boots = bootRecordSchema.array().parse(past.boots);
  await cp(path.join(entry.dir, "boots"), await folder.prepare(folder.kernel(label)), {
    recursive: true,
  });
  const place = (file: string) => path.join(folder.kernel(label), file);
  return { ...past, boots: boots.map((boot) => moved(boot, place)) };
}

/** Whether what a kernel's guests said may stand for a later test: no bound ran out, no guest died. */
export function isMemorable(kernel: KernelRecord): boolean {
  const cases = kernel.boots.flatMap((boot) => boot.cases);
  return (
    kernel.boots.length > 0 &&
    kernel.boots.every((boot) => boot.lost === undefined) &&
    cases.every(({ verdict }) => !["crash", "timeout", "missing"].includes(verdict))
  );
}

/** Keeps what a kernel's guests said for later runs. */
export async function rememberTests(
  key: string,
  kernel: KernelRecord,
  folder: RunFolder,
  startedAt: string,
): Promise<void> {
  const place = (file: string) => path.relative(folder.kernel(kernel.label), file);
  const boots = kernel.boots.map((boot) => moved(boot, place));
  const past: PastTests = { run: folder.id, at: startedAt, boots };
  await cached({ kind: "tests", fingerprint: key, verify: "content" }, async (dir) => {
    for (const boot of boots.map(({ console }) => path.dirname(console))) {
      const from = path.join(folder.absolute(folder.kernel(kernel.label)), boot);
      await cp(from, path.join(dir, "boots", boot), { recursive: true });
    }
    await writeFile(path.join(dir, recordFile), JSON.stringify(past));
  });
}

function moved(boot: BootRecord, place: (file: string) => string): BootRecord {
  return { ...boot, console: place(boot.console), ktap: boot.ktap.map(place) };
}
