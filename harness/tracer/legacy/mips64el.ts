import type { LegacyArch } from "../legacy.ts";

/*
 * arch/mips/include/uapi/asm/reg.h, in a set of ELF_NGREG words (asm/elf.h): 64-bit ones for n64 and
 * n32, narrow ones for o32, whose general registers begin at the seventh. v0 is the number and then
 * the result; a3, an argument at entries, tells at exits whether that is an error.
 */
const wide = (index: number) => ({ offset: 8 * index, bytes: 8 }) as const;
const narrow = (index: number) => ({ offset: 4 * (6 + index), bytes: 4 }) as const;

export default {
  name: "mips64el",
  sets: [
    {
      length: 360,
      abi: "mips64el",
      // __NR_Linux of arch/mips/include/uapi/asm/unistd.h.
      numbers: { from: 6000, to: 6999, abi: "n32" },
      ip: wide(34),
      nr: wide(2),
      args: [4, 5, 6, 7, 8, 9].map(wide),
      result: wide(2),
      errorFlag: { register: wide(7), mask: 0xffffffffffffffffn },
    },
    {
      length: 180,
      abi: "o32",
      ip: narrow(34),
      nr: narrow(2),
      args: [4, 5, 6, 7].map(narrow),
      stackArgs: { pointer: narrow(29), above: [16, 20] },
      result: narrow(2),
      errorFlag: { register: narrow(7), mask: 0xffffffffn },
    },
  ],
  // All ABIs make calls by syscall.
  opcodes: {},
} satisfies LegacyArch;
