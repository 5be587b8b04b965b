import type {
  BootRequest,
  CommandEnd,
  ConsoleView,
  Death,
  GuestCommandOptions,
  GuestCommandResult,
  SshAccess,
  Terminal,
  Vm,
  VmState,
} from "../vm.ts";
import {
  clockFailure,
  deathFailure,
  GuestSaysNo,
  ImageNotUnpacked,
  LoginFailed,
  unmetFailure,
  Verdict,
  type BootReason,
  type FailedBoot,
} from "./boot-failure.ts";
import { Qemu } from "./qemu.ts";
import { kernelCommandLine, qemuArgs } from "./qemu-args.ts";
import { waitFor, type Condition } from "./ready.ts";
import { SshConnection } from "./ssh.ts";

/**
 * Bounds in seconds for x86_64 under KVM; each is multiplied by the architecture's slowdown and
 * the user's --timeout-scale. Many times what a boot takes, for hosts that do much besides.
 */
const bounds = {
  /** QEMU itself, before the guest runs; it is as fast under any accelerator. */
  monitor: 15,
  /** From QEMU's start to the READY line. */
  boot: 8,
  /** Without a byte on the console before READY. */
  silence: 4,
  /** From the READY line to the end of the first command. */
  ssh: 3,
  /** Between keepalives; three that stay unanswered are a lost connection. */
  keepalive: 1,
  /** For the kernel's answer to a SysRq. */
  sysrq: 1,
  /** From a panic to the reset it should cause. */
  panic: 1,
};

/** Shows that ssh works, and whether the guest's clock does and its kernel took the command line. */
const firstCommand = "cat /proc/uptime /proc/cmdline";

/** Between attempts to log in while sshd turns them down. */
const retrySeconds = 0.2;

/** What the guest's init prints (images/guest/init.c). */
const readyLine = /\bHARNESS-READY\b/;
const failedLine = /\bHARNESS-FAILED (.*)/;
/** What the kernel prints of an image that it could not unpack, or not whole (init/initramfs.c); it goes on all the same. */
const notUnpackedLine = /\bInitramfs unpacking failed: (.*)/;

/**
 * Boots a kernel and gives the VM when its first ssh command has answered.
 * Throws Failure: the kernel's own (blame as the request says) "boot-panic", "boot-reset",
 * "boot-hang", "boot-no-console", "boot-no-image", "boot-no-network", "boot-no-ssh"; infra
 * "image-too-large", "qemu-missing", "qemu-failed", "qemu-killed", "ssh-login"; and the signal's reason
 * when it is aborted.
 */
export async function boot(request: BootRequest): Promise<Vm> {
  request.signal?.throwIfAborted();
  const scale =
    request.arch.slowdown[request.accelerator.name] * Math.max(request.timeoutScale ?? 1, 0.001);
  const qemu = await Qemu.start({
    binary: request.arch.qemu.binary,
    args: (sockets) => qemuArgs({ ...request, accelerator: request.accelerator.name, ...sockets }),
    consoleFile: request.consoleFile,
    onSplat: (splat) => request.emit?.({ type: "splat", kernel: request.label, splat }),
    panicSeconds: bounds.panic * scale,
  });
  request.started?.(qemu.commandLine);
  const vm = new QemuVm(request, qemu, scale);
  try {
    await vm.becomeReady();
    return vm;
  } catch (thrown) {
    await vm.stop();
    request.signal?.throwIfAborted();
    throw thrown;
  }
}

class QemuVm implements Vm {
  readonly console: ConsoleView;
  readonly commandLine: readonly string[];
  readonly access: SshAccess;
  readonly died: Promise<Death>;
  #state: VmState = { id: "starting" };
  #bootSeconds = 0;
  readonly #request: BootRequest;
  readonly #qemu: Qemu;
  readonly #scale: number;
  #sshPort = 0;
  #connection: Promise<SshConnection> | undefined;
  /** What decides the boot; listened for from the start, since it may be quicker than QEMU's monitor. */
  readonly #decided: Promise<RegExpExecArray>;

