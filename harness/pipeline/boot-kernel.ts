import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runKeys, writeInitramfs, type Image } from "../image.ts";
import type { Kernel } from "../kernel/build.ts";
import type { Emit } from "../model/event.ts";
import type { Blame } from "../model/failure.ts";
import { boot } from "../vm/boot.ts";
import type { Accelerator, Vm } from "../vm.ts";
import type { Plan } from "./plan.ts";

export interface BootKernelRequest {
  /** "baseline" or the series' name. */
  readonly label: string;
  readonly plan: Plan;
  readonly kernel: Kernel;
  readonly image: Image;
  readonly accelerator: Accelerator;
  /** Whose fault it is when the kernel does not come up. */
  readonly blame: Blame;
  readonly consoleFile: string;
  readonly started?: ((commandLine: readonly string[]) => void) | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Boots a kernel with the run's image and fresh keys. Throws what vm/boot.ts throws. */
export async function bootKernel(
  request: BootKernelRequest,
): Promise<{ readonly vm: Vm; readonly privateKey: string }> {
  const { plan, kernel, image, blame, ...rest } = request;
  const work = await mkdtemp(path.join(os.tmpdir(), "harness-boot-"));
  try {
    const keys = runKeys();
    const initramfs = path.join(work, "initramfs");
    await writeInitramfs(initramfs, image, keys);
    const vm = await boot({
      ...rest,
      arch: plan.arch,
      kernel: kernel.image,
      initramfs,
      ssh: { user: "root", privateKey: keys.clientPrivateKey, hostKey: keys.hostPublicKey },
      kernelBlame: blame,
      timeoutScale: plan.timeoutScale,
    });
    return { vm, privateKey: keys.clientPrivateKey };
  } finally {
    // QEMU has read it by the time the guest answers.
    await rm(work, { recursive: true, force: true });
  }
}
