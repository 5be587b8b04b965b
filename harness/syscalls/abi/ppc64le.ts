import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "ppc64le",
  sourceArch: "powerpc",
  configSymbols: ["PPC", "PPC64"],
  abis: [
    {
      name: "ppc64le",
      auditArch: 0xc0000015,
      bits: 64,
      tables: [
        {
          kind: "tbl",
          file: "arch/powerpc/kernel/syscalls/syscall.tbl",
          columns: ["common", "nospu", "64"],
        },
      ],
    },
  ],
} satisfies ArchAbis;
