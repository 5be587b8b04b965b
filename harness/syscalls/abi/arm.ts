import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "arm",
  sourceArch: "arm",
  configSymbols: ["ARM"],
  abis: [
    {
      name: "arm",
      auditArch: 0x40000028,
      bits: 32,
      // Not in it: the architecture's own calls from 0xf0000 on (arch/arm/kernel/traps.c).
      tables: [{ kind: "tbl", file: "arch/arm/tools/syscall.tbl", columns: ["common"] }],
    },
  ],
} satisfies ArchAbis;
