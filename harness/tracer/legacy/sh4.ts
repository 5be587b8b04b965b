import type { LegacyArch } from "../legacy.ts";

/*
 * struct pt_regs (arch/sh/include/uapi/asm/ptrace_32.h). The fifth argument is in r0, where the result
 * comes to lie.
 */
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "sh4",
  sets: [
    {
      length: 92,
      abi: "sh4",
      ip: narrow(16),
      nr: narrow(3),
      args: [4, 5, 6, 7, 0, 1].map(narrow),
      result: narrow(0),
    },
  ],
  // Whatever number trapa is given, calls are of the one ABI.
  opcodes: {},
} satisfies LegacyArch;
