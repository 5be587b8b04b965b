import type { ArchAbis } from "../../syscalls.ts";

export default {
  name: "i386",
  sourceArch: "x86",
  configSymbols: ["X86", "X86_32"],
  abis: [
    {
      name: "i386",
      auditArch: 0x40000003,
      bits: 32,
      tables: [{ kind: "tbl", file: "arch/x86/entry/syscalls/syscall_32.tbl", columns: ["i386"] }],
    },
  ],
} satisfies ArchAbis;
