import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "sh4",
  sourceArch: "sh",
  configSymbols: ["SUPERH"],
  abis: [
    {
      name: "sh4",
      auditArch: 0x4000002a,
      bits: 32,
      tables: [{ kind: "tbl", file: "arch/sh/kernel/syscalls/syscall.tbl", columns: ["common"] }],
    },
  ],
} satisfies ArchAbis;
