import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "mipsel",
  sourceArch: "mips",
  configSymbols: ["MIPS"],
  abis: [
    {
      name: "mipsel",
      auditArch: 0x40000008,
      bits: 32,
      // __NR_Linux of arch/mips/include/uapi/asm/unistd.h.
      numbersFrom: 4000,
      tables: [
        { kind: "tbl", file: "arch/mips/kernel/syscalls/syscall_o32.tbl", columns: ["o32"] },
      ],
    },
  ],
} satisfies ArchAbis;
