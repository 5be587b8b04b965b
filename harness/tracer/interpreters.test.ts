import { readdirSync } from "node:fs";
import test from "ava";
import { Failure } from "../model/failure.ts";
import { syscallsSchema } from "../syscalls.ts";
import type { Fact } from "./stop.ts";
import { GuestOrder } from "./guest-order.ts";
import { LegacyInterpreter, loadLegacyArch } from "./legacy.ts";
import { callText, LineMaker, resultText } from "./lines.ts";
import { StopMachine, type Stop } from "./machine.ts";
import { CallTable } from "./reading.ts";
import { SyscallInfoInterpreter } from "./syscall-info.ts";

/** As much of a kernel's description as these tests need. */
const syscalls = syscallsSchema.parse({
  arch: "x86_64",
  errors: { ENOENT: 2, EAGAIN: 11, EWOULDBLOCK: 11 },
  signals: { SIGKILL: 9, SIGSTOP: 19 },
  abis: [
    {
      name: "x86_64",
      auditArch: 0xc000003e,
      bits: 64,
      table: "t",
      calls: [
        {
          nr: 2,
          name: "open",
          entry: "sys_open",
          args: [
            { type: "const char *", name: "filename" },
            { type: "int", name: "flags" },
            { type: "umode_t", name: "mode" },
          ],
        },
        { nr: 20, name: "writev", entry: "sys_writev" },
        { nr: 134, name: "uselib", entry: "sys_ni_syscall" },
      ],
    },
    {
      name: "i386",
      auditArch: 0x40000003,
      bits: 32,
      table: "t",
      calls: [{ nr: 20, name: "getpid", entry: "sys_getpid", args: [] }],
    },
    {
      name: "x32",
      auditArch: 0xc000003e,
      bits: 64,
      numberBit: 0x40000000,
      table: "t",
      calls: [{ nr: 0x40000002, name: "open", entry: "sys_open", args: [] }],
    },
  ],
});
const table = new CallTable(syscalls);

function registers(nr: bigint, result: bigint, args: readonly bigint[] = []): Buffer {
  const set = Buffer.alloc(216);
  set.writeBigUInt64LE(BigInt.asUintN(64, nr), 8 * 15);
  set.writeBigUInt64LE(BigInt.asUintN(64, result), 8 * 10);
  [14, 13, 12, 7, 9, 8].forEach((index, at) => set.writeBigUInt64LE(args[at] ?? 0n, 8 * index));
  return set;
}

function info(op: number, arch: number, values: readonly bigint[], isError = 0): Buffer {
  const bytes = Buffer.alloc(op === 2 ? 33 : 80);
  bytes.writeUInt8(op, 0);
  bytes.writeUInt32LE(arch, 4);
  values.forEach((value, at) => {
    if (24 + 8 * at + 8 <= bytes.length)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 24 + 8 * at);
  });
  if (op === 2) bytes.writeUInt8(isError, 32);
  return bytes;
}

const machine = new StopMachine();

function syscallStop(set: Buffer, infoBytes?: Buffer, opcode?: string): Stop {
  return machine.take({
    pid: 7,
    status: 0x857f,
    time: 0n,
    registers: { ok: true, value: set },
    ...(infoBytes
      ? { info: { ok: true, value: { size: infoBytes.length, bytes: infoBytes } } }
      : {}),
    ...(opcode ? { opcode: { ok: true, value: Buffer.from(opcode, "hex") } } : {}),
  });
}

async function legacy(opcode = false): Promise<LegacyInterpreter> {
  return new LegacyInterpreter(table, await loadLegacyArch("x86_64"), { bigEndian: false, opcode });
}

test("int 0x80 from 64-bit code: the registers say writev, the request says getpid", async (t) => {
  const stop = syscallStop(registers(20n, -38n, [1n, 2n, 3n]), info(1, 0x40000003, [20n, 9n]));
  const guess = (await legacy()).read(stop);
  t.true(guess?.op === "entry" && guess.abi === "x86_64" && guess.call?.name === "writev");
  const told = new SyscallInfoInterpreter(table, false).read(stop);
  t.true(told?.op === "entry" && told.abi === "i386" && told.call?.name === "getpid");
  t.deepEqual(told?.op === "entry" ? told.args.slice(0, 2) : [], [9n, 0n]);
});

