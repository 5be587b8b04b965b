/** Something the harness waits for, with what to say when it does not come. */
export interface Condition<T> {
  /** As in "waited for <name>". */
  readonly name: string;
  /** Resolves when the condition holds; rejects when it never will. Stops when the signal aborts. */
  readonly probe: (signal: AbortSignal) => Promise<T>;
  /** What to look at when it fails. */
  readonly hint: string;
}

export interface WaitBounds {
  /** The longest time to wait. */
  readonly seconds: number;
  /** Gives up sooner when `silentSeconds()` exceeds this. */
  readonly silence?: { readonly seconds: number; readonly silentSeconds: () => number };
  /** Ends the wait from outside: the guest died, the user pressed Ctrl-C. */
  readonly ended?: Promise<unknown>;
}

/** Why a condition was not met. */
export type Unmet =
  | { readonly why: "timeout"; readonly seconds: number }
  | { readonly why: "silence"; readonly seconds: number }
  | { readonly why: "refused"; readonly error: Error }
  | { readonly why: "ended" };

export type Waited<T> =
  { readonly met: true; readonly value: T } | { readonly met: false; readonly unmet: Unmet };

/** Waits for a condition within its bounds; says why when it was not met. Never rejects. */
export async function waitFor<T>(condition: Condition<T>, bounds: WaitBounds): Promise<Waited<T>> {
  const stop = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const unmet = (value: Unmet): Waited<T> => ({ met: false, unmet: value });
  const races: Promise<Waited<T>>[] = [
    condition.probe(stop.signal).then(
      (value): Waited<T> => ({ met: true, value }),
      (error: unknown) =>
        unmet({ why: "refused", error: error instanceof Error ? error : new Error(String(error)) }),
    ),
    new Promise((resolve) => {
      timers.push(
        setTimeout(() => {
          resolve(unmet({ why: "timeout", seconds: bounds.seconds }));
        }, bounds.seconds * 1000),
      );
    }),
  ];
  const { silence, ended } = bounds;
  if (silence) {
    races.push(
      new Promise((resolve) => {
        timers.push(
          setInterval(
            () => {
              if (silence.silentSeconds() < silence.seconds) return;
              resolve(unmet({ why: "silence", seconds: silence.seconds }));
            },
            Math.min(1000, silence.seconds * 250),
          ),
        );
      }),
    );
  }
  if (ended) races.push(ended.then(() => unmet({ why: "ended" })));
  try {
    return await Promise.race(races);
  } finally {
    stop.abort();
    for (const timer of timers) clearTimeout(timer);
  }
}
