import type { ArchAbis, SyscallAbi } from "../../syscalls.ts";

/** arch/mips/kernel/syscalls/Makefile; __NR_Linux of arch/mips/include/uapi/asm/unistd.h. */
const table = (name: "n64" | "n32" | "o32", numbersFrom: number, compat: boolean) =>
  ({
    numbersFrom,
    tables: [
      {
        kind: "tbl",
        file: `arch/mips/kernel/syscalls/syscall_${name}.tbl`,
        columns: [name],
        compat,
      },
    ],
  }) satisfies Partial<SyscallAbi>;

export default {
  name: "mips64el",
  sourceArch: "mips",
  configSymbols: ["MIPS"],
  abis: [
    { name: "mips64el", auditArch: 0xc0000008, bits: 64, ...table("n64", 5000, false) },
    // Its longs have 32 bits, its registers 64.
    { name: "n32", auditArch: 0xe0000008, bits: 64, ...table("n32", 6000, false) },
    { name: "o32", auditArch: 0x40000008, bits: 32, ...table("o32", 4000, true) },
  ],
} satisfies ArchAbis;
