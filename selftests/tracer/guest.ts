import { closeSync, openSync, readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import type { GuestForTests } from "../../harness/suite/host-program.ts";
import type { Agent, Call } from "../../harness/tracer/agent.ts";
import { Calls } from "../../harness/tracer/calls.ts";
import { connectAgents, type AgentHost } from "../../harness/tracer/connect.ts";
import { LegacyInterpreter, loadLegacyArch, type LegacyArch } from "../../harness/tracer/legacy.ts";
import { StopMachine, type Stop } from "../../harness/tracer/machine.ts";
import {
  factsFor,
  followOptions,
  ptraceOptions,
  ptraceRequests,
  traceProgram,
} from "../../harness/tracer/program.ts";
import { CallTable, type Reading } from "../../harness/tracer/reading.ts";
import type { SshChannel } from "../../harness/vm/ssh.ts";
import { SyscallInfoInterpreter } from "../../harness/tracer/syscall-info.ts";

/*
 * The guest that the harness booted, and what all tests of this folder do with it. Each scenario
 * has an agent of its own, and says by its result what the interpreters made of the tracee.
 */

const file = process.env["HARNESS_GUEST"];
if (file === undefined)
  throw new Error("HARNESS_GUEST is not set: harness run --suite tracer starts these tests");
export const guest = JSON.parse(readFileSync(file, "utf8")) as GuestForTests;
/** Other suites than this one use its agent too. */
const agentPath = guest.dir.replace(/\/[\w-]+(\/[^/]+)$/, "/tracer$1") + "/agent";
export const table = new CallTable(guest.syscalls);
/** The guest's numbers. */
export const signals = {
  kill: table.signal("SIGKILL"),
  cont: table.signal("SIGCONT"),
  stop: table.signal("SIGSTOP"),
  alarm: table.signal("SIGALRM"),
  sys: table.signal("SIGSYS"),
} as const;
/** What a call that the kernel has not comes to. */
export const enosys = BigInt(-table.errno("ENOSYS"));

/** A result that is no failure: what the scenario needs is not there. */
class Skip extends Error {}
/** A result that is no failure: no tracer can get this right on this kernel. */
class NobodyCan extends Error {}

/** Ends a scenario that this kernel or architecture cannot show. */
export function skip(why: string): never {
  throw new Skip(why);
}

async function unlessLost<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    // Whether the kernel died of it or the host lost it is the harness's to find out.
    if (isLost(thrown)) closeSync(openSync(guest.lostFile, "w"));
    throw thrown;
  }
}

let agents: Promise<AgentHost> | undefined;

function host(): Promise<AgentHost> {
  agents ??= connectAgents(
    {
      port: guest.port,
      access: {
        user: guest.user,
        privateKey: guest.privateKey,
        hostKey: Buffer.from(guest.hostKey, "base64"),
      },
      timeoutSeconds: guest.timeoutSeconds,
    },
    agentPath,
  ).catch((thrown: unknown) => {
    closeSync(openSync(guest.lostFile, "w"));
    throw thrown;
  });
  return agents;
}

/** A channel with an agent at its other end, to which nothing has been said yet. */
export async function openChannel(): Promise<SshChannel> {
  return (await host()).connection.talk(`exec ${agentPath}`);
}

// The open connection would keep the tests' process.
test.after.always(async () => {
  (await agents?.catch(() => undefined))?.connection.close();
});

function isLost(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /ssh connection was lost|lost with its connection/.test(thrown.message)
  );
}

/** Everything about one traced program, stop by stop, as each interpreter took it. */
export interface Observed {
  readonly pid: number;
  readonly status: number | undefined;
  readonly stops: readonly Stop[];
  /** One for each stop. */
  readonly legacy: readonly (Reading | undefined)[];
  readonly opcode: readonly (Reading | undefined)[];
  readonly info: readonly (Reading | undefined)[];
}

/** A stop of a tracee that is followed step by step, with what each interpreter took it for. */
export interface Step {
  readonly stop: Stop;
  readonly legacy: Reading | undefined;
  readonly info: Reading | undefined;
}

/** What a scenario works with. */
export class Scene {
  readonly agent: Agent;
  readonly calls: Calls;
  readonly legacyArch: LegacyArch;

  private constructor(agent: Agent, legacyArch: LegacyArch) {
    this.agent = agent;
    this.calls = new Calls(table, agent);
    this.legacyArch = legacyArch;
  }

  /** `as`: words before the agent's own command line, such as those that take root's powers away. */
  static async start(as = ""): Promise<Scene> {
    const legacyArch = await loadLegacyArch(guest.syscalls.arch);
    return new Scene(await (await host()).start(as), legacyArch);
  }

