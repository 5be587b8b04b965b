import type { ArchAbis } from "../../syscalls.ts";

const table64 = "arch/x86/entry/syscalls/syscall_64.tbl";

export default {
  name: "x86_64",
  sourceArch: "x86",
  configSymbols: ["X86", "X86_64"],
  abis: [
    {
      name: "x86_64",
      auditArch: 0xc000003e,
      bits: 64,
      tables: [{ kind: "tbl", file: table64, columns: ["common", "64"] }],
    },
    {
      name: "i386",
      auditArch: 0x40000003,
      bits: 32,
      tables: [
        {
          kind: "tbl",
          file: "arch/x86/entry/syscalls/syscall_32.tbl",
          columns: ["i386"],
          compat: true,
        },
      ],
    },
    {
      // arch/x86/include/asm/syscall.h: "x32 tasks should be considered AUDIT_ARCH_X86_64".
      name: "x32",
      auditArch: 0xc000003e,
      bits: 64,
      numberBit: 0x40000000,
      tables: [{ kind: "tbl", file: table64, columns: ["common", "x32"] }],
    },
  ],
} satisfies ArchAbis;
