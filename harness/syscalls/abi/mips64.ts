import type { ArchAbis } from "../../syscalls.ts";
import little from "./mips64el.ts";

/** __AUDIT_ARCH_LE (include/uapi/linux/audit.h). */
const littleEndian = 0x40000000;

export default {
  ...little,
  name: "mips64",
  abis: little.abis.map((abi) => ({
    ...abi,
    name: abi.name === "mips64el" ? "mips64" : abi.name,
    auditArch: abi.auditArch - littleEndian,
  })),
} satisfies ArchAbis;
