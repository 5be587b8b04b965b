import type { ArchAbis } from "../../syscalls.ts";

// Since 4.16.
const file = "arch/s390/kernel/syscalls/syscall.tbl";

export default {
  name: "s390x",
  sourceArch: "s390",
  configSymbols: ["S390"],
  abis: [
    {
      name: "s390x",
      auditArch: 0x80000016,
      bits: 64,
      tables: [{ kind: "tbl", file, columns: ["common", "64"] }],
    },
    {
      name: "s390",
      auditArch: 0x00000016,
      bits: 32,
      tables: [{ kind: "tbl", file, columns: ["common", "32"], compat: true }],
    },
  ],
} satisfies ArchAbis;