test("the legacy interpreter believes the instruction, if it is asked to look", async (t) => {
  const reader = await legacy(true);
  const first = reader.read(syscallStop(registers(20n, -38n), undefined, "cd80"));
  t.true(first?.op === "entry" && first.abi === "i386");
  reader.read(syscallStop(registers(20n, 7n), undefined, "cd80"));
  const rewritten = reader.read(syscallStop(registers(20n, -38n), undefined, "0f05"));
  t.true(rewritten?.op === "entry" && rewritten.abi === "x86_64");
});

test("the legacy interpreter alternates, whatever the stops are", async (t) => {
  const reader = await legacy();
  const said = [1, 2, 3].map(() => reader.read(syscallStop(registers(2n, -38n)))?.op);
  t.deepEqual(said, ["entry", "exit", "entry"]);
});

test("the bit of x32 counts, but not in -1", async (t) => {
  const reader = await legacy();
  const x32 = reader.read(syscallStop(registers(0x40000002n, -38n)));
  t.true(x32?.op === "entry" && x32.abi === "x32" && x32.call?.name === "open");
  reader.read(syscallStop(registers(0n, 0n)));
  const none = reader.read(syscallStop(registers(-1n, -38n)));
  t.true(none?.op === "entry" && none.abi === "x86_64" && none.nr === -1n);
  t.is(table.abiOf(0xc000003e, -1n), "x86_64");
  t.is(table.abiOf(0xc000003e, 0x40000002n), "x32");
});

test("an architecture that is not described is told by its number", (t) => {
  t.is(table.abiOf(0x1234, 1n), "arch 1234");
});

test("the request's exit carries value and error; other stops are none", (t) => {
  const reader = new SyscallInfoInterpreter(table, false);
  t.deepEqual(reader.read(syscallStop(registers(2n, 0n), info(2, 0x40000003, [-38n], 1))), {
    op: "exit",
    abi: "i386",
    value: -38n,
    isError: true,
  });
  t.deepEqual(reader.read(syscallStop(registers(2n, 0n), info(0, 0xc000003e, []))), { op: "none" });
});

test("a kernel without the request, and one that tells too little", (t) => {
  const reader = new SyscallInfoInterpreter(table, false);
  const refused = machine.take({ pid: 7, status: 0x857f, time: 0n, info: { ok: false, errno: 5 } });
  t.is(reader.read(refused)?.op, "unknown");
  t.is(reader.read(syscallStop(registers(2n, 0n), Buffer.alloc(20)))?.op, "unknown");
  t.is(reader.read(syscallStop(registers(2n, 0n), Buffer.alloc(24, 9)))?.op, "unknown");
});

test("a register set of an unknown length is not guessed at", async (t) => {
  t.is((await legacy()).read(syscallStop(Buffer.alloc(100)))?.op, "unknown");
});

/** A register set with these words of it set. */
function words(length: number, width: 4 | 8, bigEndian: boolean, values: Record<number, bigint>) {
  const set = Buffer.alloc(length);
  for (const [offset, value] of Object.entries(values))
    new GuestOrder(bigEndian).write(set, Number(offset), width, value);
  return set;
}

async function legacyOf(arch: string, bigEndian: boolean): Promise<LegacyInterpreter> {
  return new LegacyInterpreter(table, await loadLegacyArch(arch), { bigEndian });
}

test("s390x: the number and the result share a register, the first argument is beside it", async (t) => {
  for (const [abi, length, width, gpr2, gpr3, original] of [
    ["s390x", 216, 8, 32, 40, 208],
    ["s390", 144, 4, 16, 20, 136],
  ] as const) {
    const reader = await legacyOf("s390x", true);
    const set = (values: Record<number, bigint>) => words(length, width, true, values);
    const entry = reader.read(syscallStop(set({ [gpr2]: 20n, [gpr3]: 2n, [original]: 1n })));
    t.true(entry?.op === "entry" && entry.abi === abi && entry.nr === 20n);
    t.deepEqual(entry?.op === "entry" ? entry.args.slice(0, 3) : [], [1n, 2n, 0n]);
    const exit = reader.read(syscallStop(set({ [gpr2]: -14n, [original]: 1n })));
    t.deepEqual(exit, { op: "exit", abi, value: -14n, isError: true });
  }
});

