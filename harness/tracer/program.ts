import type { Agent, Call, WantedFacts } from "./agent.ts";
import type { Calls } from "./calls.ts";
import type { LegacyArch, RegisterSet } from "./legacy.ts";
import { StopMachine, type Stop } from "./machine.ts";
import type { FactName } from "./stop.ts";

/** include/uapi/linux/ptrace.h */
export const ptraceRequests = {
  peekText: 1,
  cont: 7,
  kill: 8,
  attach: 16,
  detach: 17,
  syscall: 24,
  getEventMessage: 0x4201,
  seize: 0x4206,
  interrupt: 0x4207,
  listen: 0x4208,
  getSyscallInfo: 0x420e,
  setSyscallInfo: 0x4212,
} as const;

export const ptraceOptions = {
  sysgood: 1,
  fork: 2,
  vfork: 4,
  clone: 8,
  exec: 16,
  vforkDone: 32,
  exit: 64,
  seccomp: 128,
} as const;

/** What a tracer of whole programs asks for: every descendant, and system call stops told apart from SIGTRAP. */
export const followOptions =
  ptraceOptions.sysgood |
  ptraceOptions.fork |
  ptraceOptions.vfork |
  ptraceOptions.clone |
  ptraceOptions.exec;

/** The facts that these interpreters live on. */
export function factsFor(
  interpreters: readonly string[],
  legacy: LegacyArch | undefined,
): WantedFacts {
  const sets = legacy?.sets ?? [];
  const registers: FactName[] = sets.some(({ stackArgs }) => stackArgs)
    ? ["registers", "stack"]
    : ["registers"];
  const inSyscall: FactName[] = [
    ...(interpreters.includes("syscall-info") ? (["info"] as const) : []),
    ...(interpreters.includes("legacy") ? registers : []),
    ...(interpreters.includes("legacy-opcode") ? [...registers, "opcode" as const] : []),
  ];
  return {
    syscall: inSyscall,
    // A seccomp stop shows the registers of the call; the others, whom they are about.
    event: ["eventMessage", ...inSyscall],
    other: ["siginfo"],
    places: sets.map(({ length, ip, stackArgs }) => ({
      length,
      ip,
      ...(stackArgs ? { stack: stackExtent(stackArgs) } : {}),
    })),
  };
}

function stackExtent({ pointer, above }: NonNullable<RegisterSet["stackArgs"]>) {
  return { pointer, count: Math.max(...above) + pointer.bytes };
}

export interface ProgramTrace {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Calls that the new process makes before it becomes the program. */
  readonly before?: readonly Call[];
  readonly env?: readonly string[];
  readonly facts: WantedFacts;
  readonly onStop: (stop: Stop) => void;
}

/** How a traced program ended. */
export interface ProgramEnd {
  readonly pid: number;
  readonly stops: number;
  /** Whether its execve() worked. */
  readonly started: boolean;
  /** How the program itself ended: a wait status; undefined when that was not seen. */
  readonly status: number | undefined;
}

/**
 * Runs a program in the guest and traces it and all its descendants to their end, beginning with the
 * entry to the execve() that starts it.
 */
export async function traceProgram(
  agent: Agent,
  calls: Calls,
  request: ProgramTrace,
): Promise<ProgramEnd> {
  const [file] = request.argv;
  const machine = new StopMachine();
  await agent.want(request.facts);
  const pid = await agent.spawn({
    options: followOptions,
    capture: true,
    calls: [
      ...(request.cwd === undefined ? [] : [calls.chdir(request.cwd)]),
      ...(request.before ?? []),
      // Stops right before execve(), so that a tracer which alternates starts on the right foot.
      calls.raise("SIGSTOP"),
      calls.execve(file.includes("/") ? file : `/bin/${file}`, request.argv, request.env),
    ],
  });
  const first = await agent.next(pid);
  let status: number | undefined;
  let started = false;
  if (!first || "errno" in first) return { pid, stops: 0, started, status };
  await agent.ptrace(ptraceRequests.syscall, pid);
  const stops = await agent.trace({
    onStops: (raws) => {
      for (const raw of raws) {
        const stop = machine.take(raw);
        const { kind } = stop.kind;
        if (stop.kind.kind === "event" && stop.kind.event === "exec") started = true;
        if (raw.pid === pid && (kind === "exited" || kind === "killed")) status = raw.status;
        request.onStop(stop);
      }
    },
  });
  return { pid, stops, started, status };
}
