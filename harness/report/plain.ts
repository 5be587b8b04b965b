import { oneLine } from "../model/escape.ts";
import type { Emit, Event } from "../model/event.ts";
import { Conclusion, failureTitle } from "./conclusion.ts";
import { cellsText, counted, duration, verdictWord } from "./sentences.ts";

/** A log that was silent for so many milliseconds has progress told, too: a long build is no hang. */
const silence = 60_000;

/** One line for each event that is worth one, with the minutes and seconds since the start; for logs and pipes. */
export function plainReporter(
  write: (text: string) => void,
  now: () => number = () => performance.now(),
): Emit {
  const started = now();
  const titles = new Map<string, string>();
  const cases = new Map<string, number>();
  const conclusion = new Conclusion();
  let said = started;
  const say = (text: string) => {
    said = now();
    const seconds = Math.floor((said - started) / 1000);
    const clock = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    write(`${clock} ${text}\n`);
  };
  return (event) => {
    conclusion.take(event);
    switch (event.type) {
      case "run-started":
        say(`run ${oneLine(event.runId)} in ${oneLine(event.resultsDir)}`);
        break;
      case "cells":
        say(cellsText(event));
        break;
      case "notice":
        say(`note: ${oneLine(event.text)}`);
        break;
      case "step-started":
        titles.set(event.step.id, oneLine(event.step.title));
        say(`start   ${oneLine(event.step.title)}`);
        break;
      case "step-progress":
        if (now() - said >= silence)
          say(`going   ${titles.get(event.id) ?? oneLine(event.id)}: ${oneLine(event.text)}`);
        break;
      case "step-finished":
        say(stepEnd(event, titles.get(event.id) ?? oneLine(event.id)));
        break;
      case "case-finished":
        cases.set(event.kernel, (cases.get(event.kernel) ?? 0) + 1);
        if (event.verdict !== "pass" && event.verdict !== "skip") {
          say(`${event.verdict.padEnd(7)} ${oneLine(event.name)} [${oneLine(event.kernel)}]`);
        }
        break;
      case "splat":
        say(`splat   ${oneLine(event.splat.title)} [${oneLine(event.kernel)}]`);
        break;
      case "failure":
        // With all its evidence in the conclusion; here for its time.
        say(`FAILURE ${failureTitle({ ...event.failure, kernel: event.kernel })}`);
        break;
      case "bisected":
        break;
      case "compared":
        say(`compare ${oneLine(event.comparison.series)}: ${verdictWord(event.comparison)}`);
        break;
      case "run-finished":
        for (const [kernel, count] of cases) {
          say(`${counted(count, "case")} on ${oneLine(kernel)}`);
        }
        write(`${conclusion.lines(event).join("\n")}\n`);
        break;
    }
  };
}

/** The line for a finished step. */
function stepEnd(event: Event & { type: "step-finished" }, title: string): string {
  const detail = event.detail === undefined ? "" : `: ${oneLine(event.detail)}`;
  return `${event.outcome.padEnd(7)} ${title}${detail} (${duration(event.seconds)})`;
}
