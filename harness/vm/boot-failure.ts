import { Failure, type Blame } from "../model/failure.ts";
import type { BootRequest, Death } from "../vm.ts";
import type { Condition, Unmet } from "./ready.ts";

/** What is known of a boot that failed. */
export interface FailedBoot {
  readonly request: BootRequest;
  readonly commandLine: readonly string[];
  readonly consoleTail: string;
}

/** What an unmet condition of a boot is called. */
export type BootReason = "qemu-failed" | "boot-hang" | "boot-no-ssh";

/** Why QEMU gives up at once, by what it prints; each is about what a descriptor says. */
const givingUp = [
  {
    says: /unsupported machine type|unable to find CPU model|is not a valid device model name|Property '[^']*' not found/,
    reason: "qemu-too-old",
    what: "does not know a machine, a CPU or a device of",
  },
  {
    // QEMU's boards have no common words for it.
    says: new RegExp(
      [
        "could not load (kernel|initrd)|incompatible architecture|does not have the right byte order",
        "(kernel|initrd) .*too (large|big)|too large (to fit|for)|ROM regions are overlapping",
        "memory too small for|requires .*guest RMA",
      ].join("|"),
      "i",
    ),
    reason: "kernel-not-loaded",
    what: "cannot load kernel and initramfs (another byte order, another format, or larger than the memory) of",
  },
] as const;

/** As the kernel writes lines with CONFIG_PRINTK_TIME (kconfigs/base.config). */
const lineOfKernel = /^\[ *\d+\.\d+\]/m;

/** A probe's final answer: the condition will never hold. */
export class Verdict extends Error {}
/** The guest's init says that there will be no ssh. */
export class GuestSaysNo extends Verdict {}
export class LoginFailed extends Verdict {}
/** The kernel could not unpack the image; its message is the kernel's reason. */
export class ImageNotUnpacked extends Verdict {}

/** init/initramfs.c: the root file system has no room. */
const noRoom = "write error";

/** Panics of a kernel that has nothing to start (init/main.c, init/do_mounts.c). */
const rootless = /No working init found|Unable to mount root fs/;

/** The failure of a boot whose QEMU lives, and in which a condition was not met. */
export function unmetFailure<T>(
  boot: FailedBoot,
  condition: Condition<T>,
  unmet: Unmet,
  reason: BootReason,
): Failure {
  const { label, kernelBlame, arch } = boot.request;
  const kernel = `the ${label} kernel`;
  if (unmet.why === "refused" && unmet.error instanceof GuestSaysNo) {
    return failure(boot, "boot-no-network", kernelBlame, {
      what: `${kernel} boots, but its guest has no network: ${unmet.error.message}`,
      hint: `does kconfigs/arch/${arch.name}.config have the driver of ${arch.qemu.nic} and of its bus? the console's tail may say more`,
    });
  }
  if (unmet.why === "refused" && unmet.error instanceof ImageNotUnpacked) {
    const said = `${kernel} did not unpack its image (${unmet.error.message})`;
    if (unmet.error.message !== noRoom)
      return failure(boot, "boot-no-image", kernelBlame, {
        what: said,
        hint: "the image is the same for all kernels of a run: does another one boot?",
      });
    return failure(boot, "image-too-large", "infra", {
      what: `${said}: there is no room for it in ${arch.qemu.memoryMiB} MiB of memory`,
      hint: `fewer suites make a smaller image (--suite); the memory is in harness/arch/${arch.name}.ts`,
    });
  }
  if (unmet.why === "refused" && unmet.error instanceof LoginFailed) {
    return failure(boot, "ssh-login", "infra", {
      what: `${kernel}'s guest refuses the harness's ssh login: ${unmet.error.message}`,
      hint: "the keys are made for each run; is the initramfs of this run in use?",
    });
  }
  const isMute = boot.consoleTail === "" || unmet.why === "silence";
  if (reason === "boot-hang" && isMute && !lineOfKernel.test(boot.consoleTail)) {
    const firmware = boot.consoleTail === "" ? "" : " (what is there looks like its firmware's)";
    return failure(boot, "boot-no-console", kernelBlame, {
      what: `${kernel} says nothing on its console${firmware}: ${why(unmet)}`,
      hint: `it died early, or console=${arch.qemu.console} has no driver in kconfigs/arch/${arch.name}.config; a slow host wants --timeout-scale`,
    });
  }
  const what = {
    "qemu-failed": `${arch.qemu.binary} does not answer on its monitor`,
    "boot-hang": `${kernel} hangs at boot`,
    "boot-no-ssh": `${kernel} boots, but ssh does not answer`,
  }[reason];
  return failure(boot, reason, reason === "qemu-failed" ? "infra" : kernelBlame, {
    what: `${what}: ${why(unmet)}`,
    hint: `${condition.hint}; a slow host wants --timeout-scale`,
  });
}

