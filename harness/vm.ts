import type { Arch } from "./arch.ts";
import type { Blame } from "./model/failure.ts";
import type { Emit } from "./model/event.ts";
import type { Splat } from "./model/verdict.ts";

/**
 * The contract of a virtual machine: what the rest of the harness sees of it. `boot` in
 * vm/boot.ts makes one; a Vm in the hands of a caller has answered an ssh command.
 */

/** How QEMU runs the guest's instructions, and the reason for the choice. */
export interface Accelerator {
  readonly name: "kvm" | "tcg";
  readonly why: string;
}

/** The keys of one run: the guest's host key is pinned, the client's key is fresh. */
export interface SshAccess {
  readonly user: string;
  /** The client's private key, ed25519, in OpenSSH's PEM format. */
  readonly privateKey: string;
  /** The guest's public host key, ed25519, as it comes over the wire (RFC 8709). */
  readonly hostKey: Uint8Array;
}

export interface BootRequest {
  /** What is booted, for messages: "baseline" or the series' name. */
  readonly label: string;
  readonly arch: Arch;
  readonly accelerator: Accelerator;
  /** Path of the kernel image. */
  readonly kernel: string;
  readonly initramfs: string;
  readonly ssh: SshAccess;
  /** Every byte of the guest's console is written here; an earlier file is replaced. */
  readonly consoleFile: string;
  /** Whose fault it is when the kernel is: "baseline" or "series". */
  readonly kernelBlame: Blame;
  /** Further words on the kernel's command line. */
  readonly append?: readonly string[];
  /** The user's --timeout-scale; 1 when absent. */
  readonly timeoutScale?: number | undefined;
  /** Told QEMU's command line as soon as QEMU runs, whatever becomes of the boot. */
  readonly started?: ((commandLine: readonly string[]) => void) | undefined;
  /** Ends the boot and the VM. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each splat ("splat", with `label` as its kernel) as the console shows it. */
  readonly emit?: Emit | undefined;
}

/**
 * The life of a VM. `died` resolves when it enters `ended`, from whichever state.
 *
 *     starting ──QMP answers──▶ booting ──READY──▶ connecting ──first command──▶ running
 *        │                         │                   │                          │   │
 *        │                         │                   │                   stop() │   │
 *        │                         │                   │                          ▼   │
 *        │                         │                   │                     stopping │
 *        ▼                         ▼                   ▼                          ▼   ▼
 *        └─────────────────────────┴───── ended ───────┴──────────────────────────┴───┘
 */
export type VmState =
  /** QEMU was started; it has not yet told which port it chose. */
  | { readonly id: "starting" }
  /** The kernel and the guest's init run; nothing answers yet. */
  | { readonly id: "booting"; readonly sshPort: number }
  /** The guest said that its sshd listens. */
  | { readonly id: "connecting"; readonly sshPort: number }
  | { readonly id: "running"; readonly sshPort: number; readonly bootSeconds: number }
  | { readonly id: "stopping" }
  | { readonly id: "ended"; readonly death: Death };

/** How a VM came to its end. */
export type Death =
  /** By stop(), by disposal, or by the request's signal. */
  | { readonly how: "stopped" }
  /** The kernel died; the title is that of the splat which killed it, comparable across boots. */
  | { readonly how: "panic"; readonly title: string }
  /** The guest asked for it, without a panic on the console: a reboot, a triple fault, a power off. */
  | { readonly how: "reset" }
  | { readonly how: "powered-off" }
  /** QEMU was killed by somebody else: the out-of-memory killer, the user. */
  | { readonly how: "qemu-killed"; readonly signal: string }
  /** QEMU gave up by itself; what it printed. */
  | {
      readonly how: "qemu-failed";
      readonly exitCode: number | undefined;
      readonly output: string;
    };

export interface GuestCommandOptions {
  /** Before scaling: the VM multiplies it by the slowdown and --timeout-scale. None when absent. */
  readonly timeoutSeconds?: number | undefined;
  /** Each piece of output as it arrives. */
  readonly onStdout?: ((chunk: Buffer) => void) | undefined;
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
  /** The command is ended when both streams together exceed this; 64 MiB when absent. */
  readonly maxBytes?: number | undefined;
  readonly stdin?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A person's terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** As $TERM says it. */
  readonly type: string;
}

/** How a command in the guest came to its end. Each needs its own answer from the caller. */
export type CommandEnd =
  | { readonly how: "exited"; readonly code: number }
  | { readonly how: "signalled"; readonly signal: string }
  /** The bound passed. The command got SIGKILL; whether it died of it is not known. */
  | { readonly how: "timeout"; readonly seconds: number }
  | { readonly how: "too-much-output"; readonly maxBytes: number }
  | { readonly how: "guest-died"; readonly death: Death }
  /**
   * The connection broke and QEMU lives. `kernelAnswers`: whether the kernel still reacted on its
   * console: if so the fault is infra's (or of a test that killed sshd), else the kernel hangs.
   */
  | { readonly how: "connection-lost"; readonly kernelAnswers: boolean }
  | { readonly how: "aborted" };

export interface GuestCommandResult {
  readonly end: CommandEnd;
  /** At most maxBytes of each stream, the first ones. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly seconds: number;
  /** What the console said meanwhile: byte offsets [from, to) in the console's file. */
  readonly console: readonly [number, number];
}

/** The guest's console so far. */
export interface ConsoleView {
  readonly file: string;
  /** Bytes written so far: the offset where the next one will lie. */
  readonly offset: number;
  /** All complaints of the kernel so far, in order. */
  readonly splats: readonly Splat[];
  /** The last bytes, whole lines, as text; escaped by whoever prints it. */
  tail(bytes?: number): string;
}

export interface Vm extends AsyncDisposable {
  readonly state: VmState;
  /** Seconds from the start of QEMU to the end of the first ssh command. */
  readonly bootSeconds: number;
  readonly console: ConsoleView;
  /** The keys of its ssh server, for connections beside this one; its port is in `state`. */
  readonly access: SshAccess;
  /** The full command line of QEMU, for reproduce.sh and reports. */
  readonly commandLine: readonly string[];
  /** Resolves when the VM has ended; never rejects. */
  readonly died: Promise<Death>;
  /**
   * Runs a command line by the guest's shell. Several may run at once. A connection that was lost
   * is made anew once. Never throws for what the guest does: the result's `end` says it.
   */
  exec(command: string, options?: GuestCommandOptions): Promise<GuestCommandResult>;
  /** Gives a person a shell in the guest; resolves with how it ended. */
  shell(terminal: Terminal): Promise<CommandEnd>;
  /**
   * Whether the guest's kernel reacts on its console (a SysRq over the serial line): tells a hung
   * kernel from a dead sshd. Leaves a "sysrq: HELP" line in the console.
   */
  kernelAnswers(): Promise<boolean>;
  /** Ends QEMU, at once; the guest's memory is all it has. Gives how the VM ended, this way or before. */
  stop(): Promise<Death>;
  /** Seconds of QEMU's life so far, or whole when it ended. */
  readonly guestSeconds: number;
}
