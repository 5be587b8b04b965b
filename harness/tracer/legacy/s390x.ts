import type { LegacyArch } from "../legacy.ts";

/*
 * s390_regs (arch/s390/include/uapi/asm/ptrace.h): psw, gprs, acrs, orig_gpr2; s390_compat_regs
 * (asm/compat.h) for 31-bit tasks. do_syscall() of arch/s390/kernel/syscall.c puts the number into
 * gpr 2 before the entry is reported; the first argument is in orig_gpr2 then.
 */
const wide = (index: number) => ({ offset: 16 + 8 * index, bytes: 8 }) as const;
const narrow = (index: number) => ({ offset: 8 + 4 * index, bytes: 4 }) as const;

export default {
  name: "s390x",
  sets: [
    {
      length: 216,
      abi: "s390x",
      ip: { offset: 8, bytes: 8 },
      nr: wide(2),
      args: [{ offset: 208, bytes: 8 }, ...[3, 4, 5, 6, 7].map(wide)],
      result: wide(2),
    },
    {
      // The psw is aligned to eight bytes, and so is the whole.
      length: 144,
      abi: "s390",
      ip: { offset: 4, bytes: 4 },
      nr: narrow(2),
      args: [{ offset: 136, bytes: 4 }, ...[3, 4, 5, 6, 7].map(narrow)],
      result: narrow(2),
    },
  ],
  // Both ABIs make calls by svc.
  opcodes: {},
} satisfies LegacyArch;
