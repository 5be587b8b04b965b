import { asNobody } from "../../harness/image/root.ts";
import { LegacyInterpreter } from "../../harness/tracer/legacy.ts";
import type { Reading } from "../../harness/tracer/reading.ts";
import {
  enosys,
  entries,
  entriesOf,
  execs,
  guest,
  needRequest,
  ptraceRequests,
  results,
  scenario,
  skip,
  table,
  twoViews,
  whyNotRun,
  type Observed,
  type Scene,
  type Step,
} from "./guest.ts";

/* Which ABI a call is of is told by the call alone: not by the program, nor by its registers. */

function needX86(): void {
  if (guest.syscalls.arch !== "x86_64") skip("calls of i386 out of 64-bit code are x86_64's");
}

twoViews(
  "int80_fork",
  async (scene) => {
    needX86();
    const runs: Observed[] = [];
    for (let run = 0; run < 10; run++) runs.push(await scene.trace("./int80", "fork"));
    return runs;
  },
  {
    // The kaleidoscope: argc, argv and envp as path, flags and mode.
    legacy: (t, runs) => {
      const shown = runs.map(({ legacy }) => entriesOf(legacy, "open")[0]?.args.slice(0, 3).join());
      t.deepEqual(
        runs.map(({ legacy }) => entries(legacy)[1]),
        Array(10).fill("x86_64 open"),
      );
      t.is(new Set(shown).size, 10, "each run shows another call");
      t.deepEqual(
        runs.flatMap(({ legacy }) => entriesOf(legacy, "fork")),
        [],
      );
    },
    info: (t, runs) => {
      t.deepEqual(
        runs.map(({ info }) => entries(info)[1]),
        Array(10).fill("i386 fork"),
      );
      for (const { info, stops } of runs) {
        const [child] = stops.flatMap((stop) => stop.child ?? []);
        t.is(results(info)[1], BigInt(child ?? -1), "fork() returned the child's id");
      }
    },
  },
);

twoViews(
  "int80_numbers",
  async (scene) => {
    needX86();
    return scene.trace("./int80", "200", "20", "146", "39");
  },
  {
    legacy: (t, { legacy }) => {
      t.deepEqual(entries(legacy).slice(1), [
        "x86_64 tkill",
        "x86_64 writev",
        "x86_64 sched_get_priority_max",
        "x86_64 getpid",
        "x86_64 exit_group",
      ]);
    },
    info: (t, { info, pid }) => {
      t.deepEqual(entries(info).slice(1), [
        "i386 getgid32",
        "i386 getpid",
        "i386 writev",
        "i386 mkdir",
        "x86_64 exit_group",
      ]);
      t.deepEqual(results(info).slice(1), [0n, BigInt(pid), -14n, -14n]);
    },
  },
);

for (const abi of guest.syscalls.abis.map(({ name }) => name)) {
  twoViews(
    `program_of_${abi}`,
    async (scene) => {
      const seen = await scene.trace(`../${abi}/calls`);
      if (execs(seen) < 1) skip(whyNotRun(seen, `${abi} programs`));
      return seen;
    },
    {
      // A program that makes only calls of its own ABI deceives nobody.
      legacy: (t, { legacy, pid }) => {
        t.deepEqual(entries(legacy).slice(1), callsOf(abi));
        t.deepEqual(resultsOf(legacy), [BigInt(pid), enosys, -14n]);
        const [first, ...args] = argumentsOf(legacy, abi);
        t.deepEqual(args, ownArguments(abi).slice(1));
        // What the set of registers no longer holds: see harness/tracer/legacy/riscv64.ts.
        if (abi === "riscv64" || abi === "riscv32")
          t.true(first === 1n || first === BigInt.asUintN(abi === "riscv64" ? 64 : 32, enosys));
        else t.is(first, 1n);
      },
      info: (t, { info, pid }) => {
        t.deepEqual(entries(info).slice(1), callsOf(abi));
        t.deepEqual(resultsOf(info), [BigInt(pid), enosys, -14n]);
        t.deepEqual(argumentsOf(info, abi), ownArguments(abi));
      },
    },
  );
}

/** Of getpid(), a number that no call has, and chdir(); the getppid() in between is another each time. */
function resultsOf(readings: readonly (Reading | undefined)[]): bigint[] {
  return results(readings).filter((_value, index) => [1, 2, 4].includes(index));
}

/** With which arguments calls.c makes its getpid(). */
function argumentsOf(readings: readonly (Reading | undefined)[], abi: string): readonly bigint[] {
  return entriesOf(readings, "getpid")[0]?.args.slice(0, ownArguments(abi).length) ?? [];
}

/** bare.h makes calls of i386 with five. */
function ownArguments(abi: string): bigint[] {
  return [1n, 2n, 3n, 4n, 5n, 6n].slice(0, abi === "i386" ? 5 : 6);
}

/** The number that no call has, in calls.c. */
function noCall(abi: string): number {
  const bit = guest.syscalls.abis.find(({ name }) => name === abi)?.numberBit ?? 0;
  return abi === "n32" ? 6900 : 50000 + bit;
}

