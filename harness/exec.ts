import { accessSync, closeSync, constants, openSync, writeSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";

export interface ExecOptions {
  readonly cwd?: string;
  /** Added to the harness's own environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** The command and all it started are killed after this many seconds. */
  readonly timeoutSeconds?: number | undefined;
  /** Ends the command and all it started. */
  readonly signal?: AbortSignal | undefined;
  /** Each whole line of stdout and stderr as it arrives, without its newline. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** All output is appended to this file too, whatever its size. */
  readonly logFile?: string | undefined;
  /** Gives the command the harness's own terminal (a shell for the user, apt's questions). */
  readonly interactive?: boolean;
}

export interface ExecResult {
  /** 0..255; undefined when the command did not start or was killed. */
  readonly exitCode: number | undefined;
  /** The signal that killed it, such as "SIGKILL". */
  readonly killedBy: string | undefined;
  /** Why it did not start, such as "ENOENT". */
  readonly spawnError: string | undefined;
  readonly timedOut: boolean;
  /** At most the first 64 MiB. */
  readonly stdout: string;
  /** stdout and stderr in the order they came, the last 256 KiB. */
  readonly output: string;
  readonly seconds: number;
}

/** A command under way. */
export interface Process {
  readonly pid: number | undefined;
  readonly finished: Promise<ExecResult>;
  /** Ends the command's whole process group: SIGTERM, and SIGKILL after graceSeconds. */
  stop(graceSeconds?: number): Promise<ExecResult>;
  /** SIGKILL to the group, without waiting; safe in an exit handler. */
  kill(): void;
}

const stdoutLimit = 64 << 20;
const tailLimit = 256 << 10;

const running = new Set<Process>();
// A normal exit must leave no process; setpriv below covers SIGKILL.
process.on("exit", () => {
  for (const each of running) each.kill();
});

/** The arguments to start a command so that it dies with the harness, SIGKILL included (prctl(2) PR_SET_PDEATHSIG). */
function dyingWithParent(command: string, args: readonly string[]): [string, string[]] {
  return ["setpriv", ["--pdeathsig", "KILL", "--", command, ...args]];
}

/**
 * Starts a command in a process group of its own, so that a Ctrl-C in the terminal reaches only
 * the harness, which then ends its commands in order.
 */
export function start(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Process {
  const started = performance.now();
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, "a");
  const stdout = new Head(stdoutLimit);
  const tail = new Tail(tailLimit);
  const [file, argv] = dyingWithParent(command, args);
  const child = execa(file, argv, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env } as Record<string, string>,
    extendEnv: false,
    ...(options.interactive
      ? { stdio: "inherit" }
      : {
          ...(options.input === undefined
            ? { stdin: "ignore" as const }
            : { input: options.input }),
          stdout: "pipe",
          stderr: "pipe",
        }),
    reject: false,
    buffer: false,
    cleanup: false,
    detached: options.interactive !== true,
    encoding: "buffer",
  });

  const streams = options.interactive ? [] : [child.stdout, child.stderr];
  const flushes = streams.map((stream, index) => {
    const lines = new LineSplitter(options.onLine ?? (() => undefined));
    stream.on("data", (chunk: Buffer) => {
      if (index === 0) stdout.push(chunk);
      tail.push(chunk);
      if (log !== undefined) writeSync(log, chunk);
      if (options.onLine) lines.push(chunk);
    });
    return () => {
      lines.end();
    };
  });

  let timedOut = false;
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(options.interactive ? child.pid : -child.pid, signal);
    } catch {
      // Already gone.
    }
  };
  const timer =
    options.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          signalGroup("SIGKILL");
        }, options.timeoutSeconds * 1000);
  let forget: () => void = () => undefined;
  const finished = (async (): Promise<ExecResult> => {
    const result = await child;
    clearTimeout(timer);
    forget();
    for (const flush of flushes) flush();
    if (log !== undefined) closeSync(log);
    // setpriv reports a command that it cannot execute with 127 (not found) or 126.
    const notFound = result.exitCode === 127 && /^setpriv: failed to execute/m.test(tail.text());
    return {
      exitCode: notFound ? undefined : result.exitCode,
      killedBy: result.signal,
      spawnError: notFound
        ? "ENOENT"
        : result.exitCode === undefined && !result.signal
          ? result.code
          : undefined,
      timedOut,
      stdout: stdout.text(),
      output: tail.text(),
      seconds: (performance.now() - started) / 1000,
    };
  })();

  const self: Process = {
    pid: child.pid,
    finished,
    stop: async (graceSeconds = 2) => {
      signalGroup("SIGTERM");
      const killer = setTimeout(() => {
        signalGroup("SIGKILL");
      }, graceSeconds * 1000);
      try {
        return await finished;
      } finally {
        clearTimeout(killer);
      }
    },
    kill: () => {
      signalGroup("SIGKILL");
    },
  };
  const abort = () => {
    void self.stop();
  };
  running.add(self);
  forget = () => {
    running.delete(self);
    options.signal?.removeEventListener("abort", abort);
  };
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) abort();
  return self;
}

/** Runs a command to its end. Does not throw for its exit status: the caller knows what that means. */
export function exec(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  return start(command, args, options).finished;
}

/** Where PATH has a program; undefined where it has none. */
export function findProgram(name: string): string | undefined {
  const dirs = (process.env["PATH"] ?? "").split(":").filter((dir) => path.isAbsolute(dir));
  return dirs
    .map((dir) => path.join(dir, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Cuts a byte stream into lines; a line over 64 KiB is handed on in pieces, so that memory stays bounded. */
export class LineSplitter {
  #rest = Buffer.alloc(0);
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let data = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
      this.#onLine(data.toString("utf8", 0, end).replace(/\r+$/, ""));
      data = data.subarray(end + 1);
    }
    if (data.length > 64 << 10) {
      this.#onLine(data.toString("utf8"));
      data = Buffer.alloc(0);
    }
    this.#rest = Buffer.from(data);
  }

  /** Hands on the last line, if it had no newline. */
  end(): void {
    if (this.#rest.length) this.#onLine(this.#rest.toString("utf8"));
    this.#rest = Buffer.alloc(0);
  }
}

/** Keeps the first bytes of a stream. */
class Head {
  readonly #chunks: Buffer[] = [];
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  push(chunk: Buffer): void {
    if (this.#left <= 0) return;
    this.#chunks.push(chunk.subarray(0, this.#left));
    this.#left -= chunk.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

/** Keeps the last bytes of a stream. */
class Tail {
  #chunks: Buffer[] = [];
  #size = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size - (this.#chunks[0]?.length ?? 0) > this.#limit) {
      this.#size -= this.#chunks.shift()?.length ?? 0;
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString("utf8");
  }
}
