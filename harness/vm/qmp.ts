import type { Socket } from "node:net";
import { LineSplitter } from "../exec.ts";

/** A message of QEMU that nobody asked for, such as SHUTDOWN. */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A client of the QEMU Machine Protocol (docs/interop/qmp-spec) on a connected socket. Requests
 * that are open when the socket closes are rejected.
 */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #onEvent: (event: QmpEvent) => void;
  #closed = false;

  constructor(socket: Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    const lines = new LineSplitter((line) => {
      this.#receive(line);
    });
    socket.on("data", (chunk: Buffer) => {
      lines.push(chunk);
    });
    const close = () => {
      this.#closed = true;
      for (const each of this.#waiting.splice(0)) each.reject(new Error("QEMU closed its monitor"));
    };
    socket.on("error", close);
    socket.on("close", close);
  }

  /** Sends a command; gives its "return". Rejects with QEMU's error text. Answers come in order. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error("QEMU closed its monitor"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(
        `${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`,
      );
    });
  }

  /** Leaves the negotiation; must be the first command. */
  async negotiate(): Promise<void> {
    await this.execute("qmp_capabilities");
  }

  /** The port on 127.0.0.1 that leads to the guest's port. Rejects when there is none. */
  async forwardedPort(guestPort: number): Promise<number> {
    const text = await this.execute("human-monitor-command", { "command-line": "info usernet" });
    const port = forwardedPortOf(String(text), guestPort);
    if (port === undefined) throw new Error(`no forward to port ${guestPort} in: ${String(text)}`);
    return port;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(line: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(line) as Record<string, unknown>;
    } catch {
      return;
    }
    if (typeof message["event"] === "string") {
      this.#onEvent(message as unknown as QmpEvent);
    } else if ("return" in message) {
      this.#waiting.shift()?.resolve(message["return"]);
    } else if ("error" in message) {
      const error = message["error"] as { desc?: string };
      this.#waiting.shift()?.reject(new Error(error.desc ?? "QEMU refused a command"));
    }
  }
}

/** Finds a forward's host port in the output of `info usernet`. */
export function forwardedPortOf(usernet: string, guestPort: number): number | undefined {
  for (const line of usernet.split(/\r?\n/)) {
    const match = /TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)/.exec(line);
    if (match && Number(match[2]) === guestPort) return Number(match[1]);
  }
  return undefined;
}
