import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeSync } from "node:fs";
import net from "node:net";
import ssh2 from "ssh2";
import type { ServerChannel } from "ssh2";
import { oopsText, panicText, warnText } from "./fake-guest-texts.ts";
import { findKeys, freshHostKey, type GuestKeys } from "./fake-guest-keys.ts";
import { plainBoot, type Behaviour, type Scenario, type Step } from "./fake-qemu-scenario.ts";

/**
 * A QEMU for tests: takes a real one's arguments, speaks enough of its monitor, prints a console,
 * serves ssh with the keys of the initramfs, and goes wrong in every way a scenario asks for.
 *
 *     fake-qemu.js SCENARIO.json <QEMU's arguments>
 */

const [scenarioFile = "", ...args] = process.argv.slice(2);
const scenario = JSON.parse(readFileSync(scenarioFile, "utf8")) as Scenario;

function argument(name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

function fail(status: number, message: string): never {
  writeSync(2, `${message}\n`);
  process.exit(status);
}

/** The accelerator probe (vm/accel.ts): three ways to come to an end, or none. */
function runProbe(): void {
  const accelerator = argument("-accel")?.split(",")[0];
  const does = accelerator === "kvm" ? (scenario.kvm ?? "error") : (scenario.tcg ?? "runs");
  if (does === "runs") process.exit(85);
  if (does === "error") {
    fail(1, `qemu-system: failed to initialize ${accelerator ?? ""}: No such file or directory`);
  }
  setInterval(() => undefined, 1000);
}

/** Counts this start, of all kernels or of one; safe when several begin at once. */
function countStart(kernel = ""): number {
  for (let start = 1; ; start += 1) {
    try {
      mkdirSync(`${scenarioFile}.start${kernel}-${start}`);
      return start;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
  }
}

function behaviourOf(kernel: Buffer, initramfs: Buffer): Behaviour {
  const start = countStart();
  const kernelStart = countStart(`-${createHash("sha256").update(kernel).digest("hex")}`);
  const variants = (scenario.variants ?? []).filter(
    (each) =>
      (each.kernelContains === undefined || kernel.includes(each.kernelContains)) &&
      (each.initramfsContains === undefined || initramfs.includes(each.initramfsContains)) &&
      (each.start === undefined || each.start === start) &&
      (each.kernelStart === undefined || each.kernelStart === kernelStart),
  );
  return Object.assign({}, scenario, ...variants) as Behaviour;
}

/** The path of a -chardev socket. */
function socketPath(id: string): string {
  const chardev = args.find((each) => each.startsWith(`socket,id=${id},path=`));
  return (
    chardev?.slice(`socket,id=${id},path=`.length).replaceAll(",,", ",") ??
    fail(1, `qemu-system: no chardev ${id}`)
  );
}

class FakeQemu {
  readonly #behaviour: Behaviour;
  readonly #keys: GuestKeys;
  readonly #console: net.Socket;
  readonly #monitor: net.Socket;
  #sshPort = 0;
  #refuseSsh = false;
  #frozen = false;
  #broken = false;
  #negotiated: () => void = () => undefined;
  /** QEMU tells events only to a client that has negotiated. */
  readonly #negotiation = new Promise<void>((resolve) => {
    this.#negotiated = resolve;
  });
  readonly #connections = new Set<net.Socket>();

  constructor(behaviour: Behaviour, initramfs: Buffer) {
    this.#behaviour = behaviour;
    this.#keys = findKeys(initramfs);
    this.#console = net.connect(socketPath("console"));
    this.#monitor = net.connect(socketPath("qmp"));
    for (const socket of [this.#console, this.#monitor]) {
      socket.on("error", () => undefined);
      // The harness is gone; a real QEMU would be killed with it.
      socket.on("close", () => process.exit(0));
    }
    process.on("SIGTERM", () => {
      this.#shutDown("host-signal", () =>
        fail(0, `qemu-system: terminating on signal 15 from pid ${process.ppid}`),
      );
    });
  }

  async run(): Promise<void> {
    this.#sshPort = await this.#listen();
    if (this.#behaviour.silentMonitor === true) this.#negotiated();
    else this.#serveMonitor();
    this.#console.on("data", (chunk: Buffer) => {
      const asks = this.#broken && chunk.includes("h") && this.#behaviour.sysrq !== false;
      if (asks && !this.#frozen)
        this.#console.write("[    3.000000] sysrq: HELP : loglevel(0-9)\n");
    });
    await this.#play(this.#behaviour.boot ?? plainBoot);
  }

  #serveMonitor(): void {
    const send = (message: unknown) => this.#monitor.write(`${JSON.stringify(message)}\r\n`);
    send({ QMP: { version: { qemu: { major: 7, minor: 2, micro: 0 } }, capabilities: [] } });
    let rest = "";
    this.#monitor.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { execute } = JSON.parse(line) as { execute: string };
        if (execute === "qmp_capabilities") this.#negotiated();
        if (execute === "chardev-send-break") this.#broken = true;
        const usernet =
          "Hub -1 (net0):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
          `  TCP[HOST_FORWARD]  12       127.0.0.1 ${this.#sshPort}       10.0.2.15    22     0     0\r\n`;
        send({ return: execute === "human-monitor-command" ? usernet : {} });
      }
    });
  }

  #listen(): Promise<number> {
    const mode = this.#behaviour.ssh ?? "serve";
    const hostKey = mode === "wrong-host-key" ? freshHostKey() : this.#keys.hostKey;
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on("error", () => undefined);
      client.on("authentication", (context) => {
        const known =
          context.method === "publickey" &&
          mode !== "refuse-key" &&
          this.#keys.authorized.some((key) => key.equals(context.key.data));
        if (known) context.accept();
        else context.reject(["publickey"]);
      });
      client.on("ready", () => {
        client.on("session", (accept) => {
          accept().on("exec", (acceptExec, _reject, info) => {
            void this.#runCommand(info.command, acceptExec());
          });
        });
      });
    });
    const tcp = net.createServer((socket) => {
      socket.on("error", () => undefined);
      if (this.#refuseSsh || mode === "closed") {
        socket.destroy();
        return;
      }
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
      if (mode !== "silent") server.injectSocket(socket);
    });
    return new Promise((resolve) => {
      tcp.listen(0, "127.0.0.1", () => {
        resolve((tcp.address() as net.AddressInfo).port);
      });
    });
  }

  async #runCommand(command: string, channel: ServerChannel): Promise<void> {
    if (this.#frozen) return;
    channel.on("error", () => undefined);
    const rule = this.#behaviour.commands?.find(({ match }) => new RegExp(match).test(command));
    if (rule?.cat) for await (const chunk of channel) channel.write(chunk);
    else channel.resume();
    const signal = await this.#play(rule?.steps ?? [], channel);
    if (signal === undefined) channel.exit(rule?.exit ?? 0);
    else channel.exit(signal);
    channel.end();
    channel.close();
  }

  /** Plays steps one after the other; gives the signal that a command ends by, if a step says so. */
  async #play(steps: readonly Step[], channel?: ServerChannel): Promise<string | undefined> {
    let signal: string | undefined;
    for (const step of steps) {
      if ("signal" in step) signal = step.signal;
      else await this.#do(step, channel);
    }
    return signal;
  }

  async #do(step: Exclude<Step, { signal: string }>, channel?: ServerChannel): Promise<void> {
    const write = async (to: "console" | "stdout" | "stderr", data: string | Buffer) => {
      const stream = { console: this.#console, stdout: channel, stderr: channel?.stderr }[to];
      if (stream && !stream.write(data)) {
        await new Promise((resolve) => {
          stream.once("drain", resolve);
          stream.once("close", resolve);
        });
      }
    };
    const say = (text: string) => write("console", text);
    const forever = () => new Promise<never>(() => undefined);
    if ("console" in step) return say(step.console);
    if ("stdout" in step) return write("stdout", step.stdout);
    if ("stderr" in step) return write("stderr", step.stderr);
    if ("flood" in step) {
      const piece = step.text.repeat(Math.ceil((32 << 10) / step.text.length));
      for (let left = step.flood; left > 0; left -= piece.length) {
        await write(step.to, piece.slice(0, left));
        // ssh2 counts its window, not the socket: let the event loop move the data.
        await new Promise(setImmediate);
      }
      return;
    }
    if ("garbage" in step) {
      const all = Buffer.from(
        Array.from({ length: step.garbage }, (_, i) => (i * 167 + 13) & 0xff),
      );
      return write(step.to, all);
    }
    if ("seconds" in step) {
      await new Promise((resolve) => setTimeout(resolve, step.seconds * 1000));
      return;
    }
    if ("oops" in step) return say(oopsText(step.oops));
    if ("warn" in step) return say(warnText(step.warn));
    if ("panic" in step) {
      await say(panicText(step.panic));
      this.#shutDown("guest-reset", () => process.exit(0));
      return forever();
    }
    if ("reset" in step || "powerOff" in step) {
      const reason = "reset" in step ? "guest-reset" : "guest-shutdown";
      this.#shutDown(reason, () => process.exit(0));
      return forever();
    }
    if ("hang" in step) return forever();
    if ("dropSsh" in step || "breakConnections" in step) {
      this.#refuseSsh = "dropSsh" in step;
      for (const socket of this.#connections) socket.destroy();
      return forever();
    }
    if ("freeze" in step) {
      this.#frozen = true;
      for (const socket of this.#connections) socket.pause();
      return forever();
    }
    if ("killQemu" in step) {
      process.kill(process.pid, step.killQemu);
      return forever();
    }
    fail(step.qemuExits, step.message);
  }

  /** Tells the monitor why, and ends when the console's last bytes are out. */
  #shutDown(reason: string, exit: () => void): void {
    void this.#negotiation.then(() => {
      this.#sayGoodbye(reason, exit);
    });
  }

  #sayGoodbye(reason: string, exit: () => void): void {
    const event = {
      timestamp: { seconds: 0, microseconds: 0 },
      event: "SHUTDOWN",
      data: { guest: reason !== "host-signal", reason },
    };
    this.#monitor.write(`${JSON.stringify(event)}\r\n`, () => {
      this.#console.write("", exit);
    });
  }
}

if (args.includes("--version")) {
  process.stdout.write("QEMU emulator version 7.2.0 (fake)\n");
} else if (args.some((each) => each.startsWith("isa-debug-exit"))) {
  runProbe();
} else {
  const read = (name: string) => readFileSync(argument(name) ?? fail(1, `qemu-system: no ${name}`));
  const initramfs = read("-initrd");
  const behaviour = behaviourOf(read("-kernel"), initramfs);
  // QEMU that fails before it does anything.
  const first = behaviour.boot?.[0];
  if (first && "qemuExits" in first) fail(first.qemuExits, first.message);
  await new FakeQemu(behaviour, initramfs).run();
}
