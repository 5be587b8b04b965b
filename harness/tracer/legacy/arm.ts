import type { LegacyArch } from "../legacy.ts";

// struct pt_regs (arch/arm/include/uapi/asm/ptrace.h): r0 to r15, cpsr, orig_r0.
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "arm",
  sets: [
    {
      length: 72,
      abi: "arm",
      ip: narrow(15),
      nr: narrow(7),
      args: [0, 1, 2, 3, 4, 5].map(narrow),
      result: narrow(0),
    },
  ],
  // Only EABI is described, where every call is svc 0.
  opcodes: {},
} satisfies LegacyArch;