/** The failure of a boot that ended with QEMU's end. */
export function deathFailure(boot: FailedBoot, death: Death): Failure {
  const { label, kernelBlame, arch } = boot.request;
  const { binary } = arch.qemu;
  const kernel = `the ${label} kernel`;
  switch (death.how) {
    case "panic":
      return failure(boot, "boot-panic", kernelBlame, {
        what: `${kernel} panics at boot: ${death.title}`,
        hint: rootless.test(death.title)
          ? 'it has found no initramfs: is CONFIG_BLK_DEV_INITRD on, and did it take its command line, by which QEMU tells some kernels (the console\'s "Kernel command line")?'
          : "the whole console is in the run's folder",
      });
    case "reset":
    case "powered-off":
      return failure(boot, "boot-reset", kernelBlame, {
        what: `${kernel} ${death.how === "reset" ? "resets" : "powers off"} its machine at boot, without a panic`,
        hint: "a kernel that faults before its console works may reset the machine",
      });
    case "qemu-killed":
      return failure(boot, "qemu-killed", "infra", {
        what: `${binary} was killed by ${death.signal} while ${kernel} booted`,
        hint: "dmesg tells whether the host ran out of memory; run fewer VMs with --jobs",
      });
    case "qemu-failed":
      if (death.output.startsWith("cannot start: ENOENT")) {
        return failure(boot, "qemu-missing", "infra", {
          what: `${binary} is not installed`,
          hint: `apt install ${arch.qemu.package}, or harness doctor --install`,
          evidence: death.output,
        });
      }
      return gaveUp(boot, death.exitCode, death.output);
    case "stopped":
      return failure(boot, "stopped", "infra", {
        what: `the VM of ${kernel} was stopped while it booted`,
      });
  }
}

function gaveUp(boot: FailedBoot, exitCode: number | undefined, output: string): Failure {
  const { arch } = boot.request;
  const { binary } = arch.qemu;
  const evidence = [`$ ${boot.commandLine.join(" ")}`, output.trim(), boot.consoleTail];
  const known = givingUp.find(({ says }) => says.test(output));
  return failure(boot, known?.reason ?? "qemu-failed", "infra", {
    what: known
      ? `${binary} ${known.what} the ${arch.name} guest`
      : `${binary} ended at once with status ${exitCode ?? "unknown"}`,
    hint: known
      ? `see harness/arch/${arch.name}.ts; harness doctor --arch ${arch.name} shows QEMU's version`
      : "try its command line by hand; harness doctor checks the host",
    evidence: evidence.filter(Boolean).join("\n"),
  });
}

/**
 * The failure of a guest whose clock is far ahead of the host's, or undefined. `uptime`: what
 * /proc/uptime said in a guest that QEMU has run for `seconds`.
 */
export function clockFailure(
  boot: FailedBoot,
  uptime: string,
  seconds: number,
): Failure | undefined {
  const guest = Number.parseFloat(uptime);
  // A clock that lags behind only makes tests slow; QEMU's start and firmware are no guest's time.
  if (!(guest > 2 * seconds + 1)) return undefined;
  return failure(boot, "guest-clock", "infra", {
    what: `the guest's clock runs away from the host's: ${guest.toFixed(1)} s since its boot, ${seconds.toFixed(1)} s since QEMU's start`,
    hint: "no time limit and no time that a test measures means anything; look at the clock source in the console",
  });
}

function failure(
  boot: FailedBoot,
  reason: string,
  blame: Blame,
  text: { readonly what: string; readonly hint?: string; readonly evidence?: string },
): Failure {
  const tail = boot.consoleTail === "" ? "(nothing on the console)" : boot.consoleTail;
  return new Failure({ reason, blame, evidence: tail, ...text });
}

function why(unmet: Unmet): string {
  switch (unmet.why) {
    case "timeout":
      return `not within ${round(unmet.seconds)} s`;
    case "silence":
      return `no output for ${round(unmet.seconds)} s`;
    case "refused":
      return unmet.error.message;
    case "ended":
      return "QEMU ended";
  }
}

function round(seconds: number): string {
  return seconds >= 10 ? String(Math.round(seconds)) : seconds.toFixed(1);
}
