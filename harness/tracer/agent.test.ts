import test from "ava";
import { Failure } from "../model/failure.ts";
import type { SshChannel, SshCommandEnd } from "../vm/ssh.ts";
import { Agent } from "./agent.ts";
import { protocolVersion } from "./wire.ts";

/** The other end of a channel: what was written to it, and a hand to answer with. */
function channel() {
  let listener: (chunk: Buffer) => void = () => undefined;
  let close: (end: SshCommandEnd) => void = () => undefined;
  const written: Buffer[] = [];
  const closed = new Promise<SshCommandEnd>((resolve) => {
    close = resolve;
  });
  const end: SshChannel = {
    write: (data) => written.push(Buffer.from(data)) > 0,
    end: () => {
      close({ how: "exited", code: 0 });
    },
    close: () => {
      close({ how: "signalled", signal: "SIGKILL" });
    },
    onStdout: (given) => {
      listener = given;
    },
    onStderr: () => undefined,
    closed,
  };
  return {
    end,
    written,
    close,
    say: (bytes: Uint8Array) => {
      listener(Buffer.from(bytes));
    },
  };
}

function reply(id: number, result: number, data: readonly number[] = [], error = 0): Buffer {
  const frame = Buffer.alloc(21 + data.length);
  frame.writeUInt32LE(17 + data.length, 0);
  frame.writeUInt8(0x80, 4);
  frame.writeUInt32LE(id, 5);
  frame.writeBigInt64LE(BigInt(result), 9);
  frame.writeUInt32LE(error, 17);
  frame.set(data, 21);
  return frame;
}

const hello = [8, 0, 42, 0, 0, 0];

async function greeted() {
  const other = channel();
  const agent = Agent.over(other.end);
  other.say(reply(1, protocolVersion, hello));
  return { agent: await agent, other };
}

test("the handshake tells the guest's word size, byte order and the agent's id", async (t) => {
  const { agent } = await greeted();
  t.is(agent.pointerBytes, 8);
  t.false(agent.bigEndian);
  t.is(agent.pid, 42);
});

test("an agent of another version is refused", async (t) => {
  const other = channel();
  const agent = Agent.over(other.end);
  other.say(reply(1, 99, hello));
  const failure = await t.throwsAsync(agent, { instanceOf: Failure });
  t.is(failure.reason, "tracer-protocol");
});

test("a channel that closes within a frame fails what is asked and what will be", async (t) => {
  const { agent, other } = await greeted();
  const asked = agent.next();
  other.say(reply(2, 0).subarray(0, 12));
  other.close({ how: "connection-lost" });
  const failure = await t.throwsAsync(asked, { instanceOf: Failure });
  t.is(failure.reason, "tracer-agent-lost");
  t.is(failure.blame, "infra");
  t.regex(failure.what, /12 bytes into a frame/);
  await t.throwsAsync(agent.ptrace(24, 1), { instanceOf: Failure });
});

test("what is no frame ends the agent, once", async (t) => {
  const { agent, other } = await greeted();
  const asked = agent.next();
  other.say(Buffer.from("ffffffff0000", "hex"));
  const failure = await t.throwsAsync(asked, { instanceOf: Failure });
  t.is(failure.reason, "tracer-protocol");
  t.is((await agent.gone).how, "signalled");
  other.say(reply(2, 0));
  const later = await t.throwsAsync(agent.next(), { instanceOf: Failure });
  t.is(later, failure);
});

test("an answer to what was not asked is none of the protocol's", async (t) => {
  const { agent, other } = await greeted();
  const asked = agent.next();
  other.say(reply(17, 0));
  t.is((await t.throwsAsync(asked, { instanceOf: Failure })).reason, "tracer-protocol");
});

test("stops that nobody asked for are none of the protocol's", async (t) => {
  const { agent, other } = await greeted();
  const asked = agent.next();
  const stops = Buffer.from("05000000810200000000", "hex").subarray(0, 9);
  other.say(stops);
  t.is((await t.throwsAsync(asked, { instanceOf: Failure })).reason, "tracer-protocol");
});

test("output is handed on as the bytes that it is", async (t) => {
  const { agent, other } = await greeted();
  const seen: string[] = [];
  agent.onOutput = (stream, data) => seen.push(`${stream} ${data.toString("latin1")}`);
  const text = Buffer.from("\x1b[2J\xff", "latin1");
  const frame = Buffer.concat([Buffer.from([2 + text.length, 0, 0, 0, 0x82, 1]), text]);
  other.say(frame);
  t.deepEqual(seen, ["1 \x1b[2J\xff"]);
});

test("a process that could not be started is a failure with the errno", async (t) => {
  const { agent, other } = await greeted();
  const spawned = agent.spawn({ calls: [] });
  other.say(reply(2, -1, [], 11));
  const failure = await t.throwsAsync(spawned, { instanceOf: Failure });
  t.regex(failure.what, /errno 11/);
});
