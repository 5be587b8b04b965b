import type { LegacyArch } from "../legacy.ts";

/*
 * struct user_regs_struct (arch/riscv/include/uapi/asm/ptrace.h). Its first argument is lost on
 * 6.12, not yet on 6.1: -ENOSYS is in a0 before the entry is reported (do_trap_ecall_u() of
 * arch/riscv/kernel/traps.c), and orig_a0 is no part of the set.
 */
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "riscv32",
  sets: [
    {
      length: 128,
      abi: "riscv32",
      ip: narrow(0),
      nr: narrow(17),
      args: [10, 11, 12, 13, 14, 15].map(narrow),
      result: narrow(10),
    },
  ],
  // There is one way to make a call.
  opcodes: {},
} satisfies LegacyArch;
