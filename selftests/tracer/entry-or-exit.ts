import { enosys, guest, table } from "./guest.ts";

/* What registers hold at entries and at exits: for a tracer that takes one for the other, and for one that looks. */

const { arch } = guest.syscalls;

/** By the width of a register. */
const powerpc = (bytes: number) => ({
  [3 * bytes]: "gpr 3 still is an argument at entries",
  [38 * bytes]: "ccr has no error at entries",
  [43 * bytes]: "result is not set at entries",
});
/** By the offset of the first general register, and the width of a register. */
const mips = (from: number, bytes: number) => ({
  [from + 2 * bytes]: "v0 is the number at entries",
  [from + 7 * bytes]: "a3 still is an argument at entries",
});
/** Registers by which these architectures' own tracers told entries from exits, by their offsets. */
const telling: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  // report_syscall() of arch/arm64/kernel/ptrace.c and arch/arm/kernel/ptrace.c.
  arm64: { 0: "x0 still is an argument at entries", 56: "x7 is 0 at entries, 1 at exits" },
  arm: { 0: "r0 still is an argument at entries", 48: "ip is 0 at entries, 1 at exits" },
  s390x: { 32: "gpr 2 is the number at entries" },
  mips: mips(24, 4),
  mips64: mips(0, 8),
  mips64el: mips(0, 8),
  mipsel: mips(24, 4),
  ppc: powerpc(4),
  ppc64: powerpc(8),
  ppc64le: powerpc(8),
  parisc: { 112: "gr 28 is not the result at entries" },
  sh4: { 0: "r0 is the fifth argument at entries" },
  sparc64: {
    64: "o0 still is an argument at entries",
    256: "the carry has no error at entries",
  },
  riscv64: { 80: "a0 still is an argument at entries (as in 6.1)" },
};

export const tellingRegisters = telling[arch] ?? {};

/** What a call of this result is taken for where its exit is taken for an entry. */
export function exitAsEntry(name: string, result: bigint): string {
  // do_syscall() of arch/s390/kernel/syscall.c: number and result are in the same register.
  if (arch === "s390x") return `entry ${table.call(arch, result)?.name ?? result}`;
  // Also on mips (arch/mips/kernel/scall*.S), where the number of an error is positive.
  if (arch.startsWith("mips")) return `entry ${result < 0n ? -result : result}`;
  // start_thread() of asm/processor.h, or ELF_PLAT_INIT() of asm/elf.h, clears the register of the number with the others.
  if (name === "execve" && /^(arm|sh4|sparc)/.test(arch))
    return `entry ${table.call(arch, 0n)?.name ?? 0}`;
  return `entry ${name}`;
}

/** A call as far as its entry goes. */
interface Entered {
  readonly nr: number;
  readonly firstArgument: number;
  readonly fourthArgument: number;
  readonly fifthArgument: number;
}

/** What these calls are taken to return where their entries are taken for exits. */
export function mayBeEntriesAsExits(calls: readonly Entered[]): readonly bigint[][] {
  const failed = calls.map(() => enosys);
  const argument = calls.map(({ firstArgument }) => BigInt(firstArgument));
  if (arch === "s390x") return [calls.map(({ nr }) => BigInt(nr))];
  // What is the fourth argument at entries tells an error at exits.
  if (arch.startsWith("mips"))
    return [calls.map(({ nr, fourthArgument }) => BigInt(fourthArgument === 0 ? nr : -nr))];
  // The first as of 6.12, the second as in 6.1.
  if (arch === "riscv64") return [failed, argument];
  // The fifth argument's register is the result's.
  if (arch === "sh4") return [calls.map(({ fifthArgument }) => BigInt(fifthArgument))];
  return /^(arm|ppc|sparc)/.test(arch) ? [argument] : [failed];
}
