import type { ArchAbis } from "../../syscalls.ts";

const include = [
  "arch/loongarch/include",
  "arch/loongarch/include/uapi",
  "include/uapi",
  "include",
];

export default {
  name: "loongarch64",
  sourceArch: "loongarch",
  configSymbols: ["LOONGARCH"],
  abis: [
    {
      name: "loongarch64",
      auditArch: 0xc0000102,
      bits: 64,
      tables: [
        // Since 6.11.
        {
          kind: "tbl",
          file: "scripts/syscall.tbl",
          columns: ["common", "64"],
          moreColumns: {
            file: "arch/loongarch/kernel/Makefile.syscalls",
            variable: "syscall_abis_64",
          },
        },
        { kind: "header", file: "arch/loongarch/include/uapi/asm/unistd.h", include, define: [] },
      ],
    },
  ],
} satisfies ArchAbis;
