import type { FailureDetails } from "./failure.ts";
import type { CaseVerdict, Splat } from "./verdict.ts";
import type { BisectResult } from "./bisect.ts";
import type { Comparison } from "./comparison.ts";

/** A piece of work with a beginning and an end, shown as one line to the user. */
export interface Step {
  /** Unique within the run, such as "kernel:baseline" or "suite:wait6:kselftest". */
  readonly id: string;
  readonly title: string;
}

/**
 * Everything that can happen in a run. The program produces these; the terminal, the plain log,
 * `--json` and the report files are consumers of nothing else.
 */
export type Event =
  | { readonly type: "run-started"; readonly runId: string; readonly resultsDir: string }
  | {
      /** Of several cells: so many have ended. */
      readonly type: "cells";
      readonly done: number;
      readonly of: number;
      /** Roughly; undefined where no cell was ever run. */
      readonly secondsLeft?: number;
    }
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "step-started"; readonly step: Step }
  | { readonly type: "step-progress"; readonly id: string; readonly text: string }
  | {
      readonly type: "step-finished";
      readonly id: string;
      readonly outcome: "done" | "cached" | "failed" | "cancelled";
      readonly seconds: number;
      readonly detail?: string;
    }
  | {
      readonly type: "case-finished";
      /** "baseline" or the name of the series whose kernel this is. */
      readonly kernel: string;
      readonly name: string;
      readonly verdict: CaseVerdict;
    }
  | { readonly type: "splat"; readonly kernel: string; readonly splat: Splat }
  | { readonly type: "failure"; readonly kernel?: string; readonly failure: FailureDetails }
  | { readonly type: "compared"; readonly comparison: Comparison }
  | { readonly type: "bisected"; readonly result: BisectResult }
  | {
      readonly type: "run-finished";
      readonly runId: string;
      readonly resultsDir: string;
      readonly status: "complete" | "interrupted" | "failed";
      readonly exitStatus: number;
      readonly seconds: number;
      /** The summary for people, if one was written. */
      readonly report?: string;
    };

export type Emit = (event: Event) => void;

/** The events of one of several cells, under names that tell the cells apart; its run's start and end are the matrix's affair, and a bisection has one cell. */
export function inCell(emit: Emit, cell: string): Emit {
  const named = (name: string) => `${cell} ${name}`;
  return (event) => {
    switch (event.type) {
      case "run-started":
      case "run-finished":
      case "bisected":
      case "cells":
        return;
      case "notice":
        emit({ ...event, text: `${cell}: ${event.text}` });
        return;
      case "step-started": {
        const { id, title } = event.step;
        emit({ ...event, step: { id: named(id), title: `${cell}: ${title}` } });
        return;
      }
      case "step-progress":
      case "step-finished":
        emit({ ...event, id: named(event.id) });
        return;
      case "case-finished":
      case "splat":
        emit({ ...event, kernel: named(event.kernel) });
        return;
      case "failure":
        emit({ ...event, kernel: event.kernel === undefined ? cell : named(event.kernel) });
        return;
      case "compared": {
        const { comparison } = event;
        emit({ ...event, comparison: { ...comparison, series: named(comparison.series) } });
        return;
      }
    }
  };
}

/** Runs `work` as a step: emits its start, its end, its failure. */
export async function inStep<T>(
  emit: Emit,
  step: Step,
  work: (progress: (text: string) => void) => Promise<T>,
  finish?: (value: T) => { outcome?: "done" | "cached"; detail?: string },
): Promise<T> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  emit({ type: "step-started", step });
  try {
    const value = await work((text) => {
      emit({ type: "step-progress", id: step.id, text });
    });
    const { outcome = "done", detail } = finish?.(value) ?? {};
    emit({
      type: "step-finished",
      id: step.id,
      outcome,
      seconds: seconds(),
      ...(detail === undefined ? {} : { detail }),
    });
    return value;
  } catch (thrown) {
    emit({ type: "step-finished", id: step.id, outcome: "failed", seconds: seconds() });
    throw thrown;
  }
}
