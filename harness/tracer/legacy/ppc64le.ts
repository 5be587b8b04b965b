import type { LegacyArch } from "../legacy.ts";

/*
 * struct pt_regs (arch/powerpc/include/uapi/asm/ptrace.h), in a set of ELF_NGREG words (asm/elf.h).
 * syscall_get_error() of arch/powerpc/include/asm/syscall.h: calls by sc tell errors by the summary
 * overflow bit of ccr, those by scv by a negative result.
 */
const wide = (index: number) => ({ offset: 8 * index, bytes: 8 }) as const;

export default {
  name: "ppc64le",
  sets: [
    {
      length: 384,
      abi: "ppc64le",
      ip: wide(32),
      nr: wide(0),
      // orig_gpr3, gpr4 ...
      args: [34, 4, 5, 6, 7, 8].map(wide),
      result: wide(3),
      errorFlag: {
        register: wide(38),
        mask: 0x10000000n,
        // trap_is_scv() of arch/powerpc/include/asm/ptrace.h.
        unless: { register: wide(40), mask: 0xfff0n, value: 0x3000n },
      },
    },
  ],
  // Both sc and scv are of the one ABI.
  opcodes: {},
} satisfies LegacyArch;
