import { timingSafeEqual } from "node:crypto";
import { Client, type ClientChannel, type PublicKeyAuthMethod } from "ssh2";
import type { CommandEnd, GuestCommandOptions, SshAccess, Terminal } from "../vm.ts";

/** How a command ended, as far as the connection alone can tell. */
export type SshCommandEnd =
  | Exclude<CommandEnd, { how: "guest-died" | "connection-lost" }>
  | { readonly how: "connection-lost" };

export interface SshCommandResult {
  readonly end: SshCommandEnd;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A command in the guest that is talked to while it runs. */
export interface SshChannel {
  /** False when its other end reads too slowly; what was given is sent all the same. */
  write(data: Uint8Array): boolean;
  /** Ends the command's stdin, and with that the command if it heeds that. */
  end(): void;
  /** Cuts the channel. */
  close(): void;
  onStdout(listener: (chunk: Buffer) => void): void;
  onStderr(listener: (chunk: Buffer) => void): void;
  /** Resolves when the channel is closed, by whichever side; never rejects. */
  readonly closed: Promise<SshCommandEnd>;
}

export interface ConnectOptions {
  readonly port: number;
  readonly access: SshAccess;
  /** Bound for TCP connection, key exchange and login together. */
  readonly timeoutSeconds: number;
  /** A connection whose other end is silent for three times as long is given up. */
  readonly keepaliveSeconds: number;
}

/** What the guest's sshd offers; one of each, so that nothing is left to negotiation. */
const algorithms = {
  kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
  serverHostKey: ["ssh-ed25519"],
  cipher: ["aes128-ctr", "chacha20-poly1305@openssh.com"],
  hmac: ["hmac-sha2-256"],
  compress: ["none"],
} as const;

const defaultMaxBytes = 64 << 20;

/** One ssh connection to a guest whose host key is known beforehand. */
export class SshConnection {
  readonly #client: Client;
  #open = true;

  private constructor(client: Client) {
    this.#client = client;
    client.on("close", () => {
      this.#open = false;
    });
  }

