import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import {
  pinnedSourceSchema,
  sourceArchives,
  type ArchiveOptions,
  type SourceArchive,
} from "../source/archive.ts";

/** The programs that are built from source. */
export const userlandPrograms = ["busybox", "dropbear"] as const;
export type UserlandProgram = (typeof userlandPrograms)[number];
export type { SourceArchive } from "../source/archive.ts";

const sourcesSchema = z.record(z.enum(userlandPrograms), pinnedSourceSchema);

/** The sources of busybox and dropbear, as sources.json names them. Throws what sourceArchives throws. */
export async function userlandSources(
  recipeDir: string,
  options: ArchiveOptions = {},
): Promise<Record<UserlandProgram, SourceArchive>> {
  const text = await readFile(path.join(recipeDir, "sources.json"), "utf8");
  return sourceArchives(sourcesSchema.parse(JSON.parse(text)), options);
}
