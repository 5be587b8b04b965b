import { Failure } from "../model/failure.ts";

/*
 * The agent's protocol (docs/tracer.md): frames of a length and a body. Integers are little-endian
 * and not aligned.
 */

export const protocolVersion = 2;

/** The longest body of a frame. */
export const frameLimit = 1 << 20;

export const requestTypes = {
  hello: 1,
  call: 2,
  spawn: 3,
  facts: 4,
  next: 5,
  ptrace: 6,
  trace: 7,
  catch: 8,
} as const;

const frameTypes = { reply: 0x80, stops: 0x81, output: 0x82 } as const;

/** A frame from the agent. */
export type Frame =
  | {
      readonly type: "reply";
      readonly id: number;
      readonly result: bigint;
      /** errno, 0 when the call succeeded. */
      readonly error: number;
      readonly data: Buffer;
    }
  /** Records of stops, see stop.ts. */
  | { readonly type: "stops"; readonly id: number; readonly records: Buffer }
  /** What a spawned program wrote; empty at its end. */
  | { readonly type: "output"; readonly stream: number; readonly data: Buffer };

/** Failure for bytes that are none of the protocol's: the agent is broken, or another. */
export function protocolFailure(what: string, evidence?: string): Failure {
  return new Failure({
    reason: "tracer-protocol",
    blame: "suite",
    what: `the agent in the guest does not speak the tracer's protocol: ${what}`,
    ...(evidence === undefined ? {} : { evidence }),
    hint: "agent and harness are of one version (docs/tracer.md)? what did it print on stderr?",
  });
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /**
   * Takes bytes as they come; gives the frames that they complete.
   * Throws Failure "tracer-protocol" for a frame that is too long or of no known kind.
   */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#size += chunk.length;
    const frames: Frame[] = [];
    if (this.#size < 4) return frames;
    // Joined once for each chunk, not once for each frame.
    const data = this.#chunks.length === 1 ? (this.#chunks[0] ?? empty) : this.#wanted();
    if (!data) return frames;
    let at = 0;
    while (data.length - at >= 4) {
      const length = data.readUInt32LE(at);
      if (length > frameLimit) throw protocolFailure(`a frame of ${length} bytes`);
      if (data.length - at - 4 < length) break;
      frames.push(parseFrame(data.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    const rest = data.subarray(at);
    this.#chunks = rest.length ? [rest] : [];
    this.#size = rest.length;
    return frames;
  }

  /** Bytes of a frame that is not whole yet: at the end of the stream there must be none. */
  get pending(): number {
    return this.#size;
  }

  /** All chunks in one, if they hold a whole frame. */
  #wanted(): Buffer | undefined {
    const [first = empty] = this.#chunks;
    if (first.length >= 4) {
      const length = first.readUInt32LE(0);
      if (length <= frameLimit && this.#size < 4 + length) return undefined;
    }
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

const empty = Buffer.alloc(0);

function parseFrame(body: Buffer): Frame {
  const type = body.length ? body.readUInt8(0) : -1;
  switch (type) {
    case frameTypes.reply:
      if (body.length < 17) break;
      return {
        type: "reply",
        id: body.readUInt32LE(1),
        result: body.readBigInt64LE(5),
        error: body.readUInt32LE(13),
        data: body.subarray(17),
      };
    case frameTypes.stops:
      if (body.length < 5) break;
      return { type: "stops", id: body.readUInt32LE(1), records: body.subarray(5) };
    case frameTypes.output:
      if (body.length < 2) break;
      return { type: "output", stream: body.readUInt8(1), data: body.subarray(2) };
  }
  throw protocolFailure(
    type < 0 ? "an empty frame" : `a frame of type ${type} and ${body.length} bytes`,
    body.subarray(0, 32).toString("hex"),
  );
}

/** Puts a request's body together. */
export class FrameWriter {
  readonly #parts: Buffer[] = [];

  u8(value: number): this {
    return this.#put(1, (into) => into.writeUInt8(value));
  }

  u16(value: number): this {
    return this.#put(2, (into) => into.writeUInt16LE(value));
  }

  u32(value: number): this {
    return this.#put(4, (into) => into.writeUInt32LE(value >>> 0));
  }

  u64(value: bigint | number): this {
    return this.#put(8, (into) => into.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value))));
  }

  bytes(value: Uint8Array): this {
    this.#parts.push(Buffer.from(value));
    return this;
  }

  /** The frame: type, id, what was put. Throws when it is longer than a frame may be. */
  frame(type: number, id: number): Buffer {
    const head = Buffer.alloc(9);
    const payload = Buffer.concat(this.#parts);
    if (payload.length + 5 > frameLimit) throw new RangeError("a request longer than a frame");
    head.writeUInt32LE(payload.length + 5, 0);
    head.writeUInt8(type, 4);
    head.writeUInt32LE(id, 5);
    return Buffer.concat([head, payload]);
  }

  #put(size: number, write: (into: Buffer) => void): this {
    const part = Buffer.alloc(size);
    write(part);
    this.#parts.push(part);
    return this;
  }
}