  /** Connects and logs in. Rejects with ssh2's error, also when the host key is not the pinned one. */
  static connect(options: ConnectOptions): Promise<SshConnection> {
    const { access } = options;
    const client = new Client();
    const login: PublicKeyAuthMethod = {
      type: "publickey",
      username: access.user,
      key: access.privateKey,
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        client.destroy();
        reject(error);
      };
      // For good: ssh2 may report more than one, and an error without a listener ends the harness.
      client.on("error", fail);
      client.once("close", () => {
        fail(new Error("the guest closed the connection before the login"));
      });
      client.once("ready", () => {
        resolve(new SshConnection(client));
      });
      client.connect({
        host: "127.0.0.1",
        port: options.port,
        username: access.user,
        // Without ssh2's first attempt, which is to ask for entry without a key.
        authHandler: [login],
        hostVerifier: (key: Buffer) =>
          key.length === access.hostKey.length && timingSafeEqual(key, access.hostKey),
        algorithms: structuredClone(algorithms) as unknown as object,
        readyTimeout: options.timeoutSeconds * 1000,
        keepaliveInterval: options.keepaliveSeconds * 1000,
        keepaliveCountMax: 3,
      });
      // ssh's packets are small, and each would wait for the last one's acknowledgement: 40 ms.
      client.setNoDelay(true);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** Runs a command. Never rejects: a connection that breaks is one of the ends. */
  exec(command: string, options: GuestCommandOptions): Promise<SshCommandResult> {
    const maxBytes = options.maxBytes ?? defaultMaxBytes;
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    let status: SshCommandEnd | undefined;
    return new Promise((resolve) => {
      let channel: ClientChannel | undefined;
      let settled = false;
      const lost = () => {
        settle({ how: "connection-lost" });
      };
      const abort = () => {
        giveUp({ how: "aborted" });
      };
      const timer =
        options.timeoutSeconds === undefined
          ? undefined
          : setTimeout(
              () => {
                giveUp({ how: "timeout", seconds: options.timeoutSeconds ?? 0 });
              },
              Math.min(options.timeoutSeconds * 1000, 0x7fffffff),
            );
      const settle = (end: SshCommandEnd) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", abort);
        this.#client.removeListener("close", lost);
        resolve({ end, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
      };
      /** Ends the command without waiting for it: it may be in no state to die. */
      const giveUp = (end: SshCommandEnd) => {
        if (settled) return;
        settle(end);
        channel?.signal("KILL");
        channel?.close();
      };
      const take = (
        kept: Buffer[],
        chunk: Buffer,
        listener: ((chunk: Buffer) => void) | undefined,
      ) => {
        if (settled) return;
        const part = chunk.subarray(0, maxBytes - bytes);
        bytes += part.length;
        if (part.length) {
          kept.push(part);
          listener?.(part);
        }
        if (part.length < chunk.length) giveUp({ how: "too-much-output", maxBytes });
      };
      options.signal?.addEventListener("abort", abort, { once: true });
      this.#client.once("close", lost);
      if (options.signal?.aborted) {
        abort();
        return;
      }
      if (!this.#open) {
        lost();
        return;
      }
      const started = (error: Error | undefined, opened: ClientChannel) => {
        if (error) {
          lost();
          return;
        }
        channel = opened;
        if (settled) {
          opened.close();
          return;
        }
        opened.on("data", (chunk: Buffer) => {
          take(stdout, chunk, options.onStdout);
        });
        opened.stderr.on("data", (chunk: Buffer) => {
          take(stderr, chunk, options.onStderr);
        });
        opened.on("exit", (code: number | null, signal?: string) => {
          status =
            code === null
              ? { how: "signalled", signal: (signal ?? "SIGKILL").replace(/^(?!SIG)/, "SIG") }
              : { how: "exited", code };
        });
        opened.on("close", () => {
          settle(status ?? { how: "connection-lost" });
        });
        opened.on("error", () => undefined);
        opened.end(options.stdin ?? "");
      };
      try {
        this.#client.exec(command, started);
      } catch {
        lost();
      }
    });
  }

  /** Starts a command and leaves talking to it to the caller. Rejects when the connection breaks first. */
  talk(command: string): Promise<SshChannel> {
    return new Promise((resolve, reject) => {
      const lost = () => {
        reject(new Error("the ssh connection was lost"));
      };
      this.#client.once("close", lost);
      this.#client.exec(command, (error: Error | undefined, channel: ClientChannel) => {
        this.#client.removeListener("close", lost);
        if (error) {
          reject(error);
          return;
        }
        let end: SshCommandEnd = { how: "connection-lost" };
        channel.on("exit", (code: number | null, signal?: string) => {
          end =
            code === null
              ? { how: "signalled", signal: (signal ?? "SIGKILL").replace(/^(?!SIG)/, "SIG") }
              : { how: "exited", code };
        });
        channel.on("error", () => undefined);
        const closed = new Promise<SshCommandEnd>((settle) => {
          const cut = () => {
            settle(end);
          };
          this.#client.once("close", cut);
          channel.on("close", () => {
            this.#client.removeListener("close", cut);
            settle(end);
          });
        });
        resolve({
          write: (data) => channel.write(Buffer.from(data)),
          end: () => channel.end(),
          close: () => {
            channel.close();
          },
          onStdout: (listener) => channel.on("data", listener),
          onStderr: (listener) => channel.stderr.on("data", listener),
          closed,
        });
      });
    });
  }

  /** Gives a person a shell, on a terminal of the guest's; resolves when it has ended or was lost. */
  shell(terminal: Terminal): Promise<SshCommandEnd> {
    const { input, output, type } = terminal;
    const size = { cols: output.columns, rows: output.rows };
    return new Promise((resolve) => {
      let end: SshCommandEnd = { how: "connection-lost" };
      this.#client.shell({ ...size, term: type }, (error, channel: ClientChannel | undefined) => {
        if (error || !channel) {
          resolve(end);
          return;
        }
        const resize = () => {
          channel.setWindow(output.rows, output.columns, 0, 0);
        };
        output.on("resize", resize);
        if (input.isTTY) input.setRawMode(true);
        input.pipe(channel);
        channel.pipe(output, { end: false });
        channel.on("exit", (code: number | null, signal?: string) => {
          end =
            code === null ? { how: "signalled", signal: signal ?? "?" } : { how: "exited", code };
        });
        channel.on("close", () => {
          output.removeListener("resize", resize);
          input.unpipe(channel);
          if (input.isTTY) input.setRawMode(false);
          input.pause();
          resolve(end);
        });
      });
    });
  }

  close(): void {
    this.#client.end();
    this.#client.destroy();
  }
}
