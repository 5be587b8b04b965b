import type { LegacyArch } from "../legacy.ts";
import little from "./mips64el.ts";

export default {
  ...little,
  name: "mips64",
  sets: little.sets.map((set) => (set.abi === "mips64el" ? { ...set, abi: "mips64" } : set)),
} satisfies LegacyArch;
