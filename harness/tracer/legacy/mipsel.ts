import type { LegacyArch } from "../legacy.ts";
import mips64el from "./mips64el.ts";

export default {
  name: "mipsel",
  // As tasks of o32 have it on mips64el.
  sets: mips64el.sets.filter(({ abi }) => abi === "o32").map((set) => ({ ...set, abi: "mipsel" })),
  opcodes: {},
} satisfies LegacyArch;
