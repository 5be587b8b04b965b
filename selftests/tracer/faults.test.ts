import type { SshChannel } from "../../harness/vm/ssh.ts";
import { FrameWriter, requestTypes } from "../../harness/tracer/wire.ts";
import { entries, guest, openChannel, scenario, signals, skip, type Scene } from "./guest.ts";

/* What happens when the tracer's hands are cut off, or are told nonsense. */

/** The letters of /proc/PID/stat of all tracees that a scenario made; "-" for one that is gone. */
async function states(scene: Scene, pids: readonly number[]): Promise<string> {
  const found = await Promise.all(
    pids.map(async (pid) => {
      const text = await scene.readFile(`/proc/${pid}/stat`).catch(() => "");
      // Ids are used again: a kernel's other process is none of ours.
      return /\((calls|pauses|hosted)\) (\S)/.exec(text)?.[2] ?? "-";
    }),
  );
  return found.join("");
}

/** Waits until all of them are gone, as the kernel kills them; gives what is left. */
async function untilGone(scene: Scene, pids: readonly number[]): Promise<string> {
  let left = "";
  for (let tries = 0; tries < 200; tries++) {
    left = await states(scene, pids);
    // A zombie waits for its parent only, which is on its way out.
    if (/^[-ZX]*$/.test(left)) return "";
  }
  return left;
}

/** An agent of which somebody else will see the end, with tracees stopped in several places. */
async function victims(scene: Scene): Promise<number[]> {
  const pids = [];
  for (let stops = 2; stops <= 5; stops++) {
    const pid = await scene.begin(["./pauses"]);
    const next = scene.follow();
    for (let count = 0; count < stops; count++) await next(pid);
    pids.push(pid);
  }
  return pids;
}

scenario("agent_killed", async (t, witness, another) => {
  const scene = await another();
  const pids = await victims(scene);
  t.is(await states(witness, pids), "tttt", "all of them are stopped");
  await witness.kill(scene.agent.pid, signals.kill);
  t.deepEqual((await scene.agent.gone).how, "signalled");
  t.is(await untilGone(witness, pids), "");
});

scenario("channel_closed", async (t, witness, another) => {
  const scene = await another();
  const pids = await victims(scene);
  await scene.agent.end();
  t.is(await untilGone(witness, pids), "");
});

// Seized, not spawned: it must go on as if nothing had been.
scenario("agent_killed_while_attached", async (t, witness, another) => {
  const pid = await witness.agent.spawn({
    calls: [
      witness.calls.chdir(guest.dir),
      witness.calls.execve("./hosted", ["./hosted", "naps", "400"]),
    ],
  });
  const scene = await another();
  await scene.agent.ptrace(0x4206, pid);
  await scene.agent.ptrace(0x4207, pid);
  await scene.agent.next(pid);
  await witness.kill(scene.agent.pid, signals.kill);
  const end = await witness.agent.next(pid, 0);
  t.true(
    end !== undefined && !("errno" in end) && end.status === 0,
    "it slept on and ended by itself",
  );
});

/** What an agent says, and how it ends, when these bytes are all that it is told. */
async function told(bytes: Uint8Array, close: (channel: SshChannel) => void) {
  const channel = await openChannel();
  let stderr = "";
  let stdout = 0;
  channel.onStderr((chunk) => {
    stderr += chunk.toString();
  });
  channel.onStdout((chunk) => {
    stdout += chunk.length;
  });
  channel.write(bytes);
  close(channel);
  return { end: await channel.closed, stderr, stdout };
}

const leave = () => undefined;

scenario("frame_of_unknown_type", async (t) => {
  const { end, stderr } = await told(new FrameWriter().frame(99, 1), leave);
  t.deepEqual(end, { how: "exited", code: 2 });
  t.regex(stderr, /unknown type 99/);
});

scenario("frame_too_long", async (t) => {
  const { end, stderr } = await told(Buffer.from("ffffff7f00", "hex"), leave);
  t.deepEqual(end, { how: "exited", code: 2 });
  t.regex(stderr, /a frame of 2147483647 bytes/);
});

scenario("frame_too_short", async (t) => {
  for (const type of [
    requestTypes.call,
    requestTypes.spawn,
    requestTypes.next,
    requestTypes.trace,
  ]) {
    const { end, stderr } = await told(new FrameWriter().u8(1).frame(type, 1), leave);
    t.deepEqual(end, { how: "exited", code: 2 }, `type ${type}`);
    t.regex(stderr, /too short/);
  }
});

