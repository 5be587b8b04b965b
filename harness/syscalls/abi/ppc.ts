import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "ppc",
  sourceArch: "powerpc",
  configSymbols: ["PPC", "PPC32"],
  abis: [
    {
      name: "ppc",
      auditArch: 0x00000014,
      bits: 32,
      tables: [
        {
          kind: "tbl",
          file: "arch/powerpc/kernel/syscalls/syscall.tbl",
          columns: ["common", "nospu", "32"],
        },
      ],
    },
  ],
} satisfies ArchAbis;
