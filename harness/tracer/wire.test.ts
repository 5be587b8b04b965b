import test from "ava";
import fc from "fast-check";
import { Failure } from "../model/failure.ts";
import { decodeStops } from "./stop.ts";
import { FrameReader, FrameWriter, frameLimit } from "./wire.ts";

const runs = { numRuns: 10_000 };

function reply(id: number, data: Uint8Array): Buffer {
  const body = Buffer.alloc(17 + data.length);
  body.writeUInt8(0x80, 0);
  body.writeUInt32LE(id, 1);
  body.writeBigInt64LE(-5n, 5);
  body.writeUInt32LE(3, 13);
  body.set(data, 17);
  return framed(body);
}

function framed(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

/** What push() gives or throws; anything but frames and a Failure is a crash. */
function fed(reader: FrameReader, chunk: Uint8Array): number | "refused" {
  try {
    return reader.push(chunk).length;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.reason === "tracer-protocol") return "refused";
    throw thrown;
  }
}

test("whatever bytes come, the reader gives frames or refuses", (t) => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 });
  // Length fields that make sense now and then, or nothing but refusals would be tried.
  const frames = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((body) => {
        body[0] = 0x80 + ((body[0] ?? 0) % 4);
        return new Uint8Array(framed(body));
      }),
    ),
    { maxLength: 6 },
  );
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(chunks, frames), (pieces) => {
      const reader = new FrameReader();
      for (const piece of pieces) {
        const result = fed(reader, piece);
        if (result === "refused") {
          refused++;
          return;
        }
        taken += result;
      }
    }),
    runs,
  );
  t.true(refused > 100 && taken > 100, `${refused} refused, ${taken} frames taken`);
});

test("frames are the same however the stream is cut", (t) => {
  const frame = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 90 })),
      (all, cuts) => {
        const stream = Buffer.concat(all.map((data, index) => reply(index, data)));
        const reader = new FrameReader();
        const got: string[] = [];
        for (let at = 0; at < stream.length;) {
          const size = Number(cuts.next().value ?? 1);
          for (const each of reader.push(stream.subarray(at, at + size)))
            if (each.type === "reply") got[each.id] = each.data.toString("hex");
          at += size;
        }
        return (
          reader.pending === 0 &&
          got.join() === all.map((data) => Buffer.from(data).toString("hex")).join()
        );
      },
    ),
  );
  t.pass();
});

test("a frame that is too long is refused before it has come", (t) => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(frameLimit + 1);
  t.is(fed(new FrameReader(), head), "refused");
});

test("a frame cut short stays pending", (t) => {
  const reader = new FrameReader();
  const whole = reply(1, Buffer.from("abc"));
  t.deepEqual(reader.push(whole.subarray(0, 10)), []);
  t.is(reader.pending, 10);
  t.is(reader.push(whole.subarray(10)).length, 1);
  t.is(reader.pending, 0);
});

test("records of stops: whatever bytes come, they are decoded or refused", (t) => {
  let refused = 0;
  let decoded = 0;
  const record = fc
    .tuple(fc.uint8Array({ minLength: 17, maxLength: 17 }), fc.uint8Array({ maxLength: 60 }))
    .map(([head, rest]) => {
      const body = Buffer.concat([head, rest]);
      // No facts, more often than chance would have it.
      if ((head[0] ?? 0) < 128) body.writeUInt8((head[16] ?? 0) & 0x20, 16);
      const length = Buffer.alloc(2);
      const hasUsage = (body[16] ?? 0) === 0x20;
      const exact = (head[0] ?? 0) < 64 ? body.subarray(0, hasUsage ? 33 : 17) : body;
      length.writeUInt16LE(exact.length);
      return new Uint8Array(Buffer.concat([length, exact]));
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), record), (bytes) => {
      try {
        decoded += decodeStops(Buffer.from(bytes)).length;
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        refused++;
      }
    }),
    runs,
  );
  t.true(refused > 100 && decoded > 100, `${refused} refused, ${decoded} decoded`);
});

test("a record's facts come in the order of their bits: the stack after the times", (t) => {
  const record = (facts: number) => new FrameWriter().u32(7).u32(0x857f).u64(1n).u8(facts);
  const decoded = (writer: FrameWriter) => {
    // Without the length and the five bytes that make it a frame's body.
    const body = writer.frame(0, 0).subarray(9);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(body.length);
    return decodeStops(Buffer.concat([length, body]))[0];
  };
  const refused = decoded(record(0x40).u16(14));
  t.deepEqual([refused?.stack, refused?.usage], [{ ok: false, errno: 14 }, undefined]);
  const stop = decoded(record(0x70).u16(14).u64(2n).u64(3n).u16(0).u16(4).u32(0x04030201));
  t.deepEqual(stop?.opcode, { ok: false, errno: 14 });
  t.deepEqual(stop?.usage, { userNs: 2n, systemNs: 3n });
  t.deepEqual(stop?.stack, { ok: true, value: Buffer.from("01020304", "hex") });
});

test("a request is a length, a type, an id and what was put, little-endian", (t) => {
  const frame = new FrameWriter().u8(1).u16(0x203).u32(-1).u64(-2n).frame(7, 9);
  t.is(
    frame.toString("hex"),
    "140000000709000000" + "01" + "0302" + "ffffffff" + "feffffffffffffff",
  );
});

test("a request longer than a frame is an error here, not in the guest", (t) => {
  t.throws(() => new FrameWriter().bytes(new Uint8Array(frameLimit)).frame(1, 1), {
    instanceOf: RangeError,
  });
});
