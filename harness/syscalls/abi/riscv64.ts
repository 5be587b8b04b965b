import type { ArchAbis } from "../../syscalls.ts";

const include = ["arch/riscv/include", "arch/riscv/include/uapi", "include/uapi", "include"];

export default {
  name: "riscv64",
  sourceArch: "riscv",
  configSymbols: ["RISCV"],
  abis: [
    {
      name: "riscv64",
      auditArch: 0xc00000f3,
      bits: 64,
      tables: [
        // Since 6.11.
        {
          kind: "tbl",
          file: "scripts/syscall.tbl",
          columns: ["common", "64"],
          moreColumns: {
            file: "arch/riscv/kernel/Makefile.syscalls",
            variable: "syscall_abis_64",
          },
        },
        { kind: "header", file: "arch/riscv/include/uapi/asm/unistd.h", include, define: [] },
      ],
    },
    {
      name: "riscv32",
      auditArch: 0x400000f3,
      bits: 32,
      tables: [
        // Since 6.11.
        {
          kind: "tbl",
          file: "scripts/syscall.tbl",
          columns: ["common", "32"],
          moreColumns: {
            file: "arch/riscv/kernel/Makefile.syscalls",
            variable: "syscall_abis_32",
          },
          compat: true,
        },
        {
          kind: "header",
          file: "arch/riscv/include/uapi/asm/unistd.h",
          include,
          define: ["__SIZEOF_POINTER__=4", "__SYSCALL_COMPAT"],
          undefine: ["__SIZEOF_POINTER__", "__LP64__"],
        },
      ],
    },
  ],
} satisfies ArchAbis;
