import type { LegacyArch } from "../legacy.ts";

/*
 * sparc64_regsets and sparc32_regsets of arch/sparc/kernel/ptrace_64.c: g, o, l, i, then tstate, tpc ...
 * or psr, pc ... The carry tells whether the result is an error (asm/syscall.h).
 */
const wide = (index: number) => ({ offset: 8 * index, bytes: 8 }) as const;
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "sparc64",
  sets: [
    {
      length: 288,
      abi: "sparc64",
      ip: wide(33),
      nr: wide(1),
      args: [8, 9, 10, 11, 12, 13].map(wide),
      result: wide(8),
      errorFlag: { register: wide(32), mask: 0x1100000000n },
    },
    {
      length: 152,
      abi: "sparc",
      ip: narrow(33),
      nr: narrow(1),
      args: [8, 9, 10, 11, 12, 13].map(narrow),
      result: narrow(8),
      errorFlag: { register: narrow(32), mask: 0x00100000n },
    },
  ],
  // Whatever the number of the trap, the program's kind decides.
  opcodes: {},
} satisfies LegacyArch;
