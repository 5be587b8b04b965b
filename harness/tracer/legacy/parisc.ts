import type { LegacyArch } from "../legacy.ts";

// struct user_regs_struct (arch/parisc/include/uapi/asm/ptrace.h): gr, sr, iaoq, iasq ...
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "parisc",
  sets: [
    {
      length: 320,
      abi: "parisc",
      ip: narrow(40),
      nr: narrow(20),
      args: [26, 25, 24, 23, 22, 21].map(narrow),
      result: narrow(28),
    },
  ],
  // There is one way to make a call.
  opcodes: {},
} satisfies LegacyArch;
