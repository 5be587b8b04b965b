import { Failure } from "../model/failure.ts";
import type { SshChannel, SshCommandEnd } from "../vm/ssh.ts";
import { decodeStops, factBits, type FactName, type RawStop } from "./stop.ts";
import {
  FrameReader,
  FrameWriter,
  protocolFailure,
  protocolVersion,
  requestTypes,
  type Frame,
} from "./wire.ts";

/** What a system call made by the agent came to. */
export interface CallResult {
  readonly result: bigint;
  /** 0 when it succeeded. */
  readonly errno: number;
  /** The call's data as it is afterwards: what the kernel wrote lies where it was told to. */
  readonly data: Buffer;
}

/** An argument of a system call. */
export type Argument =
  | bigint
  | number
  /** The address of a byte of the call's data. */
  | { readonly data: number }
  /** The id of the process that makes the call. */
  | "self";

/** A system call with all that its pointers point to. */
export interface Call {
  readonly nr: number;
  readonly args: readonly Argument[];
  readonly data?: Uint8Array;
  /** Pointers within the data: at this offset, the address of that one. */
  readonly pointers?: readonly { readonly at: number; readonly to: number }[];
}

/** What to collect in each kind of stop. */
export interface WantedFacts {
  readonly syscall: readonly FactName[];
  readonly event: readonly FactName[];
  readonly other: readonly FactName[];
  /** What lies where in a register set of this length. */
  readonly places?: readonly {
    readonly length: number;
    /** For "opcode": the instruction pointer. */
    readonly ip: Place;
    /** For "stack": the stack pointer, and how many bytes there. */
    readonly stack?: { readonly pointer: Place; readonly count: number };
  }[];
}

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

export interface SpawnRequest {
  /** PTRACE_O_*; PTRACE_O_EXITKILL is added. Not traced when absent. */
  readonly options?: number;
  /** Whether its output comes to onOutput; else it goes to /dev/null. */
  readonly capture?: boolean;
  /** CLONE_NEW* and the like. */
  readonly cloneFlags?: number;
  /** What the new process does, one call after the other; the last may be execve(). */
  readonly calls: readonly Call[];
}

/** How to wait: wait4(), or the call of the wait6 series by its number. */
export type Waiting =
  | { readonly how: "wait4" }
  | {
      readonly how: "wait6";
      readonly nr: number;
      /** The signals that are blocked while it waits, as a set; those of the thread when absent. */
      readonly mask?: bigint;
    };

export interface TraceRequest {
  readonly wait?: Waiting;
  /** PTRACE_SYSCALL by default. */
  readonly resume?: number;
  /** End after so many stops, with the last one not resumed; without it, when no tracee is left. */
  readonly limit?: number;
  readonly onStops: (stops: readonly RawStop[]) => void;
}

interface Pending {
  readonly resolve: (frame: Extract<Frame, { type: "reply" }>) => void;
  readonly reject: (reason: unknown) => void;
  onStops?: (stops: readonly RawStop[]) => void;
}

const ptraceSyscall = 24;
const wall = 0x40000000;

/**
 * The agent in the guest, as an object: one request at a time, each a promise. All of them reject
 * with a Failure when the agent ends or says what is not in the protocol.
 */
export class Agent {
  readonly pointerBytes: number;
  readonly bigEndian: boolean;
  /** The agent's own process id. */
  readonly pid: number;
  /** Told what spawned programs write; an empty piece is the end of a stream. */
  onOutput: (stream: number, data: Buffer) => void = () => undefined;
  readonly #connection: Connection;

  private constructor(
    connection: Connection,
    hello: { readonly pointerBytes: number; readonly bigEndian: boolean; readonly pid: number },
  ) {
    this.#connection = connection;
    this.pointerBytes = hello.pointerBytes;
    this.bigEndian = hello.bigEndian;
    this.pid = hello.pid;
    connection.onOutput = (stream, data) => {
      this.onOutput(stream, data);
    };
  }

