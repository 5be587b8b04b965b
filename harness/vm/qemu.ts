import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { start, type ExecResult, type Process } from "../exec.ts";
import type { Splat } from "../model/verdict.ts";
import { causeOfDeath } from "../splat.ts";
import type { Death } from "../vm.ts";
import { Console } from "./console.ts";
import { Qmp } from "./qmp.ts";

export interface QemuRequest {
  readonly binary: string;
  /** Makes the arguments for the two sockets on which the harness listens. */
  readonly args: (sockets: { consoleSocket: string; qmpSocket: string }) => readonly string[];
  readonly consoleFile: string;
  readonly onSplat: (splat: Splat) => void;
  /** A guest that panicked and has not reset itself after this time is ended. */
  readonly panicSeconds: number;
}

/** Unix socket paths end at 107 bytes (unix(7)); with room for our names. */
const longestSocketDir = 90;

/** How long to wait for the console's last bytes when QEMU is gone. */
const drainSeconds = 2;

/** One QEMU process with its console and its monitor: knows how it came to its end. */
export class Qemu {
  readonly console: Console;
  readonly commandLine: readonly string[];
  readonly died: Promise<Death>;
  /** Resolves when QEMU's monitor answers; rejects when QEMU ends before. */
  readonly qmp: Promise<Qmp>;
  readonly startedAt = performance.now();
  #endedAt: number | undefined;
  readonly #process: Process;
  #consoleSocket: net.Socket | undefined;
  #shutdownReason: string | undefined;
  #stopping = false;
  #connected = false;

  private constructor(
    request: QemuRequest,
    console: Console,
    listening: { consoleServer: net.Server; qmpServer: net.Server },
    args: readonly string[],
    removeSockets: () => Promise<void>,
  ) {
    this.console = console;
    this.commandLine = [request.binary, ...args];
    const consoleConnected = firstConnection(listening.consoleServer);
    const consoleClosed = consoleConnected.then(
      (socket) =>
        new Promise<void>((resolve) => {
          this.#connected = true;
          this.#consoleSocket = socket;
          socket.on("data", (chunk: Buffer) => {
            console.push(chunk);
          });
          socket.on("error", () => undefined);
          socket.on("close", () => {
            resolve();
          });
        }),
    );
    let monitorClosed: () => void = () => undefined;
    const monitorDrained = new Promise<void>((resolve) => {
      monitorClosed = resolve;
    });
    this.#process = start(request.binary, args);
    const finished = this.#process.finished;
    this.qmp = Promise.race([
      firstConnection(listening.qmpServer).then(async (socket) => {
        socket.on("close", monitorClosed);
        const qmp = new Qmp(socket, (event) => {
          if (event.event === "SHUTDOWN") {
            const reason = event.data?.["reason"];
            this.#shutdownReason = typeof reason === "string" ? reason : "unknown";
          }
        });
        await qmp.negotiate();
        return qmp;
      }),
      finished.then((): never => {
        throw new Error("QEMU ended before its monitor answered");
      }),
    ]);
    // Once QEMU has both connections their names are of no use, and a killed harness leaves none.
    // Whoever needs the monitor awaits it; QEMU's end is told by `died`.
    Promise.all([this.qmp, consoleConnected]).then(removeSockets, () => undefined);
    this.died = (async () => {
      const result = await finished;
      // What QEMU wrote last may still lie in the sockets; without a connection there is nothing.
      const drained = this.#connected ? [consoleClosed, monitorDrained] : [];
      await Promise.race([Promise.all(drained), timeout(drainSeconds)]);
      console.close();
      this.#endedAt = performance.now();
      listening.consoleServer.close();
      listening.qmpServer.close();
      await removeSockets();
      return this.#deathOf(result);
    })();
  }

  /** Starts QEMU. A QEMU that cannot be started shows as `died` with "qemu-failed". */
  static async start(request: QemuRequest): Promise<Qemu> {
    const base = os.tmpdir().length > longestSocketDir - 20 ? "/tmp" : os.tmpdir();
    const dir = await mkdtemp(path.join(base, "harness-vm-"));
    const removeSockets = () => rm(dir, { recursive: true, force: true });
    const sockets = {
      consoleSocket: path.join(dir, "console"),
      qmpSocket: path.join(dir, "qmp"),
    };
    let self: Qemu | undefined = undefined as Qemu | undefined;
    const console = await Console.open(request.consoleFile, (splat) => {
      request.onSplat(splat);
      if (splat.kind === "panic") self?.endAfterPanic(request.panicSeconds);
    });
    self = new Qemu(
      request,
      console,
      {
        consoleServer: await listen(sockets.consoleSocket),
        qmpServer: await listen(sockets.qmpSocket),
      },
      request.args(sockets),
      removeSockets,
    );
    return self;
  }

  /** Seconds since the start, or of the whole life when it has ended. */
  get seconds(): number {
    return ((this.#endedAt ?? performance.now()) - this.startedAt) / 1000;
  }

  /** Sends text to the guest's console, as if typed there. */
  type(text: string): void {
    this.#consoleSocket?.write(text);
  }

  /** Ends QEMU at once. */
  stop(): Promise<Death> {
    this.#stopping = true;
    this.#process.kill();
    return this.died;
  }

  private endAfterPanic(seconds: number): void {
    const timer = setTimeout(() => {
      this.#process.kill();
    }, seconds * 1000);
    void this.died.then(() => {
      clearTimeout(timer);
    });
  }

  #deathOf(result: ExecResult): Death {
    const cause = causeOfDeath(this.console.splats);
    if (cause) return { how: "panic", title: cause.title };
    if (this.#stopping) return { how: "stopped" };
    if (result.killedBy !== undefined) return { how: "qemu-killed", signal: result.killedBy };
    // QEMU handles SIGTERM and its like: it ends in order, and says so.
    const signal = /terminating on signal (\d+)/.exec(result.output)?.[1];
    if (signal !== undefined) {
      const number = Number(signal);
      const name = Object.entries(os.constants.signals).find(([, value]) => value === number)?.[0];
      return { how: "qemu-killed", signal: name ?? signal };
    }
    if (result.exitCode === 0) {
      if (this.#shutdownReason === "guest-reset") return { how: "reset" };
      if (this.#shutdownReason === "guest-shutdown") return { how: "powered-off" };
    }
    const output =
      result.spawnError === undefined ? result.output : `cannot start: ${result.spawnError}`;
    return { how: "qemu-failed", exitCode: result.exitCode, output };
  }
}

function listen(file: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(file, () => {
      resolve(server);
    });
  });
}

function firstConnection(server: net.Server): Promise<net.Socket> {
  return new Promise((resolve) => {
    server.once("connection", (socket) => {
      server.close();
      resolve(socket);
    });
  });
}

function timeout(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000).unref();
  });
}
