import type { LegacyArch } from "../legacy.ts";

// struct user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h); arm's pt_regs for compat tasks.
const wide = (index: number) => ({ offset: 8 * index, bytes: 8 }) as const;
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "arm64",
  sets: [
    {
      length: 272,
      abi: "arm64",
      ip: wide(32),
      nr: wide(8),
      args: [0, 1, 2, 3, 4, 5].map(wide),
      result: wide(0),
    },
    {
      length: 72,
      abi: "arm",
      ip: narrow(15),
      nr: narrow(7),
      args: [0, 1, 2, 3, 4, 5].map(narrow),
      result: narrow(0),
    },
  ],
  // Instructions have four bytes: the two before the next one do not tell svc from svc.
  opcodes: {},
} satisfies LegacyArch;