  /** New interpreters: each sees one trace from its beginning. */
  interpreters(): {
    legacy: LegacyInterpreter;
    opcode: LegacyInterpreter;
    info: SyscallInfoInterpreter;
  } {
    const { bigEndian } = this.agent;
    return {
      legacy: new LegacyInterpreter(table, this.legacyArch, { bigEndian }),
      opcode: new LegacyInterpreter(table, this.legacyArch, { bigEndian, opcode: true }),
      info: new SyscallInfoInterpreter(table, bigEndian),
    };
  }

  /** Starts a program, stopped right before its execve(). */
  async begin(
    argv: readonly [string, ...string[]],
    more: {
      readonly options?: number;
      readonly cloneFlags?: number;
      readonly before?: readonly Call[];
    } = {},
  ): Promise<number> {
    await this.agent.want(this.allFacts);
    const pid = await this.agent.spawn({
      options: more.options ?? ptraceOptions.sysgood,
      cloneFlags: more.cloneFlags ?? 0,
      calls: [
        this.calls.chdir(guest.dir),
        ...(more.before ?? []),
        this.calls.raise("SIGSTOP"),
        this.calls.execve(argv[0], argv),
      ],
    });
    await this.agent.next(pid);
    return pid;
  }

  /** A follower of tracees, stop by stop. */
  follow(): (
    pid: number,
    how?: { readonly request?: number; readonly signal?: number; readonly from?: number },
  ) => Promise<Step> {
    const machine = new StopMachine();
    const { legacy, info } = this.interpreters();
    return async (pid, { request = ptraceRequests.syscall, signal = 0, from = pid } = {}) => {
      if (request !== 0) await this.agent.ptrace(request, pid, 0, signal);
      const raw = await this.agent.next(from);
      if (raw === undefined || "errno" in raw) throw new Error(`wait: ${JSON.stringify(raw)}`);
      const stop = machine.take(raw);
      return { stop, legacy: legacy.read(stop), info: info.read(stop) };
    };
  }

  /** A file of the guest, as the agent reads it. */
  async readFile(name: string): Promise<string> {
    return (await this.readBytes(name)).toString("utf8");
  }

  async readBytes(name: string): Promise<Buffer> {
    const file = await this.open(name);
    const data = new Uint8Array(65536);
    const read = await this.agent.call(
      this.calls.make("read", [file, { data: 0 }, data.length], { data }),
    );
    await this.agent.call(this.calls.make("close", [file]));
    return read.data.subarray(0, Number(read.result));
  }

  /** AT_PAGESZ of the auxiliary vector. */
  async pageBytes(): Promise<number> {
    const vector = await this.readBytes("/proc/self/auxv");
    const width = this.agent.pointerBytes;
    for (let at = 0; at + 2 * width <= vector.length; at += 2 * width)
      if (this.calls.order.read(vector, at, width) === 6n)
        return Number(this.calls.order.read(vector, at + width, width));
    throw new Error("/proc/self/auxv does not tell the size of a page");
  }

  /** Opens a file of the guest (O_RDONLY by default); gives the agent's descriptor. */
  async open(name: string, flags = 0): Promise<bigint> {
    const data = Buffer.from(`${name}\0`);
    const { result, errno } = await this.agent.call(
      this.calls.make("openat", [-100, { data: 0 }, flags, 0], { data }),
    );
    if (errno) throw new Error(`${name}: errno ${errno}`);
    return result;
  }

  kill(pid: number, signal: number): Promise<unknown> {
    return this.agent.call(this.calls.make("kill", [pid, signal]));
  }

  get allFacts() {
    return factsFor(["legacy", "legacy-opcode", "syscall-info"], this.legacyArch);
  }

  /** Traces a program to its end. */
  async trace(...argv: readonly [string, ...string[]]): Promise<Observed> {
    const readers = this.interpreters();
    const observed = {
      stops: [] as Stop[],
      legacy: [] as (Reading | undefined)[],
      opcode: [] as (Reading | undefined)[],
      info: [] as (Reading | undefined)[],
    };
    const end = await traceProgram(this.agent, this.calls, {
      argv,
      cwd: guest.dir,
      facts: this.allFacts,
      onStop: (stop) => {
        observed.stops.push(stop);
        observed.legacy.push(readers.legacy.read(stop));
        observed.opcode.push(readers.opcode.read(stop));
        observed.info.push(readers.info.read(stop));
      },
    });
    return { pid: end.pid, status: end.status, ...observed };
  }
}

