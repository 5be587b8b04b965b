import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What the fake QEMU does; see fake-qemu.ts. A test writes a scenario, puts the fake on PATH under
 * the name of a real QEMU, and runs the real program against it.
 */

/** One thing that happens in the fake guest; steps happen one after the other. */
export type Step =
  /** Text on the console, as it is (with its newlines). */
  | { readonly console: string }
  /** Text from the command under way; at boot these go nowhere. */
  | { readonly stdout: string }
  | { readonly stderr: string }
  /** So many bytes of one repeated text. */
  | { readonly flood: number; readonly text: string; readonly to: "console" | "stdout" | "stderr" }
  /** So many bytes of every value, the same each time. */
  | { readonly garbage: number; readonly to: "console" | "stdout" | "stderr" }
  | { readonly seconds: number }
  /** The kernel oopses in this function and goes on; the text is that of a real one. */
  | { readonly oops: string }
  /** A WARN in this function. */
  | { readonly warn: string }
  /** The kernel panics with this reason and resets, which ends QEMU. */
  | { readonly panic: string }
  /** The guest resets, or powers off, without a word. */
  | { readonly reset: true }
  | { readonly powerOff: true }
  /** Nothing happens any more in this command, or at this boot. */
  | { readonly hang: true }
  /** All ssh connections break, and new ones are refused; the kernel lives. */
  | { readonly dropSsh: true }
  /** All ssh connections break; new ones are served. */
  | { readonly breakConnections: true }
  /** ssh and the kernel fall silent; connections stay open. */
  | { readonly freeze: true }
  /** QEMU itself is killed by this signal. */
  | { readonly killQemu: NodeJS.Signals }
  /** QEMU gives up with this status and message. */
  | { readonly qemuExits: number; readonly message: string }
  /** The command ends by this signal instead of with an exit status. */
  | { readonly signal: string };

/** What a command line that matches does in the guest; the first rule that matches decides. */
export interface CommandRule {
  /** A regular expression. */
  readonly match: string;
  readonly steps?: readonly Step[];
  /** 0 when absent. */
  readonly exit?: number;
  /** Copies the command's stdin to its stdout first. */
  readonly cat?: boolean;
}

export interface Behaviour {
  /** From the start of the guest; the default boots to the READY line. */
  readonly boot?: readonly Step[];
  /**
   * "serve" (default): an ssh server with the keys that it finds in the initramfs. "refuse-key":
   * takes no key. "wrong-host-key": shows another host key. "silent": TCP, and nothing else.
   * "closed": closes each connection at once, as QEMU does when nobody listens in the guest.
   */
  readonly ssh?: "serve" | "refuse-key" | "wrong-host-key" | "silent" | "closed";
  /** Rules for commands; without one that matches a command prints nothing and exits 0. */
  readonly commands?: readonly CommandRule[];
  /** Whether the kernel answers a SysRq on its console; true when absent. */
  readonly sysrq?: boolean;
  /** QEMU says nothing on its monitor. */
  readonly silentMonitor?: boolean;
}

export interface Scenario extends Behaviour {
  /** Replaces parts of the behaviour for some boots; all that match apply, in order. */
  readonly variants?: readonly (Behaviour & {
    /** The kernel image contains this text: tells a patched kernel from its baseline. */
    readonly kernelContains?: string;
    /** The initramfs does. */
    readonly initramfsContains?: string;
    /** This is the so-manyth start of QEMU with this scenario, from 1, probes not counted. */
    readonly start?: number;
    /** The same of this kernel: guests of several begin in any order. */
    readonly kernelStart?: number;
  })[];
  /** What the accelerator probe's guest does under KVM: "error" prints QEMU's usual complaint. */
  readonly kvm?: "runs" | "hangs" | "error";
  /** And under emulation. */
  readonly tcg?: "runs" | "error";
}

/** The console line with which the guest's init says that ssh is served. */
export const readyLine = "[    0.410000] HARNESS-READY init=0.350 ready=0.400\n";

/** A plain start of a kernel, up to READY. */
export const plainBoot: readonly Step[] = [
  { console: "[    0.000000] Linux version 6.12.117 (fake) #1 SMP\n" },
  { console: readyLine },
];

/**
 * Puts the fake on PATH: an executable `binary` in `binDir` that plays `scenario`. Gives the
 * scenario's file, which a test may rewrite between runs.
 */
export function installFakeQemu(binDir: string, scenario: Scenario, binary: string): string {
  mkdirSync(binDir, { recursive: true });
  const file = path.join(binDir, `${binary}.scenario.json`);
  writeFileSync(file, JSON.stringify(scenario));
  const program = fileURLToPath(new URL("fake-qemu.js", import.meta.url));
  const script = path.join(binDir, binary);
  const quoted = [process.execPath, program, file].map((each) => `'${each}'`).join(" ");
  writeFileSync(script, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(script, 0o755);
  return file;
}
