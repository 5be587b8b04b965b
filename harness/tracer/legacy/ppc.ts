import type { LegacyArch } from "../legacy.ts";
import ppc64 from "./ppc64.ts";

export default {
  name: "ppc",
  // As 32-bit tasks have it on ppc64.
  sets: ppc64.sets.filter(({ abi }) => abi === "ppc"),
  opcodes: {},
} satisfies LegacyArch;
