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

/** A probe's final answer: the condition will never hold. */
export class Verdict extends Error {}
/** The guest's init says that there will be no ssh. */
export class GuestSaysNo extends Verdict {}
export class LoginFailed extends Verdict {}

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
      hint: "kconfigs/ asks for what the harness needs; the console's tail may say what failed",
    });
  }
  if (unmet.why === "refused" && unmet.error instanceof LoginFailed) {
    return failure(boot, "ssh-login", "infra", {
      what: `${kernel}'s guest refuses the harness's ssh login: ${unmet.error.message}`,
      hint: "the keys are made for each run; is the initramfs of this run in use?",
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
        hint: "the whole console is in the run's folder",
      });
    case "reset":
    case "powered-off":
      return failure(boot, "boot-reset", kernelBlame, {
        what: `${kernel} ${death.how === "reset" ? "resets" : "powers off"} its machine at boot, without a panic`,
        hint: "an x86 kernel that faults before its console works resets the machine",
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
      return failure(boot, "qemu-failed", "infra", {
        what: `${binary} ended at once with status ${death.exitCode ?? "unknown"}`,
        hint: "try its command line by hand; harness doctor checks the host",
        evidence: [`$ ${boot.commandLine.join(" ")}`, death.output.trim(), boot.consoleTail]
          .filter(Boolean)
          .join("\n"),
      });
    case "stopped":
      return failure(boot, "stopped", "infra", {
        what: `the VM of ${kernel} was stopped while it booted`,
      });
  }
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
