import type { ArchAbis } from "../../syscalls.ts";

const include = ["arch/arm64/include", "arch/arm64/include/uapi", "include/uapi", "include"];

export default {
  name: "arm64",
  sourceArch: "arm64",
  configSymbols: ["ARM64"],
  abis: [
    {
      name: "arm64",
      auditArch: 0xc00000b7,
      bits: 64,
      tables: [
        // Since 6.11.
        {
          kind: "tbl",
          file: "scripts/syscall.tbl",
          columns: ["common", "64"],
          moreColumns: {
            file: "arch/arm64/kernel/Makefile.syscalls",
            variable: "syscall_abis_64",
          },
        },
        { kind: "header", file: "arch/arm64/include/uapi/asm/unistd.h", include, define: [] },
      ],
    },
    {
      name: "arm",
      auditArch: 0x40000028,
      bits: 32,
      tables: [
        // Since 6.11.
        {
          kind: "tbl",
          file: "arch/arm64/tools/syscall_32.tbl",
          columns: ["common"],
          compat: true,
        },
        { kind: "header", file: "arch/arm64/include/asm/unistd32.h", include, define: [] },
      ],
    },
  ],
} satisfies ArchAbis;
