import type { ArchAbis } from "../../syscalls.ts";

const file = "arch/sparc/kernel/syscalls/syscall.tbl";

export default {
  name: "sparc64",
  sourceArch: "sparc",
  configSymbols: ["SPARC", "SPARC64"],
  abis: [
    {
      name: "sparc64",
      auditArch: 0x8000002b,
      bits: 64,
      tables: [{ kind: "tbl", file, columns: ["common", "64"] }],
    },
    {
      name: "sparc",
      auditArch: 0x00000002,
      bits: 32,
      tables: [{ kind: "tbl", file, columns: ["common", "32"], compat: true }],
    },
  ],
} satisfies ArchAbis;
