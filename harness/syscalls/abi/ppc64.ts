import type { ArchAbis } from "../../syscalls.ts";

const file = "arch/powerpc/kernel/syscalls/syscall.tbl";

export default {
  name: "ppc64",
  sourceArch: "powerpc",
  configSymbols: ["PPC", "PPC64"],
  abis: [
    {
      name: "ppc64",
      auditArch: 0x80000015,
      bits: 64,
      tables: [{ kind: "tbl", file, columns: ["common", "nospu", "64"] }],
    },
    {
      name: "ppc",
      auditArch: 0x00000014,
      bits: 32,
      tables: [{ kind: "tbl", file, columns: ["common", "nospu", "32"], compat: true }],
    },
  ],
} satisfies ArchAbis;