test("powerpc: an error is a bit of ccr and a positive number", async (t) => {
  const gpr3 = 24;
  const ccr = 304;
  const trap = 320;
  const exit = async (values: Record<number, bigint>) => {
    const reader = await legacyOf("ppc64le", false);
    const entry = reader.read(syscallStop(words(384, 8, false, { 0: 20n, [gpr3]: 9n, 272: 1n })));
    t.true(entry?.op === "entry" && entry.nr === 20n && entry.args[0] === 1n);
    const read = reader.read(syscallStop(words(384, 8, false, values)));
    return read?.op === "exit" ? [read.value, read.isError] : [];
  };
  t.deepEqual(await exit({ [gpr3]: 14n, [ccr]: 0x14000000n, [trap]: 0xc01n }), [-14n, true]);
  t.deepEqual(await exit({ [gpr3]: 14n, [ccr]: 0x04000000n, [trap]: 0xc01n }), [14n, false]);
  t.deepEqual(await exit({ [gpr3]: -14n, [ccr]: 0x04000000n, [trap]: 0xc01n }), [-14n, false]);
  // By scv, where that bit is whatever the program left there.
  t.deepEqual(await exit({ [gpr3]: -14n, [ccr]: 0n, [trap]: 0x3001n }), [-14n, true]);
  t.deepEqual(await exit({ [gpr3]: 14n, [ccr]: 0x10000000n, [trap]: 0x3001n }), [14n, false]);
});

test("powerpc: 32-bit tasks have sets of narrow registers", async (t) => {
  const reader = await legacyOf("ppc64", true);
  const entry = reader.read(syscallStop(words(192, 4, true, { 0: 12n, 12: 9n, 136: 8n })));
  t.true(entry?.op === "entry" && entry.abi === "ppc" && entry.args[0] === 8n);
  const exit = reader.read(syscallStop(words(192, 4, true, { 12: 14n, 152: 0x10000000n })));
  t.deepEqual(exit, { op: "exit", abi: "ppc", value: -14n, isError: true });
});

test("mips: an error is told by a3, and what has a number of n32 is a call of n32", async (t) => {
  const [v0, a0, a3, a5] = [16, 32, 56, 72];
  const reader = await legacyOf("mips64", true);
  const read = (values: Record<number, bigint>) =>
    reader.read(syscallStop(words(360, 8, true, values)));
  const entry = read({ [v0]: 5038n, [a0]: 1n, [a3]: 4n, [a5]: 6n });
  t.true(entry?.op === "entry" && entry.abi === "mips64" && entry.nr === 5038n);
  t.deepEqual(entry?.op === "entry" ? entry.args : [], [1n, 0n, 0n, 4n, 0n, 6n]);
  const failed = { op: "exit", abi: "mips64", value: -14n, isError: true } as const;
  t.deepEqual(read({ [v0]: 14n, [a3]: 1n }), failed);
  const other = read({ [v0]: 6038n });
  t.true(other?.op === "entry" && other.abi === "n32");
  t.deepEqual(read({ [v0]: 14n }), { op: "exit", abi: "mips64", value: 14n, isError: false });
  const none = read({ [v0]: 7000n });
  t.true(none?.op === "entry" && none.abi === "mips64");
});

