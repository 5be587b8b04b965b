import type { LegacyArch } from "../legacy.ts";
import arm64 from "./arm64.ts";

export default {
  name: "arm",
  // struct pt_regs (arch/arm/include/uapi/asm/ptrace.h), as 32-bit tasks have it on arm64.
  sets: arm64.sets.filter(({ abi }) => abi === "arm"),
  // Only EABI is described, where every call is svc 0.
  opcodes: {},
} satisfies LegacyArch;