  constructor(request: BootRequest, qemu: Qemu, scale: number) {
    this.#request = request;
    this.#qemu = qemu;
    this.#scale = scale;
    this.console = qemu.console;
    this.commandLine = qemu.commandLine;
    this.access = request.ssh;
    const lines = [readyLine, failedLine, notUnpackedLine].map(({ source }) => source);
    this.#decided = this.#line(new RegExp(lines.join("|")));
    const abort = () => {
      void this.stop();
    };
    request.signal?.addEventListener("abort", abort, { once: true });
    this.died = qemu.died.then((death) => {
      request.signal?.removeEventListener("abort", abort);
      this.#state = { id: "ended", death };
      void this.#connection?.then(
        (connection) => {
          connection.close();
        },
        () => undefined,
      );
      return death;
    });
    if (request.signal?.aborted) abort();
  }

  get state(): VmState {
    return this.#state;
  }

  get bootSeconds(): number {
    return this.#bootSeconds;
  }

  get guestSeconds(): number {
    return this.#qemu.seconds;
  }

  /** Takes the VM from `starting` to `running`. */
  async becomeReady(): Promise<void> {
    await this.#reach(
      {
        name: "QEMU's monitor",
        probe: async () => {
          this.#sshPort = await (await this.#qemu.qmp).forwardedPort(22);
        },
        hint: "look at what QEMU printed, and try its command line by hand",
      },
      bounds.monitor * Math.max(this.#request.timeoutScale ?? 1, 0.001),
      "qemu-failed",
    );
    this.#enter({ id: "booting", sshPort: this.#sshPort });
    await this.#reach(
      {
        name: "the guest's READY line",
        probe: async () => {
          const [, failed, notUnpacked] = await this.#decided;
          if (failed !== undefined) throw new GuestSaysNo(failed);
          if (notUnpacked !== undefined) throw new ImageNotUnpacked(notUnpacked);
        },
        hint: "the last console lines show how far it came",
      },
      bounds.boot * this.#scale,
      "boot-hang",
    );
    this.#enter({ id: "connecting", sshPort: this.#sshPort });
    const [uptime = "", words] = await this.#reach(
      {
        name: "the first ssh command",
        probe: (signal) => this.#firstCommand(signal),
        hint: "the guest runs but does not answer on its network; is CONFIG_VIRTIO_NET and the rest of kconfigs/ still on?",
      },
      bounds.ssh * this.#scale,
      "boot-no-ssh",
    );
    this.#bootSeconds = this.#qemu.seconds;
    const wrongClock = clockFailure(this.#failed, uptime, this.#bootSeconds);
    if (wrongClock) throw wrongClock;
    this.#checkCommandLine(words);
    this.#enter({ id: "running", sshPort: this.#sshPort, bootSeconds: this.#bootSeconds });
  }

  async exec(command: string, options: GuestCommandOptions = {}): Promise<GuestCommandResult> {
    const started = performance.now();
    const from = this.console.offset;
    let end: CommandEnd;
    let output: { stdout: Buffer; stderr: Buffer } = {
      stdout: Buffer.alloc(0),
      stderr: Buffer.alloc(0),
    };
    if (this.#state.id === "ended") end = { how: "guest-died", death: this.#state.death };
    else {
      const result = await this.#execOver(command, options);
      output = result ?? output;
      end =
        result && result.end.how !== "connection-lost" ? result.end : await this.#whyLost(options);
    }
    // What the guest wrote to its console before the command's end lies in the socket by now; the
    // event loop may have turned to ssh's first.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    return {
      end,
      stdout: output.stdout,
      stderr: output.stderr,
      seconds: (performance.now() - started) / 1000,
      console: [from, this.console.offset],
    };
  }

  /** Runs a command on the one connection, or on a new one if that was lost; undefined when none can be made. */
  async #execOver(command: string, options: GuestCommandOptions) {
    const scaled =
      options.timeoutSeconds === undefined ? undefined : options.timeoutSeconds * this.#scale;
    try {
      let connection = await this.#connect();
      if (!connection.open) {
        this.#connection = undefined;
        connection = await this.#connect();
      }
      return await connection.exec(command, { ...options, timeoutSeconds: scaled });
    } catch {
      this.#connection = undefined;
      return undefined;
    }
  }

  async shell(terminal: Terminal): Promise<CommandEnd> {
    const end = await (await this.#connect()).shell(terminal);
    return end.how === "connection-lost" ? this.#whyLost({}) : end;
  }

  async #whyLost(options: GuestCommandOptions): Promise<CommandEnd> {
    if (options.signal?.aborted) return { how: "aborted" };
    // A dying guest takes its connections with it; asking its kernel waits for its end too.
    const kernelAnswers = await this.kernelAnswers();
    const { state } = this;
    if (state.id === "ended") return { how: "guest-died", death: state.death };
    return { how: "connection-lost", kernelAnswers };
  }

  async kernelAnswers(): Promise<boolean> {
    const answer: Condition<undefined> = {
      name: "the kernel's answer to a SysRq",
      probe: async (signal) => {
        const heard = this.#line(/\bsysrq: /i, signal);
        const qmp = await this.#qemu.qmp;
        const { sysrqPrefix } = this.#request.arch.qemu;
        if (sysrqPrefix === undefined) await qmp.execute("chardev-send-break", { id: "console" });
        this.#qemu.type(`${sysrqPrefix ?? ""}h`);
        await heard;
        return undefined;
      },
      hint: "",
    };
    const waited = await waitFor(answer, {
      seconds: bounds.sysrq * this.#scale,
      ended: this.died,
    });
    // The monitor closes when QEMU ends; the end itself is told a moment later.
    if (!waited.met && waited.unmet.why === "refused") await Promise.race([this.died, after(5)]);
    return waited.met;
  }

  async stop(): Promise<Death> {
    if (this.#state.id !== "ended") this.#enter({ id: "stopping" });
    await this.#qemu.stop();
    return this.died;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #enter(state: VmState): void {
    if (this.#state.id !== "ended") this.#state = state;
  }

  /** Resolves with the first console line from now on that matches. */
  #line(pattern: RegExp, signal?: AbortSignal): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const unwatch = this.#qemu.console.watch((line) => {
        const match = pattern.exec(line);
        if (!match) return;
        unwatch();
        resolve(match);
      });
      signal?.addEventListener("abort", unwatch, { once: true });
    });
  }

  #connect(): Promise<SshConnection> {
    this.#connection ??= SshConnection.connect({
      port: this.#sshPort,
      access: this.#request.ssh,
      timeoutSeconds: bounds.ssh * this.#scale,
      keepaliveSeconds: bounds.keepalive * this.#scale,
    });
    return this.#connection;
  }

  /** A kernel with a line of its own in its configuration may ignore the one that QEMU passes on. */
  #checkCommandLine(said: string | undefined): void {
    if (said === undefined) return;
    const { arch, append, label } = this.#request;
    const taken = said.split(/\s+/);
    const lost = kernelCommandLine(arch, append)
      .split(" ")
      .filter((word) => !taken.includes(word));
    if (lost.length === 0) return;
    this.#request.emit?.({
      type: "notice",
      text: `the ${label} kernel's command line lacks ${lost.join(" ")}: does its configuration replace it (CONFIG_CMDLINE)?`,
    });
  }

  /** Gives the lines of the first command's output. */
  async #firstCommand(signal: AbortSignal): Promise<readonly string[]> {
    while (!signal.aborted) {
      try {
        const connection = await this.#connect();
        const { end, stdout } = await connection.exec(firstCommand, {});
        if (end.how === "exited" && end.code === 0) return stdout.toString("latin1").split("\n");
        if (end.how !== "connection-lost") {
          throw new LoginFailed(`"${firstCommand}" came to an odd end: ${JSON.stringify(end)}`);
        }
      } catch (thrown) {
        const error = thrown as Error & { level?: string };
        const final = thrown instanceof LoginFailed || error.level === "client-authentication";
        if (final || /Host denied|host key/i.test(error.message)) {
          throw new LoginFailed(error.message);
        }
      }
      this.#connection = undefined;
      await new Promise((resolve) => setTimeout(resolve, retrySeconds * 1000));
    }
    return [];
  }

  get #failed(): FailedBoot {
    return {
      request: this.#request,
      commandLine: this.commandLine,
      consoleTail: this.console.tail().trim(),
    };
  }

  async #reach<T>(condition: Condition<T>, seconds: number, reason: BootReason): Promise<T> {
    const waited = await waitFor(condition, {
      seconds,
      ...(this.#state.id === "booting"
        ? {
            silence: {
              seconds: bounds.silence * this.#scale,
              silentSeconds: () => this.#qemu.console.silentSeconds,
            },
          }
        : {}),
      ended: this.died,
    });
    if (waited.met) return waited.value;
    // QEMU's end explains more than the wait that it cut short.
    const refused = waited.unmet.why === "refused" && !(waited.unmet.error instanceof Verdict);
    if (waited.unmet.why === "ended" || refused) {
      const death = await Promise.race([this.died, after(5)]);
      if (death) throw deathFailure(this.#failed, death);
    }
    throw unmetFailure(this.#failed, condition, waited.unmet, reason);
  }
}

function after(seconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(undefined);
    }, seconds * 1000).unref();
  });
}
