import type { ExecutionContext } from "ava";
import { classify, type Stop } from "../../harness/tracer/machine.ts";
import { ptraceRequests, traceProgram } from "../../harness/tracer/program.ts";
import type { Reading } from "../../harness/tracer/reading.ts";
import {
  execs,
  guest,
  needRequest,
  scenario,
  skip,
  table,
  whyNotRun,
  type Observed,
  type Scene,
} from "../tracer/guest.ts";
import { compareCalls, parseStrace, type JudgedCall } from "../../harness/tracer/strace-output.ts";

/*
 * The distribution's strace traces the same programs, call by call: with PTRACE_GET_SYSCALL_INFO it
 * judges the interpreter of that name, with the request refused by a filter the legacy one.
 */

const suites = guest.dir.replace(/\/strace\/[^/]+$/, "");
const native = guest.syscalls.abis[0]?.name ?? "";
const tracees = `${suites}/tracer/${native}`;
const addrNoRandomize = 0x0040000;

/** Programs whose calls are the same in each run, and what is known to differ. */
const programs: Readonly<Record<string, readonly [string, ...string[]]>> = {
  native_calls: ["./calls", "200"],
  i386_calls: ["../i386/calls", "50"],
  x32_calls: ["../x32/calls", "50"],
  exec_to_i386: ["./execer", "../i386/calls"],
  exec_from_i386: ["../i386/execer", "./calls"],
  int80: ["./int80", "200", "20", "146", "39", "199"],
  int80_fork: ["./int80", "fork"],
  libc: ["./hosted", "naps", "1"],
  filter: ["./hosted", "filtered"],
  namespaces: ["./hosted", "nested"],
  busybox: ["/bin/ls", "/proc/self"],
};

/** The same surroundings for both tracers, so that addresses are the same. */
function surroundings(scene: Scene) {
  return [scene.calls.chdir(tracees), scene.calls.make("personality", [addrNoRandomize])];
}

async function ours(scene: Scene, argv: readonly [string, ...string[]]): Promise<Observed> {
  const readers = scene.interpreters();
  const seen = {
    stops: [] as Stop[],
    legacy: [] as (Reading | undefined)[],
    opcode: [] as (Reading | undefined)[],
    info: [] as (Reading | undefined)[],
  };
  const end = await traceProgram(scene.agent, scene.calls, {
    argv,
    before: surroundings(scene),
    facts: scene.allFacts,
    onStop: (stop) => {
      seen.stops.push(stop);
      seen.legacy.push(readers.legacy.read(stop));
      seen.info.push(readers.info.read(stop));
    },
  });
  return { pid: end.pid, status: end.status, ...seen };
}

/** Readings as calls, each where it was entered: strace prints them in that order too. */
function callsOf({ stops }: Observed, readings: readonly (Reading | undefined)[]): JudgedCall[] {
  const calls: { call: JudgedCall; at: number }[] = [];
  const open = new Map<number, number>();
  readings.forEach((reading, index) => {
    const stop = stops[index];
    if (!stop || !reading) return;
    const { pid } = stop.raw;
    if (reading.op === "entry") {
      const count = reading.call?.args?.length ?? 6;
      const name = reading.call?.name ?? `syscall_0x${reading.nr.toString(16)}`;
      const { nr } = reading;
      const args = reading.args.slice(0, count);
      const call = { pid, nr, name, args, result: undefined, error: undefined };
      open.set(pid, calls.push({ call, at: index }) - 1);
    } else if (reading.op === "exit") {
      const at = open.get(pid);
      open.delete(pid);
      const entered = at === undefined ? undefined : calls[at];
      if (!entered) return;
      const result = reading.isError
        ? { result: reading.value, error: table.errorName(Number(-reading.value)) }
        : { result: reading.value, error: undefined };
      entered.call = { ...entered.call, ...result };
    }
  });
  return calls.map(({ call }) => call);
}

/** BPF: ptrace(PTRACE_GET_SYSCALL_INFO) is answered with EIO, all else allowed. */
function refuseRequest(scene: Scene) {
  const [loadWord, jumpIfEqual, answer] = [0x20, 0x15, 0x06];
  return scene.calls.seccompFilter([
    [loadWord, 0, 0, 0],
    [jumpIfEqual, 0, 3, table.number("ptrace") ?? 0],
    // The lower half of the first argument (struct seccomp_data).
    [loadWord, 0, 0, scene.agent.bigEndian ? 20 : 16],
    [jumpIfEqual, 0, 1, ptraceRequests.getSyscallInfo],
    [answer, 0, 0, 0x00050000 | 5],
    [answer, 0, 0, 0x7fff0000],
  ]);
}

async function judged(
  scene: Scene,
  argv: readonly [string, ...string[]],
  legacy: boolean,
): Promise<{ readonly tracer: number; readonly calls: JudgedCall[] }> {
  const file = `/tmp/judge-${scene.agent.pid}`;
  const strace = `${guest.dir}/strace`;
  const words = [strace, "-f", "-n", "-e", "raw=all", "-o", file, ...argv] as const;
  const pid = await scene.agent.spawn({
    // A pipe, as for our own tracees: programs look at what their output is.
    capture: true,
    calls: [
      ...surroundings(scene),
      ...(legacy ? refuseRequest(scene) : []),
      scene.calls.execve(strace, words),
    ],
  });
  const end = await scene.agent.next(pid, 0);
  if (end === undefined || "errno" in end) throw new Error("strace was not waited for");
  const kind = classify(end.status);
  if (kind.kind === "exited" && kind.code === 127) throw new Error("strace could not be started");
  return { tracer: pid, calls: parseStrace(await scene.readFile(file)) };
}

async function compare(
  t: ExecutionContext,
  scene: Scene,
  argv: readonly [string, ...string[]],
  by: "legacy" | "info",
): Promise<void> {
  const seen = await ours(scene, argv);
  // What it is to become must be there, too.
  const begun = argv[0].endsWith("execer") ? 2 : 1;
  if (execs(seen) < begun)
    skip(whyNotRun(seen, argv.filter((word) => word.includes("/")).join(" ")));
  if (by === "info") await needRequest(scene);
  const judge = await judged(scene, argv, by === "legacy");
  const tracers = [judge.tracer, scene.agent.pid] as const;
  const { compared, explained, differing } = compareCalls(
    judge.calls,
    callsOf(seen, seen[by]),
    tracers,
  );
  t.log(`${compared} calls compared with strace's, ${differing.length} differ`);
  for (const why of new Set(explained)) t.log(`explained: ${why}`);
  t.true(compared > 2, "there is something to compare");
  t.deepEqual(differing, []);
}

for (const [name, argv] of Object.entries(programs)) {
  scenario(`${name}.syscall_info`, (t, scene) => compare(t, scene, argv, "info"));
  scenario(`${name}.legacy`, (t, scene) => compare(t, scene, argv, "legacy"));
}