test("mips: of six arguments o32 has two on the stack", async (t) => {
  for (const [arch, abi] of [
    ["mips64el", "o32"],
    ["mipsel", "mipsel"],
  ] as const) {
    const reader = await legacyOf(arch, false);
    const stop = (values: Record<number, bigint>, stack: Fact<Buffer>) => {
      const { raw, ...rest } = syscallStop(words(180, 4, false, values));
      return reader.read({ raw: { ...raw, stack }, ...rest });
    };
    const stack = words(24, 4, false, { 16: 5n, 20: 6n });
    // There are words that nobody uses before the registers.
    const entry = stop({ 32: 4020n, 36: 9n, 40: 1n, 52: 4n }, { ok: true, value: stack });
    t.true(entry?.op === "entry" && entry.abi === abi && entry.nr === 4020n);
    t.deepEqual(entry?.op === "entry" ? entry.args : [], [1n, 0n, 0n, 4n, 5n, 6n]);
    const exit = stop({ 32: 14n, 52: 1n }, { ok: true, value: stack });
    t.deepEqual(exit, { op: "exit", abi, value: -14n, isError: true });
    const unreadable = stop({ 32: 4020n, 40: 1n, 52: 4n }, { ok: false, errno: 5 });
    t.deepEqual(unreadable?.op === "entry" ? unreadable.args : [], [1n, 0n, 0n, 4n, 0n, 0n]);
  }
});

test("loongarch64: a7 is the number, the first argument is beside a0", async (t) => {
  const reader = await legacyOf("loongarch64", false);
  const [a0, a1, a7, original] = [32, 40, 88, 256];
  const read = (values: Record<number, bigint>) =>
    reader.read(syscallStop(words(360, 8, false, values)));
  const entry = read({ [a0]: -38n, [a1]: 2n, [a7]: 172n, [original]: 1n });
  t.true(entry?.op === "entry" && entry.nr === 172n);
  t.deepEqual(entry?.op === "entry" ? entry.args.slice(0, 3) : [], [1n, 2n, 0n]);
  const failed = { op: "exit", abi: "loongarch64", value: -14n, isError: true } as const;
  t.deepEqual(read({ [a0]: -14n, [a7]: 172n }), failed);
});

test("sparc: the carry tells an error, in tstate or psr", async (t) => {
  for (const [abi, length, width, error] of [
    ["sparc64", 288, 8, 0x1100000000n],
    ["sparc", 152, 4, 0x100000n],
  ] as const) {
    const [g1, o0, o5, flags] = [width, 8 * width, 13 * width, 32 * width];
    const reader = await legacyOf("sparc64", true);
    const read = (values: Record<number, bigint>) =>
      reader.read(syscallStop(words(length, width, true, values)));
    const entry = read({ [g1]: 20n, [o0]: 1n, [o5]: 6n });
    t.true(entry?.op === "entry" && entry.abi === abi && entry.nr === 20n);
    t.deepEqual(entry?.op === "entry" ? entry.args : [], [1n, 0n, 0n, 0n, 0n, 6n]);
    const failed = { op: "exit", abi, value: -14n, isError: true } as const;
    t.deepEqual(read({ [g1]: 20n, [o0]: 14n, [flags]: error }), failed);
    read({ [g1]: 20n });
    const fine = { op: "exit", abi, value: 14n, isError: false } as const;
    t.deepEqual(read({ [g1]: 20n, [o0]: 14n, [flags]: ~error }), fine);
  }
});

test("parisc: arguments go downwards from gr 26", async (t) => {
  const reader = await legacyOf("parisc", true);
  const read = (values: Record<number, bigint>) =>
    reader.read(syscallStop(words(320, 4, true, values)));
  const entry = read({ 80: 20n, 104: 1n, 100: 2n, 84: 6n, 112: 9n });
  t.true(entry?.op === "entry" && entry.nr === 20n);
  t.deepEqual(entry?.op === "entry" ? entry.args : [], [1n, 2n, 0n, 0n, 0n, 6n]);
  const failed = { op: "exit", abi: "parisc", value: -14n, isError: true } as const;
  t.deepEqual(read({ 80: 20n, 104: 1n, 112: -14n }), failed);
});

