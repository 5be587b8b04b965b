import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { cached, isCached } from "../../cache.ts";
import { doubtfulSymptoms, outcomeSchema, type Outcome } from "../../model/bisect.ts";

/*
 * What kernels answered in earlier bisections. An entry is one boot: the first, the second … of a
 * kernel, so that a bisection that needs more boots than the one before takes over those there are.
 */

const answerFile = "outcome.json";

/** The answer that an earlier bisection got, under this key. */
export async function recallAnswer(key: string): Promise<Outcome | undefined> {
  const entry = await isCached({ kind: "judgements", fingerprint: key, verify: "content" });
  if (!entry) return undefined;
  const text = await readFile(path.join(entry.dir, answerFile), "utf8");
  return outcomeSchema.parse(JSON.parse(text));
}

/** Keeps an answer for later bisections, unless it may be a busy host's. `bisection`: who asked. */
export async function rememberAnswer(
  key: string,
  { answer, symptom, why, seconds }: Outcome,
  bisection: string,
): Promise<void> {
  if (doubtfulSymptoms.includes(symptom)) return;
  const kept: Outcome = { answer, symptom, why, seconds, askedIn: bisection };
  await cached({ kind: "judgements", fingerprint: key, verify: "content" }, async (dir) => {
    await writeFile(path.join(dir, answerFile), JSON.stringify(kept));
  });
}