function callsOf(abi: string): string[] {
  return ["getpid", String(noCall(abi)), "getppid", "chdir", "exit_group"].map(
    (name) => `${abi} ${name}`,
  );
}

// The call is entered under one ABI and left under another.
const abis = guest.syscalls.abis.map(({ name }) => name);
for (const from of abis) {
  for (const to of abis.filter((abi) => abi !== from)) {
    scenario(`exec_${from}_to_${to}`, async (t, scene) => {
      const seen = await scene.trace(`../${from}/execer`, `../${to}/calls`);
      const { legacy, info } = seen;
      if (execs(seen) < 2) skip(whyNotRun(seen, `both ${from} and ${to} programs`));
      const wanted = [`${from} execve`, ...callsOf(to)];
      t.deepEqual(entries(legacy).slice(1), wanted);
      if (info.some((reading) => reading?.op === "entry"))
        t.deepEqual(entries(info).slice(1), wanted);
      else t.true(info.every((reading) => reading === undefined || reading.op === "unknown"));
    });
  }
}

/** The step of a program's nth entry to a call made by int $0x80. */
async function untilInt80(scene: Scene, program: string): Promise<{ pid: number; step: Step }> {
  const pid = await scene.begin([program]);
  const next = scene.follow();
  for (let stops = 0; stops < 100; stops++) {
    const step = await next(pid);
    const { registers } = step.stop.raw;
    const number = scene.legacyArch.sets[0]?.nr.offset ?? 0;
    // Only the call in question has this number, of i386's getpid or x86_64's writev.
    if (registers?.ok && registers.value.readBigUInt64LE(number) === 20n) return { pid, step };
  }
  throw new Error("the tracee did not make the call");
}

/** What reads the instruction that made the call, at this moment. */
async function opcodeNow(scene: Scene, { stop }: Step): Promise<Reading | undefined> {
  const reader = new LegacyInterpreter(table, scene.legacyArch, { bigEndian: false, opcode: true });
  const { ip } = scene.legacyArch.sets[0] ?? { ip: { offset: 0 } };
  const registers = stop.raw.registers?.ok ? stop.raw.registers.value : Buffer.alloc(216);
  const address = registers.readBigUInt64LE(ip.offset) - 2n;
  const { errno, data } = await scene.agent.call(
    scene.calls.make("ptrace", [ptraceRequests.peekText, stop.raw.pid, address, { data: 0 }], {
      data: new Uint8Array(8),
    }),
  );
  const opcode = errno
    ? { ok: false as const, errno }
    : { ok: true as const, value: data.subarray(0, 2) };
  return reader.read({ ...stop, raw: { ...stop.raw, opcode } });
}

function nameOf(reading: Reading | undefined): string {
  return reading?.op === "entry"
    ? `${reading.abi} ${reading.call?.name ?? reading.nr}`
    : String(reading?.op);
}

/** Where opcode.c maps its code for writing; the instruction is five bytes into it. */
const writableMapping = 0x20000000n;
const readWrite = 2;

// Reading the instruction seems to help, until somebody writes there through another mapping.
scenario("opcode_rewritten.legacy", async (t, scene) => {
  needX86();
  const { pid, step } = await untilInt80(scene, "./opcode");
  t.is(nameOf(step.legacy), "x86_64 writev", "by the registers");
  t.is(nameOf(await opcodeNow(scene, step)), "i386 getpid", "by the instruction, still in place");
  const memory = await scene.open(`/proc/${pid}/mem`, readWrite);
  const syscall = Buffer.from("0f05", "hex");
  const written = await scene.agent.call(
    scene.calls.make("pwrite64", [memory, { data: 0 }, 2, writableMapping + 5n], { data: syscall }),
  );
  t.is(written.result, 2n);
  t.is(nameOf(await opcodeNow(scene, step)), "x86_64 writev", "by the instruction, rewritten");
});

scenario("opcode_rewritten.syscall_info", async (t, scene) => {
  needX86();
  await needRequest(scene);
  const { step } = await untilInt80(scene, "./opcode");
  t.is(nameOf(step.info), "i386 getpid");
});

// A tracer without privileges may not read the memory of an undumpable tracee.

scenario(
  "undumpable.legacy",
  async (t, scene) => {
    needX86();
    const { step } = await untilInt80(scene, "./hidden");
    t.is(nameOf(step.legacy), "x86_64 writev");
    t.is(nameOf(await opcodeNow(scene, step)), "x86_64 writev", "there is no instruction to read");
    t.false(step.stop.raw.opcode?.ok ?? true, "PTRACE_PEEKTEXT is refused");
  },
  asNobody,
);

scenario(
  "undumpable.syscall_info",
  async (t, scene) => {
    needX86();
    await needRequest(scene);
    const { step } = await untilInt80(scene, "./hidden");
    t.is(nameOf(step.info), "i386 getpid");
  },
  asNobody,
);
