import type { LegacyArch } from "../legacy.ts";
import x86 from "./x86_64.ts";

export default {
  name: "i386",
  // struct user_regs_struct (arch/x86/include/asm/user_32.h), as 32-bit tasks have it on x86_64.
  sets: x86.sets.filter(({ abi }) => abi === "i386"),
  opcodes: {},
} satisfies LegacyArch;
