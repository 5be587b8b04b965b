import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";
import arch from "../arch/x86_64.ts";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { Slots } from "../pipeline/slots.ts";
import type { BootRequest, Vm } from "../vm.ts";
import { boot } from "../vm/boot.ts";
import { writeKeyInitramfs } from "./fake-guest-keys.ts";
import { installFakeQemu, type Scenario } from "./fake-qemu-scenario.ts";

export interface BootRig extends BootRequest {
  readonly events: Event[];
}

/** A boot request whose QEMU is a fake that plays the scenario. */
export function bootRig(
  t: ExecutionContext,
  scenario: Scenario,
  change: Partial<BootRequest> = {},
): BootRig {
  const dir = mkdtempSync(path.join(os.tmpdir(), "boot-test-"));
  t.teardown(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  installFakeQemu(dir, scenario, "qemu");
  const kernel = path.join(dir, "vmlinux");
  writeFileSync(kernel, "a kernel");
  const initramfs = path.join(dir, "initramfs");
  const events: Event[] = [];
  return {
    label: "baseline",
    arch: { ...arch, qemu: { ...arch.qemu, binary: path.join(dir, "qemu") } },
    accelerator: { name: "kvm", why: "a test" },
    kernel,
    initramfs,
    ssh: writeKeyInitramfs(initramfs),
    consoleFile: path.join(dir, "console.log"),
    kernelBlame: "baseline",
    emit: (event) => events.push(event),
    events,
    ...change,
  };
}

/**
 * Every fake QEMU is a Node of its own: all at once they would take seconds to start, and come too
 * late for the bounds that a test is about.
 */
const starts = new Slots(4);

/** Boots what must not boot. */
export async function bootFailure(t: ExecutionContext, request: BootRequest): Promise<Failure> {
  return t.throwsAsync(
    starts.use(() => boot(request)),
    { instanceOf: Failure },
  );
}

/** Boots, and makes sure that the VM does not outlive the test. */
export async function booted(t: ExecutionContext, request: BootRequest): Promise<Vm> {
  const vm = await starts.use(() => boot(request));
  t.teardown(() => vm.stop());
  return vm;
}
