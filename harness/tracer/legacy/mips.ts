import type { LegacyArch } from "../legacy.ts";
import little from "./mipsel.ts";

export default {
  ...little,
  name: "mips",
  sets: little.sets.map((set) => ({ ...set, abi: "mips" })),
} satisfies LegacyArch;
