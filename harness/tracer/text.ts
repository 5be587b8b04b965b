import { Failure } from "../model/failure.ts";
import type { Syscalls } from "../syscalls.ts";
import type { Agent } from "./agent.ts";
import { Calls } from "./calls.ts";
import { LegacyInterpreter, loadLegacyArch } from "./legacy.ts";
import { LineMaker } from "./lines.ts";
import type { Stop } from "./machine.ts";
import { factsFor, traceProgram } from "./program.ts";
import { CallTable, type Interpreter } from "./reading.ts";
import { sideBySide } from "./side-by-side.ts";
import { SyscallInfoInterpreter } from "./syscall-info.ts";

export type InterpreterChoice = "legacy" | "syscall-info" | "both";

export interface TraceTextRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly interpreter: InterpreterChoice;
  /** Columns of the terminal. */
  readonly width: number;
  readonly print: (line: string) => void;
  readonly onOutput: (stream: number, text: string) => void;
}

/**
 * Traces a program and prints its calls as strace would, one interpreter's or both side by side.
 * Throws Failure usage "program-not-started" when the guest cannot execute it.
 */
export async function traceText(
  agent: Agent,
  syscalls: Syscalls,
  request: TraceTextRequest,
): Promise<void> {
  const table = new CallTable(syscalls);
  const names = request.interpreter === "both" ? ["legacy", "syscall-info"] : [request.interpreter];
  const legacyArch = names.includes("legacy") ? await loadLegacyArch(syscalls.arch) : undefined;
  const { bigEndian } = agent;
  const readers = names.map((name): { interpreter: Interpreter; maker: LineMaker } => ({
    interpreter:
      name === "legacy" && legacyArch
        ? new LegacyInterpreter(table, legacyArch, { bigEndian })
        : new SyscallInfoInterpreter(table, bigEndian),
    maker: new LineMaker(table),
  }));
  const rows = new Rows(request, names);
  let said = "";
  agent.onOutput = (stream, data) => {
    said = (said + data.toString("utf8")).slice(-500);
    if (data.length) request.onOutput(stream, data.toString("utf8"));
  };
  const end = await traceProgram(agent, new Calls(table, agent), {
    argv: request.argv,
    cwd: request.cwd,
    facts: factsFor(names, legacyArch),
    onStop: (stop) => {
      rows.print(
        stop,
        readers.map(({ interpreter, maker }) => maker.lines(stop, interpreter.read(stop))),
      );
    },
  });
  await agent.end();
  if (!end.started) {
    throw new Failure({
      reason: "program-not-started",
      blame: "usage",
      what: `the guest does not execute ${request.argv[0]}`,
      evidence: said,
      hint: "programs lie in /bin, those of the tracer suite in its own folder: ./int80",
    });
  }
}

/** Prints lines, or rows of two columns. */
class Rows {
  readonly #request: TraceTextRequest;
  readonly #pids = new Set<number>();

  constructor(request: TraceTextRequest, names: readonly string[]) {
    this.#request = request;
    if (names.length === 2)
      request.print(sideBySide(names[0] ?? "", names[1] ?? "", request.width).replace("≠", "|"));
  }

  print({ raw }: Stop, columns: readonly (readonly string[])[]): void {
    this.#pids.add(raw.pid);
    const [left = [], right] = columns;
    const prefix = this.#pids.size > 1 ? `[pid ${raw.pid}] ` : "";
    const { print, width } = this.#request;
    const count = Math.max(left.length, right?.length ?? 0);
    for (let index = 0; index < count; index++) {
      const first = left[index];
      const second = right?.[index];
      if (right === undefined) print(prefix + (first ?? ""));
      else print(sideBySide(shown(prefix, first), shown(prefix, second), width));
    }
  }
}

function shown(prefix: string, line: string | undefined): string {
  return line === undefined ? "" : prefix + line;
}
