import { readFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import type { Event } from "../model/event.ts";
import { bisectRecordSchema, type BisectRecord } from "../model/bisect.ts";
import { runRecordSchema, type RunRecord } from "../model/run.ts";
import { projectDir } from "../paths.ts";
import { comparisonLines } from "../report/conclusion.ts";

export interface RealRun {
  readonly exitCode: number;
  readonly record: RunRecord;
  readonly seconds: number;
}

/** Runs `harness run` with the host's own tools and cache, to its end; what it does is shown. */
export async function harnessOn(...args: string[]): Promise<RealRun> {
  const { data, ...finished } = await toTheEnd("run", "run.json", args);
  const record = runRecordSchema.parse(data);
  // What a test that fails for it would not say: which cases were not as they should be.
  process.stderr.write(`${record.comparisons.flatMap(comparisonLines).join("\n")}\n`);
  return { ...finished, record };
}

/** The same for `harness bisect`. */
export async function bisectionOn(
  ...args: string[]
): Promise<{ readonly exitCode: number; readonly record: BisectRecord }> {
  const { data, ...finished } = await toTheEnd("bisect", "bisect.json", args);
  return { ...finished, record: bisectRecordSchema.parse(data) };
}

async function toTheEnd(command: string, file: string, args: readonly string[]) {
  const bin = path.join(projectDir, "build/harness/bin.js");
  const result = await exec(process.execPath, [bin, command, "--json", ...args], {
    // Shown as it comes: a test of some minutes must not look hung.
    onLine: (line) => {
      if (/"type":"(step-finished|notice|failure)"/.test(line))
        process.stderr.write(`${summary(line)}\n`);
    },
  });
  const finished = result.stdout
    .split("\n")
    .filter((line) => line.includes('"run-finished"'))
    .map((line) => JSON.parse(line) as { resultsDir: string })[0];
  if (!finished) throw new Error(`it did not come to its end:\n${result.output}`);
  const data = JSON.parse(await readFile(path.join(finished.resultsDir, file), "utf8")) as unknown;
  return { exitCode: result.exitCode ?? -1, data, seconds: result.seconds };
}

function summary(line: string): string {
  const event = JSON.parse(line) as Event;
  if (event.type === "notice") return `  ${event.text}`;
  if (event.type === "failure") return `  ${event.failure.blame}: ${event.failure.what}`;
  return event.type === "step-finished"
    ? `  ${event.outcome} ${event.id} (${event.seconds.toFixed(1)} s)`
    : "";
}
