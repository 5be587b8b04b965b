import type { LegacyArch } from "../legacy.ts";

// struct user_regs_struct (arch/x86/include/asm/user_64.h, user_32.h): eight and four bytes each.
const wide = (index: number) => ({ offset: 8 * index, bytes: 8 }) as const;
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "x86_64",
  sets: [
    {
      length: 216,
      abi: "x86_64",
      numberBit: { bit: 0x40000000, abi: "x32" },
      ip: wide(16),
      nr: wide(15),
      // rdi, rsi, rdx, r10, r8, r9
      args: [14, 13, 12, 7, 9, 8].map(wide),
      result: wide(10),
    },
    {
      length: 68,
      abi: "i386",
      ip: narrow(12),
      nr: narrow(11),
      // ebx, ecx, edx, esi, edi, ebp
      args: [0, 1, 2, 3, 4, 5].map(narrow),
      result: narrow(6),
    },
  ],
  // syscall, int $0x80, sysenter
  opcodes: { "0f05": "x86_64", cd80: "i386", "0f34": "i386" },
} satisfies LegacyArch;
