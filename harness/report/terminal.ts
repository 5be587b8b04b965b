import { color, figures, ProcessOutput, Spinner } from "listr2";
import { oneLine } from "../model/escape.ts";
import type { Emit, Event } from "../model/event.ts";
import type { CaseVerdict } from "../model/verdict.ts";
import { Conclusion, failureTitle } from "./conclusion.ts";
import { cellsText, duration, verdictWord } from "./sentences.ts";
import { cut, width, wrap } from "./width.ts";

interface RunningStep {
  readonly title: string;
  readonly started: number;
  text: string;
}

interface CaseCounts {
  good: number;
  bad: number;
  skipped: number;
}

export interface TerminalOptions {
  readonly stdout?: NodeJS.WriteStream;
  readonly stderr?: NodeJS.WriteStream;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/**
 * The live view: finished steps, notices and failures scroll by, one line each; below them the
 * steps under way, one line each with spinner, elapsed time and progress, and a line that counts
 * cases, never more than the terminal's height.
 *
 * Made of listr2's parts and not of a Listr: a Listr must know its tasks before it runs and
 * redraws finished ones for ever, which tears when the list is taller than the terminal (listr2
 * issue 296); here steps come as events, and what is finished is printed once. While the view is
 * open listr2's ProcessOutput keeps what anybody else prints, and prints it at the end.
 */
export function terminalReporter(options: TerminalOptions = {}): {
  readonly emit: Emit;
  readonly close: () => void;
} {
  const stdout = options.stdout ?? process.stdout;
  const now = options.now ?? (() => performance.now());
  const output = new ProcessOutput(stdout, options.stderr ?? process.stderr);
  const spinner = new Spinner();
  const steps = new Map<string, RunningStep>();
  const cases = new Map<string, CaseCounts>();
  const conclusion = new Conclusion();
  const started = now();
  let drawn: string[] = [];
  let open = true;
  let cells: { readonly event: Event & { type: "cells" }; readonly at: number } | undefined;
  const cellsNow = ({ event, at }: NonNullable<typeof cells>) => {
    if (event.secondsLeft === undefined) return cellsText(event);
    const left = event.secondsLeft - (now() - at) / 1000;
    return cellsText({ ...event, secondsLeft: Math.max(0, left) });
  };

  const draw = (above: readonly string[] = []) => {
    const columns = Math.max(20, stdout.columns || 80);
    const rows = Math.max(4, stdout.rows || 24);
    // Lines drawn before may have been wrapped by a terminal that has become narrower.
    const height = drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)),
      0,
    );
    const frame = open ? frameLines(rows - 1, columns - 1) : [];
    drawn = frame.map((line) => line.plain);
    // Line by line: tmux takes the erasing of a whole screen for `clear` and keeps what was on it.
    const erase = "\u001b[2K\u001b[1A".repeat(Math.min(height, rows - 1)) + "\r\u001b[2K";
    const text = [...above, ...frame.map((line) => line.shown)].map((line) => `${line}\n`).join("");
    // One write, so that no frame is seen half drawn.
    if (height > 0 || text) output.toStdout(erase + text, false);
  };

  const frameLines = (rows: number, columns: number) => {
    const running = [...steps.values()];
    const count = [cells ? cellsNow(cells) : "", casesLine(cases)].filter(Boolean).join("  ");
    const room = rows - (count ? 1 : 0);
    const shown = running.length > room ? running.slice(0, room - 1) : running;
    const lines = shown.map((step) => {
      const elapsed = duration((now() - step.started) / 1000);
      const words = `${step.title}  ${elapsed}${step.text ? `  ${step.text}` : ""}`;
      const plain = cut(words, columns - 2);
      const at = plain.startsWith(step.title) ? step.title.length : plain.length;
      return {
        plain: `* ${plain}`,
        shown: `${color.yellow(spinner.fetch())} ${plain.slice(0, at)}${color.dim(plain.slice(at))}`,
      };
    });
    if (running.length > shown.length) {
      const more = cut(`  ... and ${running.length - shown.length} more steps`, columns);
      lines.push({ plain: more, shown: color.dim(more) });
    }
    if (count) {
      const plain = cut(`  ${duration((now() - started) / 1000)}  ${count}`, columns);
      lines.push({ plain, shown: color.dim(plain) });
    }
    return lines;
  };

  const showCursor = () => {
    close();
  };
  const close = () => {
    if (!open) return;
    open = false;
    spinner.stop();
    draw();
    output.release();
    process.off("exit", showCursor);
  };

  output.hijack();
  // However the process ends, the cursor comes back and the last frame goes.
  process.on("exit", showCursor);
  spinner.start(() => {
    draw();
  });

  const emit: Emit = (event) => {
    if (!open) return;
    conclusion.take(event);
    switch (event.type) {
      case "run-started":
        draw([color.dim(`run ${oneLine(event.runId)}`)]);
        break;
      case "cells":
        cells = { event, at: now() };
        break;
      case "notice":
        draw([`${color.blue(figures.pointerSmall)} ${oneLine(event.text)}`]);
        break;
      case "step-started":
        steps.set(event.step.id, {
          title: oneLine(event.step.title),
          started: now(),
          text: "",
        });
        draw();
        break;
      case "step-progress": {
        const step = steps.get(event.id);
        // Drawn at the spinner's pace: a build reports thousands of files.
        if (step) step.text = oneLine(event.text);
        break;
      }
      case "step-finished": {
        const title = steps.get(event.id)?.title ?? oneLine(event.id);
        steps.delete(event.id);
        draw([finishedLine(event, title)]);
        break;
      }
      case "case-finished":
        countCase(cases, event.kernel, event.verdict);
        break;
      case "splat":
        draw([
          `${color.red(figures.warning)} ${oneLine(event.kernel)}: ${oneLine(event.splat.title)}`,
        ]);
        break;
      case "failure":
        draw([
          `${color.red(figures.cross)} ${failureTitle({ ...event.failure, kernel: event.kernel })}`,
        ]);
        break;
      case "bisected":
        break;
      case "compared": {
        const good = event.comparison.blames.length === 0;
        const text = `${oneLine(event.comparison.series)}: ${verdictWord(event.comparison)}`;
        draw([
          good ? `${color.green(figures.tick)} ${text}` : `${color.red(figures.cross)} ${text}`,
        ]);
        break;
      }
      case "run-finished":
        steps.clear();
        cases.clear();
        draw(conclusion.lines(event).flatMap((line) => wrap(line, (stdout.columns || 80) - 1)));
        close();
        break;
    }
  };
  return { emit, close };
}

