import type { Emit } from "../model/event.ts";
import { unprintable } from "../model/printable.ts";

/**
 * `--json`: each event as one JSON object on a line of its own, with the time it happened. What a
 * terminal would act on is escaped too, which JSON does not ask for beyond C0: the lines may meet one.
 */
export function jsonReporter(write: (text: string) => void, now = () => new Date()): Emit {
  return (event) => {
    const line = JSON.stringify({ time: now().toISOString(), ...event });
    const safe = line.replace(
      unprintable,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    write(`${safe}\n`);
  };
}
