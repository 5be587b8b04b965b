import type { LegacyArch } from "../legacy.ts";

/*
 * struct user_pt_regs (arch/loongarch/include/uapi/asm/ptrace.h), in a set of ELF_NGREG words
 * (asm/elf.h): regs, orig_a0, csr_era, csr_badv.
 */
const wide = (index: number) => ({ offset: 8 * index, bytes: 8 }) as const;

export default {
  name: "loongarch64",
  sets: [
    {
      length: 360,
      abi: "loongarch64",
      ip: wide(33),
      nr: wide(11),
      args: [32, 5, 6, 7, 8, 9].map(wide),
      result: wide(4),
    },
  ],
  // There is one way to make a call.
  opcodes: {},
} satisfies LegacyArch;