scenario("frame_cut_off", async (t) => {
  const whole = new FrameWriter().u8(0).frame(requestTypes.hello, 1);
  const { end } = await told(whole.subarray(0, 6), (channel) => {
    channel.end();
  });
  t.deepEqual(end, { how: "exited", code: 0 });
});

// Bytes that a generator makes up, with a seed that is told when they do harm.
scenario("frames_of_nonsense", async (t, witness) => {
  for (let seed = 1; seed <= 25; seed++) {
    const bytes = nonsense(seed);
    const { end } = await told(bytes, (channel) => {
      channel.end();
    });
    if (end.how !== "exited" || (end.code !== 0 && end.code !== 2))
      t.fail(`seed ${seed} (${bytes.toString("hex")}): ${JSON.stringify(end)}`);
  }
  t.is(await states(witness, [witness.agent.pid]), "-", "and the guest lives");
});

/** Frames with a plausible head and a random rest; never of a type that makes calls of its own. */
function nonsense(seed: number): Buffer {
  let state = seed;
  const random = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 8;
  const types = [
    requestTypes.facts,
    requestTypes.next,
    requestTypes.ptrace,
    requestTypes.catch,
    0,
    77,
  ];
  const parts = [];
  for (let count = 0; count < 4; count++) {
    const payload = Buffer.from(Array.from({ length: random() % 40 }, () => random() & 0xff));
    parts.push(new FrameWriter().bytes(payload).frame(types[random() % types.length] ?? 0, count));
  }
  return Buffer.concat(parts);
}

scenario("program_missing", async (t, scene) => {
  const { legacy, status } = await scene.trace("./no-such-program");
  t.is(status, 127 << 8);
  t.regex(entries(legacy).join(), /^\S+ execve,/);
});

/** O_CREAT | O_WRONLY (uapi/asm/fcntl.h of the architectures). */
const creatForWriting = /^(mips|parisc)/.test(guest.syscalls.arch)
  ? 0o401
  : guest.syscalls.arch === "sparc64"
    ? 0o1001
    : 0o101;

// An ELF header of a machine that no guest is.
scenario("program_of_another_architecture", async (t, scene) => {
  const elf = Buffer.alloc(120);
  Buffer.from("7f454c46020101", "hex").copy(elf);
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(0xfeed, 18);
  const file = Buffer.from("/tmp/foreign\0");
  const made = await scene.agent.call(
    scene.calls.make("openat", [-100, { data: 0 }, creatForWriting, 0o755], { data: file }),
  );
  await scene.agent.call(
    scene.calls.make("write", [made.result, { data: 0 }, elf.length], { data: elf }),
  );
  await scene.agent.call(scene.calls.make("close", [made.result]));
  const { legacy, status } = await scene.trace("/tmp/foreign");
  t.is(status, 127 << 8);
  const exit = legacy.find((reading) => reading?.op === "exit");
  t.is(exit?.op === "exit" ? exit.value : 0n, -8n, "ENOEXEC");
});

// Control sequences of a tracee come as the bytes they are; who prints them makes them harmless.
scenario("output_with_escapes", async (t, scene) => {
  const seen: Buffer[] = [];
  scene.agent.onOutput = (_stream, data) => seen.push(data);
  await scene.trace("/bin/printf", "\\033[2J\\377\\000x");
  t.is(Buffer.concat(seen).toString("hex"), "1b5b324aff0078");
});

scenario("thousands_of_tracees", async (t, scene) => {
  const count = 2000;
  // So many as the kernel thinks that its memory bears; others live here, too.
  const allowed = Number(await scene.readFile("/proc/sys/kernel/threads-max"));
  if (allowed < count + 200) skip(`this guest's memory is for ${allowed} threads`);
  const { status, stops } = await scene.trace("./hosted", "crowd", String(count));
  t.is(status, 0);
  const ended = stops.filter(({ kind }) => kind.kind === "exited");
  t.is(ended.length, count + 1);
  let most = 0;
  const alive = new Set<number>();
  for (const { raw, kind } of stops) {
    if (kind.kind === "exited") alive.delete(raw.pid);
    else alive.add(raw.pid);
    most = Math.max(most, alive.size);
  }
  t.true(most > count, `${most} at once`);
});
