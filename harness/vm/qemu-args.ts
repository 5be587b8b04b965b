import type { Arch } from "../arch.ts";
import type { Accelerator } from "../vm.ts";

export interface QemuArgsRequest {
  readonly arch: Arch;
  readonly accelerator: Accelerator["name"];
  readonly kernel: string;
  readonly initramfs: string;
  /** Sockets on which the harness listens; QEMU connects to them, so that nobody has to poll. */
  readonly consoleSocket: string;
  readonly qmpSocket: string;
  /** Further words on the kernel's command line. */
  readonly append?: readonly string[] | undefined;
}

/**
 * The kernel's command line.
 * panic=-1: reboot at once, which -no-reboot turns into QEMU's end. oops=panic: a kernel that
 * oopsed may hold locks for ever; it is a dead one. loglevel=5: warnings reach the console (the
 * first line of a WARN is one), the boot's chatter, which costs time on a serial line, does not.
 */
export function kernelCommandLine(arch: Arch, append: readonly string[] = []): string {
  const words = [
    `console=${arch.qemu.console}`,
    "panic=-1",
    "oops=panic",
    "loglevel=5",
    // Emulated CPUs on a busy host stand still for longer than the default allows.
    "watchdog_thresh=30",
    ...arch.qemu.append,
    ...append,
  ];
  return words.join(" ");
}

/**
 * QEMU's arguments for one guest; pure. The guest has no way out (restrict=on; one forward, bound
 * to 127.0.0.1, whose port the system chooses: QEMU tells it over QMP), no disk, no shared folder.
 */
export function qemuArgs(request: QemuArgsRequest): string[] {
  const { qemu } = request.arch;
  const accelerator =
    request.accelerator === "kvm" ? ["-accel", "kvm"] : ["-accel", "tcg,thread=multi"];
  return [
    ...accelerator,
    ...qemu.machine,
    "-cpu",
    qemu.cpu[request.accelerator],
    "-smp",
    String(qemu.cpus),
    "-m",
    String(qemu.memoryMiB),
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-no-reboot",
    "-chardev",
    `socket,id=qmp,path=${escapeComma(request.qmpSocket)}`,
    "-mon",
    "chardev=qmp,mode=control",
    "-chardev",
    `socket,id=console,path=${escapeComma(request.consoleSocket)}`,
    ...(qemu.serial ?? ["-serial", "chardev:console"]),
    "-netdev",
    "user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22",
    "-device",
    `${qemu.nic},netdev=net0`,
    ...qemu.devices.flatMap((device) => ["-device", device]),
    "-kernel",
    request.kernel,
    "-initrd",
    request.initramfs,
    "-append",
    kernelCommandLine(request.arch, request.append),
  ];
}

/** QEMU's option lists take a comma in a value only when it is doubled. */
function escapeComma(value: string): string {
  return value.replaceAll(",", ",,");
}
