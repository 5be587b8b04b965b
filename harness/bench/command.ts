import path from "node:path";
import { exec } from "../exec.ts";
import type { Event } from "../model/event.ts";
import { projectDir } from "../paths.ts";

/** A command of the program's own that came to its end, whatever its verdict. */
interface Ended {
  readonly stdout: string;
  readonly seconds: number;
}

export interface MeasuredRun extends Ended {
  readonly events: readonly (Event & { readonly time: string })[];
  readonly resultsDir: string;
  readonly exitStatus: number;
}

/** What a command runs in: XDG_CACHE_HOME for a cache of the bench's own. */
export type Environment = Readonly<Record<string, string>>;

const bin = path.join(projectDir, "build/harness/bin.js");

// Ctrl-C ends the command that is under way, and lets a bench remove its folder: gigabytes lie there.
const stop = new AbortController();
process.once("SIGINT", () => {
  stop.abort(new Error("interrupted"));
});

/** Runs a command; a dot on stderr for each step that ends. Throws when it fails, and on Ctrl-C. */
export async function harness(env: Environment, ...args: string[]): Promise<Ended> {
  process.stderr.write(`harness ${args.join(" ")} `);
  const result = await exec(process.execPath, [bin, ...args], {
    env,
    signal: stop.signal,
    onLine: (line) => {
      if (line.includes('"step-finished"')) process.stderr.write(".");
    },
  });
  process.stderr.write(` ${result.seconds.toFixed(1)} s\n`);
  stop.signal.throwIfAborted();
  // A run's verdict is its own affair: what it took counts here.
  if (result.exitCode !== 0 && args[0] !== "run") throw new Error(result.output);
  return result;
}

/** `harness run`, with what it told. Throws when it does not come to its end. */
export async function harnessRun(env: Environment, ...args: string[]): Promise<MeasuredRun> {
  const { stdout, seconds } = await harness(env, "run", "--json", ...args);
  const events = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event & { time: string });
  // A matrix tells the ends of its cells first.
  const finished = events.findLast((event) => event.type === "run-finished");
  if (finished?.type !== "run-finished")
    throw new Error(`the run did not come to its end: ${stdout.slice(-2000)}`);
  const { resultsDir, exitStatus } = finished;
  if (exitStatus !== 0) console.error(`  exit status ${exitStatus}: see its report`);
  return { stdout, seconds, events, resultsDir, exitStatus };
}

/** Seconds to the end of the first ssh command, so many times, one guest after the other. */
export async function bootSeconds(
  env: Environment,
  times: number,
  ...args: string[]
): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) {
    const { stdout } = await harness(env, "boot", ...args, "--command", "true", "--json");
    found.push((JSON.parse(stdout) as { bootSeconds: number }).bootSeconds);
  }
  return found;
}
