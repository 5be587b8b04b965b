import { readFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "./model/failure.ts";
import { knownFailuresSchema, type KnownFailure } from "./model/known-failures.ts";
import { projectDir } from "./paths.ts";

/** The project's own. */
const shippedFile = path.join(projectDir, "known-failures.json");

/**
 * Reads a file of known failures (docs/known-failures.md).
 * Throws Failure usage "bad-known-failures".
 */
export async function readKnownFailures(file = shippedFile): Promise<readonly KnownFailure[]> {
  const bad = (evidence: string) =>
    new Failure({
      reason: "bad-known-failures",
      blame: "usage",
      what: `${file} is no list of known failures`,
      evidence,
      hint: "docs/known-failures.md says what an entry holds",
    });
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, "utf8"));
  } catch (thrown) {
    throw bad(String(thrown));
  }
  const parsed = knownFailuresSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 5);
  throw bad(issues.map((each) => `${each.path.map(String).join(".")}: ${each.message}`).join("\n"));
}

/** An entry that has run out: who meets it looks at it again, instead of its being believed for ever. */
export function expiredFailure(known: KnownFailure): Failure {
  return new Failure({
    reason: "known-failure-expired",
    blame: "suite",
    what: `the known failure of ${known.case} expired on ${known.expires}`,
    evidence: `${known.reason}\n${known.link}`,
    hint: "see whether it still fails; then remove the entry, or say why it holds on and until when",
  });
}
