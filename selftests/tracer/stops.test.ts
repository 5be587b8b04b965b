import type { Reading } from "../../harness/tracer/reading.ts";
import {
  afterMark,
  enosys,
  entries,
  guest,
  needRequest,
  ptraceOptions,
  ptraceRequests,
  results,
  scenario,
  signals,
  skip,
  table,
  twoViews,
  type Scene,
  type Step,
} from "./guest.ts";
import { exitAsEntry, mayBeEntriesAsExits, tellingRegisters } from "./entry-or-exit.ts";

/* Which stop is an entry and which an exit: a tracer that counts is wrong from its first mistake on. */

function opOf(reading: Reading | undefined): string {
  if (reading?.op !== "entry") return String(reading?.op);
  return `entry ${reading.call?.name ?? reading.nr}`;
}

// At the entry of a call its result register holds -ENOSYS, and so it does at its exit.
scenario("enosys_looks_like_an_entry.legacy", async (t, scene) => {
  const { legacy, stops } = await scene.trace("./calls");
  const at = legacy.findIndex((reading) => reading?.op === "entry" && reading.nr === 50000n);
  const registers = [at, at + 1].map((index) => {
    const set = stops[index]?.raw.registers;
    return set?.ok ? set.value : Buffer.alloc(0);
  });
  const [entry = Buffer.alloc(0), exit = Buffer.alloc(0)] = registers;
  t.true(entry.length > 0 && entry.length === exit.length);
  const width = scene.agent.pointerBytes;
  const differing = [...entry.keys()].filter(
    (byte) =>
      byte % width === 0 && entry.compare(exit, byte, byte + width, byte, byte + width) !== 0,
  );
  // Others than these would be a fact that nobody knew.
  t.deepEqual(
    differing.filter((offset) => tellingRegisters[offset] === undefined),
    [],
    "the registers do not tell entry from exit",
  );
  if (differing.length > 0)
    skip(
      `registers tell entry from exit here: ${differing.map((at) => tellingRegisters[at]).join(", ")}`,
    );
});

scenario("enosys_looks_like_an_entry.syscall_info", async (t, scene) => {
  await needRequest(scene);
  const { info } = await scene.trace("./calls");
  const at = info.findIndex((reading) => reading?.op === "entry" && reading.nr === 50000n);
  const after = info[at + 1];
  t.true(after?.op === "exit" && after.value === enosys && after.isError);
});

// PTRACE_CONT at an entry: the exit is not reported.
async function contAtEntry(
  scene: Scene,
): Promise<{ readonly steps: readonly Step[]; readonly parent: bigint }> {
  const pid = await scene.begin(["./pauses"]);
  const next = scene.follow();
  const steps: Step[] = [];
  // execve's entry and exit, getpid's entry.
  for (let count = 0; count < 3; count++) steps.push(await next(pid));
  // To the signal of the kill() in between, and on.
  steps.push(await next(pid, { request: ptraceRequests.cont }));
  for (let count = 0; count < 4; count++) steps.push(await next(pid));
  return { steps, parent: BigInt(scene.agent.pid) };
}

twoViews("cont_at_an_entry", contAtEntry, {
  legacy: (t, { steps, parent }) => {
    // getppid's entry is taken for the exit of getpid, its exit for an entry, and so on.
    t.deepEqual(
      steps.slice(2).map(({ legacy }) => opOf(legacy)),
      [
        "entry getpid",
        "undefined",
        "exit",
        exitAsEntry("getppid", parent),
        "exit",
        exitAsEntry("kill", 0n),
      ],
    );
  },
  info: (t, { steps }) => {
    t.deepEqual(
      steps.slice(2).map(({ info }) => opOf(info)),
      ["entry getpid", "undefined", "entry getppid", "exit", "entry kill", "exit"],
    );
  },
});

/** Why there is no exit stop of a call that began untraced. */
const noExitOfUntraced: Readonly<Record<string, string>> = {
  arm: "ARM reports no exit of a call that began untraced since 6.2 (patches/fixes/)",
  parisc: "whether a call is traced on parisc is decided at its entry",
  sparc64: "whether a call is traced on sparc is decided at its entry",
};