  /** Shakes hands over a channel at whose other end the agent was started. */
  static async over(channel: SshChannel): Promise<Agent> {
    const connection = new Connection(channel);
    const reply = await connection.request(requestTypes.hello, new FrameWriter());
    if (reply.result !== BigInt(protocolVersion) || reply.data.length < 6)
      throw protocolFailure(`version ${reply.result}, expected ${protocolVersion}`);
    const [pointerBytes = 0, order = 0] = reply.data;
    const pid = reply.data.readInt32LE(2);
    return new Agent(connection, { pointerBytes, bigEndian: order !== 0, pid });
  }

  /** Resolves when the agent is gone. */
  get gone(): Promise<SshCommandEnd> {
    return this.#connection.gone;
  }

  async call(call: Call): Promise<CallResult> {
    const { result, error, data } = await this.#connection.request(
      requestTypes.call,
      putCall(new FrameWriter(), call),
    );
    return { result, errno: error, data };
  }

  /** Starts a process; gives its id. Rejects with Failure "tracer-spawn". */
  async spawn(request: SpawnRequest): Promise<number> {
    const { options, capture = false, cloneFlags = 0, calls } = request;
    const writer = new FrameWriter()
      .u8((options === undefined ? 0 : 1) | (capture ? 2 : 0))
      .u32(options ?? 0)
      .u64(cloneFlags)
      .u8(calls.length);
    for (const call of calls) putCall(writer, call);
    const { result, error } = await this.#connection.request(requestTypes.spawn, writer);
    if (error === 0) return Number(result);
    throw new Failure({
      reason: "tracer-spawn",
      blame: "suite",
      what: `the agent could not start a process (errno ${error})`,
    });
  }

  async want(facts: WantedFacts): Promise<void> {
    const mask = (names: readonly FactName[]) =>
      names.reduce((bits, name) => bits | factBits[name], 0);
    const places = facts.places ?? [];
    const writer = new FrameWriter()
      .u8(mask(facts.syscall))
      .u8(mask(facts.event))
      .u8(mask(facts.other))
      .u8(places.length);
    for (const { length, ip, stack } of places) {
      const { pointer, count } = stack ?? { pointer: { offset: 0, bytes: 0 }, count: 0 };
      writer.u16(length).u16(ip.offset).u16(ip.bytes);
      writer.u16(pointer.offset).u16(pointer.bytes).u16(count);
    }
    await this.#connection.request(requestTypes.facts, writer);
  }

  /** Waits for a tracee (-1: any). undefined: none has anything to tell (WNOHANG); errno: the wait failed. */
  async next(
    pid = -1,
    options = wall,
    wait: Waiting = { how: "wait4" },
  ): Promise<RawStop | { readonly errno: number } | undefined> {
    const writer = putWaiting(new FrameWriter(), wait).u32(pid).u32(options);
    const { result, error, data } = await this.#connection.request(requestTypes.next, writer);
    if (error !== 0) return { errno: error };
    return result === 0n ? undefined : decodeStops(data)[0];
  }

  /** ptrace() with plain values; what has to lie in memory goes through call(). */
  async ptrace(
    request: number,
    pid: number,
    addr: bigint | number = 0,
    data: bigint | number = 0,
  ): Promise<{ readonly result: bigint; readonly errno: number }> {
    const writer = new FrameWriter().u32(request).u32(pid).u64(addr).u64(data);
    const { result, error } = await this.#connection.request(requestTypes.ptrace, writer);
    return { result, errno: error };
  }

  /** Has the agent count a signal from now on (0: none more); gives the count so far. */
  async catch(signal: number): Promise<number> {
    const writer = new FrameWriter().u32(signal);
    const { result } = await this.#connection.request(requestTypes.catch, writer);
    return Number(result);
  }

  /** Traces all tracees without asking; gives how many stops there were. */
  async trace(request: TraceRequest): Promise<number> {
    const writer = putWaiting(new FrameWriter(), request.wait ?? { how: "wait4" })
      .u32(request.resume ?? ptraceSyscall)
      .u64(request.limit ?? 0);
    const { result } = await this.#connection.request(requestTypes.trace, writer, request.onStops);
    return Number(result);
  }

  /** Ends the agent, and with it every tracee that it spawned. */
  async end(): Promise<void> {
    this.#connection.end();
    await this.gone;
  }
}