test("sh4: argument 5 is where the result will be", async (t) => {
  const reader = await legacyOf("sh4", false);
  const read = (values: Record<number, bigint>) =>
    reader.read(syscallStop(words(92, 4, false, values)));
  const entry = read({ 12: 20n, 16: 1n, 28: 4n, 0: 5n, 4: 6n });
  t.true(entry?.op === "entry" && entry.nr === 20n);
  t.deepEqual(entry?.op === "entry" ? entry.args : [], [1n, 0n, 0n, 4n, 5n, 6n]);
  const failed = { op: "exit", abi: "sh4", value: -14n, isError: true } as const;
  t.deepEqual(read({ 12: 20n, 16: 1n, 0: -14n }), failed);
});

test("riscv64: a7 is the number, a0 the result and what is left of the first argument", async (t) => {
  const reader = await legacyOf("riscv64", false);
  const entry = reader.read(syscallStop(words(256, 8, false, { 80: -38n, 88: 2n, 136: 172n })));
  t.true(entry?.op === "entry" && entry.nr === 172n);
  t.deepEqual(entry?.op === "entry" ? entry.args.slice(0, 2) : [], [0xffffffffffffffdan, 2n]);
  const exit = reader.read(syscallStop(words(256, 8, false, { 80: 7n, 136: 172n })));
  t.deepEqual(exit, { op: "exit", abi: "riscv64", value: 7n, isError: false });
});

test("each architecture of a legacy tracer has system call tables, and its sets differ in length", async (t) => {
  const names = (folder: string) =>
    readdirSync(new URL(folder, import.meta.url)).flatMap(
      (file) => /^(\w+)\.[jt]s$/.exec(file)?.slice(1) ?? [],
    );
  t.deepEqual(names("legacy/"), names("../syscalls/abi/"));
  for (const name of names("legacy/")) {
    const { sets } = await loadLegacyArch(name);
    t.is(new Set(sets.map(({ length }) => length)).size, sets.length, name);
    for (const { length, args, ip, nr, result } of sets)
      for (const { offset, bytes } of [...args, ip, nr, result])
        t.true(offset % bytes === 0 && offset + bytes <= length, `${name}: ${offset}`);
  }
});

test("calls as strace writes them", (t) => {
  const call = (abi: string, nr: bigint, args: bigint[]) => {
    const known = table.call(abi, nr);
    return callText({ op: "entry", abi, nr, args, ...(known ? { call: known } : {}) }, table);
  };
  t.is(call("x86_64", 2n, [0n, 0xffffffffn, 0o755n]), "open(NULL, -1, 493)");
  t.is(call("i386", 20n, [1n]), "[i386] getpid()");
  t.is(call("x86_64", 134n, [1n, 2n]), "uselib()");
  t.is(call("x86_64", 100000n, [1n, 2n]), "syscall_0x186a0(0x1, 0x2)");
  const result = (value: bigint, isError: boolean) => resultText({ value, isError }, table);
  t.is(result(-2n, true), "-1 ENOENT");
  t.is(result(-11n, true), "-1 EAGAIN");
  t.is(result(-512n, true), "-1 ERESTARTSYS");
  t.is(result(-99n, true), "-1 errno 99");
  t.is(result(-4n, false), "-4");
  t.is(result(0x7f0000000000n, false), "0x7f0000000000");
});

test("errors and signals have the numbers of the kernel's headers", (t) => {
  t.is(table.signal("SIGSTOP"), 19);
  t.is(table.errno("ENOENT"), 2);
  t.is(table.signalName(9), "SIGKILL");
  t.is(table.signalName(33), "signal 33");
  t.is(t.throws(() => table.signal("SIGNONE"), { instanceOf: Failure }).reason, "no-such-name");
});

test("a call that never returns is shown at the end of its tracee", async (t) => {
  const maker = new LineMaker(table);
  const reader = await legacy();
  const entry = syscallStop(registers(2n, -38n, [0n, 0n, 0n]));
  t.deepEqual(maker.lines(entry, reader.read(entry)), []);
  const end = machine.take({ pid: 7, status: 9, time: 0n });
  t.deepEqual(maker.lines(end, reader.read(end)), [
    "open(NULL, 0, 0) = ?",
    "+++ killed by SIGKILL +++",
  ]);
});