/** Attaches while the tracee hangs in execve(), lets it go on, gives the first stops. */
async function attachInExec(
  scene: Scene,
): Promise<{ readonly steps: readonly Step[]; readonly parent: bigint }> {
  const { agent, calls } = scene;
  const pid = await agent.spawn({
    calls: [calls.chdir(guest.dir), calls.execve("./hosted", ["./hosted", "slow_exec", "./calls"])],
  });
  const uffd = await takeDescriptor(scene, pid, 100);
  // The fault comes when execve() copies its arguments.
  const fault = await agent.call(
    calls.make("read", [uffd, { data: 0 }, 32], { data: new Uint8Array(32) }),
  );
  if (fault.errno) throw new Error(`userfaultfd: errno ${fault.errno}`);
  await agent.want(scene.allFacts);
  const options = ptraceOptions.sysgood | ptraceOptions.exec;
  const { errno } = await agent.ptrace(ptraceRequests.seize, pid, 0, options);
  if (errno) throw new Error(`PTRACE_SEIZE: errno ${errno}`);
  // struct uffdio_copy { dst, src, len, mode, copy }, and the page.
  const pageBytes = await scene.pageBytes();
  const data = Buffer.alloc(40 + pageBytes);
  // An address in the lower half of its 64 bits.
  const source = agent.bigEndian ? 16 - agent.pointerBytes : 8;
  calls.order.write(data, 0, 8, 0x30000000n);
  calls.order.write(data, 16, 8, pageBytes);
  data.write("1", 40);
  const copied = await agent.call(
    calls.make("ioctl", [uffd, 0xc028aa03, { data: 0 }], {
      data,
      pointers: [{ at: source, to: 40 }],
    }),
  );
  if (copied.errno) throw new Error(`UFFDIO_COPY: errno ${copied.errno}`);
  const next = scene.follow();
  const steps = [await next(pid, { request: 0 })];
  for (let count = 0; count < 7; count++) steps.push(await next(pid));
  await scene.kill(pid, signals.kill);
  const first = opOf(steps[1]?.legacy);
  const hasNoExit = noExitOfUntraced[guest.syscalls.arch];
  if (hasNoExit !== undefined && first === "entry getpid") skip(hasNoExit);
  return { steps, parent: BigInt(agent.pid) };
}

/** A descriptor of another process, as soon as it has it. */
async function takeDescriptor({ agent, calls }: Scene, pid: number, fd: number): Promise<bigint> {
  if (table.number("pidfd_getfd") === undefined) skip("this kernel has no pidfd_getfd() (5.6)");
  const process = await agent.call(calls.make("pidfd_open", [pid, 0]));
  for (;;) {
    const taken = await agent.call(calls.make("pidfd_getfd", [process.result, fd, 0]));
    if (taken.errno === 0) return taken.result;
    const ended = await agent.next(pid, 1 /* WNOHANG */);
    if (ended !== undefined) skip("no userfaultfd here, or none for the kernel's own accesses");
  }
}

twoViews("attach_in_exec", attachInExec, {
  legacy: (t, { steps, parent }) => {
    const pid = BigInt(steps[0]?.stop.raw.pid ?? 0);
    t.deepEqual(
      steps.map(({ legacy }) => opOf(legacy)),
      [
        "undefined",
        exitAsEntry("execve", 0n),
        "exit",
        exitAsEntry("getpid", pid),
        "exit",
        exitAsEntry("50000", enosys),
        "exit",
        exitAsEntry("getppid", parent),
      ],
      "each exit is taken for an entry, each entry for an exit",
    );
    const said = results(steps.map(({ legacy }) => legacy));
    const might = mayBeEntriesAsExits([
      { nr: table.number("getpid") ?? 0, firstArgument: 1, fourthArgument: 4, fifthArgument: 5 },
      { nr: 50000, firstArgument: 1, fourthArgument: 4, fifthArgument: 5 },
      { nr: table.number("getppid") ?? 0, firstArgument: 0, fourthArgument: 0, fifthArgument: 0 },
    ]);
    t.true(might.map(String).includes(String(said)), `results: ${String(said)}`);
  },
  info: (t, { steps }) => {
    const pid = steps[0]?.stop.raw.pid ?? 0;
    t.deepEqual(
      steps.map(({ info }) => opOf(info)),
      ["none", "exit", "entry getpid", "exit", "entry 50000", "exit", "entry getppid", "exit"],
    );
    t.deepEqual(results(steps.map(({ info }) => info)).slice(0, 3), [0n, BigInt(pid), enosys]);
  },
});