/** Requests and their replies. */
class Connection {
  readonly gone: Promise<SshCommandEnd>;
  onOutput: (stream: number, data: Buffer) => void = () => undefined;
  readonly #channel: SshChannel;
  readonly #reader = new FrameReader();
  readonly #pending = new Map<number, Pending>();
  #stderr = "";
  #lastId = 0;
  #broken: Failure | undefined;

  constructor(channel: SshChannel) {
    this.#channel = channel;
    channel.onStdout((chunk) => {
      this.#take(chunk);
    });
    channel.onStderr((chunk) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-4096);
    });
    this.gone = channel.closed.then((end) => {
      this.#break(lostFailure(end, this.#reader.pending, this.#stderr));
      return end;
    });
  }

  request(
    type: number,
    writer: FrameWriter,
    onStops?: (stops: readonly RawStop[]) => void,
  ): Promise<Extract<Frame, { type: "reply" }>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      this.#pending.set(id, { resolve, reject, ...(onStops ? { onStops } : {}) });
      this.#channel.write(writer.frame(type, id));
    });
  }

  end(): void {
    this.#channel.end();
  }

  #take(chunk: Buffer): void {
    if (this.#broken) return;
    try {
      for (const frame of this.#reader.push(chunk)) this.#dispatch(frame);
    } catch (thrown) {
      // What comes after a broken frame means nothing.
      this.#break(thrown);
      this.#channel.close();
    }
  }

  #dispatch(frame: Frame): void {
    if (frame.type === "output") {
      this.onOutput(frame.stream, frame.data);
      return;
    }
    const pending = this.#pending.get(frame.id);
    if (!pending) throw protocolFailure(`a ${frame.type} to a request that was not made`);
    if (frame.type === "stops") {
      if (!pending.onStops) throw protocolFailure("stops that nobody asked for");
      pending.onStops(decodeStops(frame.records));
      return;
    }
    this.#pending.delete(frame.id);
    pending.resolve(frame);
  }

  #break(reason: unknown): void {
    this.#broken ??= reason instanceof Failure ? reason : protocolFailure(String(reason));
    for (const { reject } of this.#pending.values()) reject(this.#broken);
    this.#pending.clear();
  }
}

function lostFailure(end: SshCommandEnd, pendingBytes: number, stderr: string): Failure {
  const how =
    end.how === "exited"
      ? `exited with ${end.code}`
      : end.how === "signalled"
        ? `was killed by ${end.signal}`
        : "was lost with its connection";
  const within = pendingBytes > 0 ? `, ${pendingBytes} bytes into a frame` : "";
  return new Failure({
    reason: "tracer-agent-lost",
    blame: "infra",
    what: `the tracer's agent ${how}${within}`,
    ...(stderr ? { evidence: stderr } : {}),
    hint: "its tracees were killed with it, or let go of",
  });
}

function putCall(writer: FrameWriter, call: Call): FrameWriter {
  writer.u32(call.nr);
  for (let index = 0; index < 6; index++) {
    const argument = call.args[index] ?? 0;
    if (argument === "self") writer.u8(2).u64(0);
    else if (typeof argument === "object") writer.u8(1).u64(argument.data);
    else writer.u8(0).u64(argument);
  }
  const data = call.data ?? new Uint8Array(0);
  writer.u32(data.length).bytes(data);
  writer.u16(call.pointers?.length ?? 0);
  for (const { at, to } of call.pointers ?? []) writer.u32(at).u32(to);
  return writer;
}

function putWaiting(writer: FrameWriter, wait: Waiting): FrameWriter {
  if (wait.how === "wait4") return writer.u8(0).u32(0).u64(0);
  return writer
    .u8(wait.mask === undefined ? 1 : 2)
    .u32(wait.nr)
    .u64(wait.mask ?? 0);
}