/** A test with an agent of its own. Titles are names of cases. */
export function scenario(
  name: string,
  body: (
    t: ExecutionContext,
    scene: Scene,
    /** A second agent, beside the scenario's own. */
    another: () => Promise<Scene>,
  ) => Promise<void>,
  as?: string,
): void {
  test(name, async (t) => {
    // A scenario that hangs is a case of its own; the others still run.
    t.timeout(guest.scale * 10_000);
    try {
      await unlessLost(async () => {
        const scene = await Scene.start(as);
        try {
          await body(t, scene, () => Scene.start());
        } finally {
          await scene.agent.end();
        }
      });
    } catch (thrown) {
      if (!(thrown instanceof Skip) && !(thrown instanceof NobodyCan)) throw thrown;
      t.log(`${thrown instanceof Skip ? "SKIP" : "XFAIL"} ${thrown.message}`);
      t.pass();
    }
  });
}

/**
 * One thing that happens to tracees, and what two tracers say of it: two cases, "<name>.legacy" and
 * "<name>.syscall_info". The second is an expected failure on a kernel without the request.
 */
export function twoViews<T>(
  name: string,
  observe: (scene: Scene) => Promise<T>,
  views: {
    readonly legacy: (t: ExecutionContext, seen: T) => void;
    readonly info: (t: ExecutionContext, seen: T) => void;
  },
): void {
  let seen: Promise<T> | undefined;
  scenario(`${name}.legacy`, async (t, scene) => {
    seen = observe(scene);
    views.legacy(t, await seen);
  });
  scenario(`${name}.syscall_info`, async (t, scene) => {
    // First: what an architecture cannot show is skipped, whatever its kernel has.
    const value = await (seen ?? observe(scene));
    await needRequest(scene);
    views.info(t, value);
  });
}

let known: Promise<boolean> | undefined;

/** Whether the kernel has PTRACE_GET_SYSCALL_INFO. */
function hasRequest(scene: Scene): Promise<boolean> {
  known ??= (async () => {
    const pid = await scene.agent.spawn({ options: 0, calls: [scene.calls.raise("SIGSTOP")] });
    await scene.agent.next(pid);
    const { errno } = await scene.agent.ptrace(ptraceRequests.getSyscallInfo, pid);
    await scene.agent.call(scene.calls.make("kill", [pid, signals.kill]));
    await scene.agent.next(pid);
    return errno === 0;
  })();
  return known;
}

/** Ends a scenario that only PTRACE_GET_SYSCALL_INFO gets right where the kernel has it not. */
export async function needRequest(scene: Scene): Promise<void> {
  if (await hasRequest(scene)) return;
  throw new NobodyCan("no tracer can get this right: the kernel has no PTRACE_GET_SYSCALL_INFO");
}

/** How many programs were begun: 1 when the first execve() worked. */
export function execs({ stops }: Observed): number {
  return stops.filter(({ kind }) => kind.kind === "event" && kind.event === "exec").length;
}

/** Why one of the programs in a trace was not begun: it is not there, or the kernel would not have it. */
export function whyNotRun({ legacy }: Observed, what: string): string {
  const enoent = -2n;
  const last = legacy.findLastIndex((each) => each?.op === "entry" && each.call?.name === "execve");
  const result = legacy.slice(last).find((each) => each?.op === "exit");
  return result?.op === "exit" && result.value === enoent
    ? `not built for this guest: ${what}`
    : `this kernel does not run ${what}`;
}

/** What comes after a hosted tracee's mark: its own calls, without the C library's before. */
export function afterMark(said: readonly string[], mark = "50001"): string[] {
  const at = said.findIndex((each) => each.endsWith(` ${mark}`));
  return at < 0 ? [] : said.slice(at + 1);
}

/** A program's calls as an interpreter tells them: "i386 getpid", by what it took for entries. */
export function entries(readings: readonly (Reading | undefined)[]): string[] {
  return readings.flatMap((reading) =>
    reading?.op === "entry" ? [`${reading.abi} ${reading.call?.name ?? reading.nr}`] : [],
  );
}

/** What it took for results. */
export function results(readings: readonly (Reading | undefined)[]): bigint[] {
  return readings.flatMap((reading) => (reading?.op === "exit" ? [reading.value] : []));
}

/** The entries of calls with this name. */
export function entriesOf(readings: readonly (Reading | undefined)[], name: string) {
  return readings.flatMap((reading) =>
    reading?.op === "entry" && reading.call?.name === name ? [reading] : [],
  );
}

export { followOptions, ptraceOptions, ptraceRequests };