// A handler that makes calls, a group stop that ends: stops of other kinds in between.
twoViews(
  "signals_in_between",
  async (scene) => {
    const { agent } = scene;
    const pid = await scene.begin(["./hosted", "handles"]);
    const next = scene.follow();
    const steps: Step[] = [];
    let how: { request?: number; signal?: number } = {};
    for (;;) {
      const step = await next(pid, how);
      steps.push(step);
      const { kind } = step.stop;
      if (kind.kind === "exited" || kind.kind === "killed") return steps;
      how = {};
      if (kind.kind === "signal") how = { signal: kind.signal };
      if (kind.kind === "group-stop") {
        // A tracer has nothing to resume; the stop ends by SIGCONT.
        await agent.ptrace(ptraceRequests.listen, pid);
        await scene.kill(pid, signals.cont);
        how = { request: 0 };
      }
    }
  },
  {
    legacy: (t, steps) => {
      t.deepEqual(afterMark(entries(steps.map(({ legacy }) => legacy))), whatHandlesCalls);
    },
    info: (t, steps) => {
      t.deepEqual(afterMark(entries(steps.map(({ info }) => info))), whatHandlesCalls);
      const kinds = steps.map(({ stop }) => stop.kind.kind);
      t.true(kinds.includes("group-stop") && kinds.includes("signal"));
    },
  },
);

const whatHandlesCalls = [
  "getpid",
  "kill",
  "getppid",
  "rt_sigreturn",
  "getuid",
  "getpid",
  "kill",
  "getgid",
  "exit_group",
].map((name) => `${guest.syscalls.abis[0]?.name ?? ""} ${name}`);

// Children of all kinds, and a thread that is not the first becomes another program.
const rounds = 20;
twoViews("storm", async (scene) => scene.trace("./hosted", "storm", String(rounds), "./calls"), {
  legacy: (t, { legacy, status, stops }) => {
    t.is(status, 5 << 8, "the program that the thread became ended as it should");
    const marks = legacy.filter((each) => each?.op === "entry" && each.nr === 50002n);
    t.is(marks.length, 3 * rounds);
    t.is(stops.filter(({ formerPid }) => formerPid !== undefined).length, 1);
  },
  info: (t, { info, pid, stops }) => {
    const marks = info.filter((each) => each?.op === "entry" && each.nr === 50002n);
    t.is(marks.length, 3 * rounds);
    t.is(stops.flatMap(({ child }) => child ?? []).length, 3 * rounds + 3);
    // The thread that became ./calls made its getpid under the first one's id.
    const last = stops.flatMap((stop, index) => {
      const reading = info[index];
      return reading?.op === "entry" && reading.call?.name === "getpid" ? [stop.raw.pid] : [];
    });
    t.is(last.at(-1), pid);
  },
});

// A tracee that hangs in no call at all, killed at each of its first stops.
scenario("killed_at_any_stop", async (t, scene) => {
  for (let stops = 1; stops <= 9; stops++) {
    const pid = await scene.begin(["./calls"]);
    const next = scene.follow();
    for (let count = 0; count < stops; count++) await next(pid);
    await scene.kill(pid, signals.kill);
    const { stop } = await next(pid, { request: 0 });
    t.deepEqual(stop.kind, { kind: "killed", signal: signals.kill, core: false });
    const { errno } = await scene.agent.ptrace(ptraceRequests.syscall, pid);
    t.is(errno, 3, "ESRCH: there is nothing left to resume");
  }
});

scenario("set_syscall_info", async (t, scene) => {
  await needRequest(scene);
  const pid = await scene.begin(["./calls"]);
  const next = scene.follow();
  for (let count = 0; count < 2; count++) await next(pid);
  const entry = await next(pid);
  t.is(opOf(entry.info), "entry getpid");
  const raw = entry.stop.raw.info;
  const data = Buffer.alloc(88);
  if (raw?.ok) raw.value.bytes.copy(data);
  scene.calls.order.write(data, 24, 8, table.number("getppid") ?? 0);
  const set = await scene.agent.call(
    scene.calls.make("ptrace", [ptraceRequests.setSyscallInfo, pid, 88, { data: 0 }], { data }),
  );
  if (set.errno === 5) skip("this kernel has no PTRACE_SET_SYSCALL_INFO (6.16)");
  t.is(set.errno, 0);
  const exit = await next(pid);
  t.true(exit.info?.op === "exit" && exit.info.value === BigInt(scene.agent.pid));
});

// What a forked child of the tracee reports may arrive before its parent's stop tells of it.
scenario("stops_of_unknown_pids", async (t, scene) => {
  const { stops } = await scene.trace("./hosted", "storm", "10", "./calls");
  const seen = new Set<number>();
  const announced = new Set<number>([stops[0]?.raw.pid ?? 0]);
  let early = 0;
  for (const { raw, child } of stops) {
    seen.add(raw.pid);
    if (child !== undefined) announced.add(child);
    if (!announced.has(raw.pid)) early++;
  }
  t.log(`${early} stops came before their tracee was announced`);
  t.deepEqual(
    [...seen].filter((pid) => !announced.has(pid)),
    [],
  );
});
