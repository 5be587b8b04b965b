import type { ArchAbis } from "../../syscalls.ts";
import little from "./mipsel.ts";

export default {
  ...little,
  name: "mips",
  // Without __AUDIT_ARCH_LE (include/uapi/linux/audit.h).
  abis: little.abis.map((abi) => ({ ...abi, name: "mips", auditArch: 0x00000008 })),
} satisfies ArchAbis;
