import type { RawStop } from "./stop.ts";

/** PTRACE_EVENT_* (include/uapi/linux/ptrace.h). */
const eventNames: Readonly<Record<number, EventName>> = {
  1: "fork",
  2: "vfork",
  3: "clone",
  4: "exec",
  5: "vfork-done",
  6: "exit",
  7: "seccomp",
};
export type EventName = "fork" | "vfork" | "clone" | "exec" | "vfork-done" | "exit" | "seccomp";
const eventStop = 128;
/** The same number on every architecture. */
const sigtrap = 5;

/** What kind of stop a wait status tells of (ptrace(2)); numbers of signals are the guest's. */
export type StopKind =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: number; readonly core: boolean }
  | { readonly kind: "continued" }
  /** Entry to or exit from a system call: the status does not tell which. */
  | { readonly kind: "syscall" }
  | { readonly kind: "event"; readonly event: EventName }
  /** All of the process stopped by a signal. */
  | { readonly kind: "group-stop"; readonly signal: number }
  /** PTRACE_INTERRUPT, a new tracee's first stop, or the end of a group stop. */
  | { readonly kind: "trap-stop" }
  /** A signal on its way to the tracee. */
  | { readonly kind: "signal"; readonly signal: number }
  | { readonly kind: "unknown"; readonly event: number; readonly signal: number };

/** Takes a wait status apart. */
export function classify(status: number): StopKind {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: "exited", code: (status >> 8) & 0xff };
  if (signal !== 0x7f) return { kind: "killed", signal, core: (status & 0x80) !== 0 };
  if ((status & 0xffff) === 0xffff) return { kind: "continued" };
  const stopped = (status >> 8) & 0xff;
  const event = (status >> 16) & 0xff;
  if (event === 0)
    return stopped === (sigtrap | 0x80) ? { kind: "syscall" } : { kind: "signal", signal: stopped };
  if (event === eventStop)
    return stopped === sigtrap ? { kind: "trap-stop" } : { kind: "group-stop", signal: stopped };
  const name = eventNames[event];
  return name === undefined
    ? { kind: "unknown", event, signal: stopped }
    : { kind: "event", event: name };
}

/** One traced thread, as far as its stops have told. */
export interface Tracee {
  readonly pid: number;
  /** Who made it; known when its parent's stop has been seen, which may come later than its own. */
  parent: number | undefined;
  stops: number;
}

/** A stop in its place. */
export interface Stop {
  readonly raw: RawStop;
  readonly kind: StopKind;
  readonly tracee: Tracee;
  /** At exec by a thread that was not the first of its process: the id that it had until now. */
  readonly formerPid?: number;
  /** At fork, vfork and clone: the new tracee's id. */
  readonly child?: number;
}

/** Follows tracees through their lives by nothing but the stops, in whatever order those come. */
export class StopMachine {
  readonly #tracees = new Map<number, Tracee>();

  /** Those that have not ended. */
  get tracees(): readonly Tracee[] {
    return [...this.#tracees.values()];
  }

  take(raw: RawStop): Stop {
    const kind = classify(raw.status);
    const tracee = this.#tracee(raw.pid);
    tracee.stops++;
    if (kind.kind === "exited" || kind.kind === "killed") this.#tracees.delete(raw.pid);
    const message = raw.eventMessage?.ok ? Number(raw.eventMessage.value) : undefined;
    if (kind.kind !== "event" || message === undefined) return { raw, kind, tracee };
    switch (kind.event) {
      case "fork":
      case "vfork":
      case "clone":
        this.#tracee(message).parent = raw.pid;
        return { raw, kind, tracee, child: message };
      case "exec":
        // The other threads are gone without a word each; this one has the leader's id now.
        if (message === raw.pid) return { raw, kind, tracee };
        this.#tracees.delete(message);
        return { raw, kind, tracee, formerPid: message };
      case "vfork-done":
      case "exit":
      case "seccomp":
        return { raw, kind, tracee };
    }
  }

  #tracee(pid: number): Tracee {
    let tracee = this.#tracees.get(pid);
    if (!tracee) {
      tracee = { pid, parent: undefined, stops: 0 };
      this.#tracees.set(pid, tracee);
    }
    return tracee;
  }
}
