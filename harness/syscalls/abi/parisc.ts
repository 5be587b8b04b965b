import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "parisc",
  sourceArch: "parisc",
  configSymbols: ["PARISC"],
  abis: [
    {
      name: "parisc",
      auditArch: 0x0000000f,
      bits: 32,
      tables: [
        {
          kind: "tbl",
          file: "arch/parisc/kernel/syscalls/syscall.tbl",
          columns: ["common", "32"],
        },
      ],
    },
  ],
} satisfies ArchAbis;
