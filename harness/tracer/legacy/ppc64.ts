import type { LegacyArch } from "../legacy.ts";
import little from "./ppc64le.ts";

// As on ppc64le; words of four bytes for 32-bit tasks, which have no scv.
const narrow = (index: number) => ({ offset: 4 * index, bytes: 4 }) as const;

export default {
  name: "ppc64",
  sets: [
    ...little.sets.map((set) => ({ ...set, abi: "ppc64" })),
    {
      length: 192,
      abi: "ppc",
      ip: narrow(32),
      nr: narrow(0),
      args: [34, 4, 5, 6, 7, 8].map(narrow),
      result: narrow(3),
      errorFlag: { register: narrow(38), mask: 0x10000000n },
    },
  ],
  opcodes: {},
} satisfies LegacyArch;