function finishedLine(event: Event & { type: "step-finished" }, title: string): string {
  const icon = {
    done: color.green(figures.tick),
    cached: color.green(figures.tick),
    failed: color.red(figures.cross),
    cancelled: color.yellow(figures.squareSmallFilled),
  }[event.outcome];
  const detail = event.detail === undefined ? "" : `  ${oneLine(event.detail)}`;
  const how = event.outcome === "cached" ? "cached" : duration(event.seconds);
  const word =
    event.outcome === "failed" || event.outcome === "cancelled" ? `${event.outcome}, ` : "";
  return `${icon} ${title}  ${color.dim(`${word}${how}${detail}`)}`;
}

function countCase(cases: Map<string, CaseCounts>, kernel: string, verdict: CaseVerdict): void {
  const counts = cases.get(kernel) ?? { good: 0, bad: 0, skipped: 0 };
  if (verdict === "pass" || verdict === "xfail") counts.good++;
  else if (verdict === "skip") counts.skipped++;
  else counts.bad++;
  cases.set(kernel, counts);
}

function casesLine(cases: ReadonlyMap<string, CaseCounts>): string {
  return [...cases]
    .map(([kernel, { good, bad, skipped }]) => {
      const parts = [`${good} passed`];
      if (bad > 0) parts.push(`${bad} not`);
      if (skipped > 0) parts.push(`${skipped} skipped`);
      return `${oneLine(kernel)}: ${parts.join(", ")}`;
    })
    .join(" | ");
}
