import type { Scenario } from "./fake-qemu-scenario.ts";
import type { Finished, Rig } from "./rig.ts";

/** What the whole-program tests share: guests that behave, a patch that changes nothing of note, and what a run came to. */

/** What a program prints that speaks KTAP. */
export const tap = (...lines: string[]) => [
  { stdout: `${["KTAP version 1", ...lines].join("\n")}\n` },
];
const passes = tap("1..2", "ok 1 first", "ok 2 second");
/** Both programs of the rig's kselftest pass. */
export const good: Scenario = {
  commands: [
    { match: "\\./one", steps: passes },
    { match: "\\./two", steps: tap("1..1", "ok 1 only") },
  ],
};
/** The baseline is well; on the patched kernel program two does what `two` says. */
export const patchedTwo = (...two: NonNullable<Scenario["commands"]>): Scenario => ({
  ...good,
  variants: [
    { kernelContains: "patched", commands: [{ match: "\\./one", steps: passes }, ...two] },
  ],
});

/** A patch that changes a file and nothing else of note. */
export const harmless = (rig: Rig) =>
  rig.patch("harmless", "kernel/pid.c", "int pid; /* patched */\n");

/** The verdicts of a kernel's cases, by name. */
export function cases(finished: Finished, label: string): Record<string, string> {
  const kernel = finished.record?.kernels.find((each) => each.label === label);
  const found = kernel?.boots.flatMap((boot) => boot.cases) ?? [];
  return Object.fromEntries(found.map((each) => [each.name, each.verdict]));
}

/** The failures that a run told of: "<blame> <reason>". */
export function blames(finished: Finished): string[] {
  const told = finished.events.flatMap((event) =>
    event.type === "failure" ? [event.failure] : [],
  );
  return told.map(({ blame, reason }) => `${blame} ${reason}`);
}

/** Waits for something that has to come; a minute is more than it can take. */
export async function eventually<T>(probe: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const found = await probe();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come");
}
