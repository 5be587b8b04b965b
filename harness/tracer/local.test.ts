import anyTest, { type TestFn } from "ava";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { Failure } from "../model/failure.ts";
import { projectDir } from "../paths.ts";
import { syscallsSchema } from "../syscalls.ts";
import { localChannel } from "../testing/local-channel.ts";
import { Agent } from "./agent.ts";
import { Calls } from "./calls.ts";
import { CallTable } from "./reading.ts";
import { traceText, type InterpreterChoice } from "./text.ts";

/*
 * The agent itself, on this machine's own kernel: what it does in guests, without one. Left out
 * where programs may not be traced, and on machines other than x86_64.
 */

const test = anyTest as TestFn<{ dir: string; why?: string }>;

/** As much of x86_64's table as the tracees here use. */
const syscalls = syscallsSchema.parse({
  arch: "x86_64",
  errors: { EFAULT: 14, ENOSYS: 38 },
  signals: { SIGSTOP: 19 },
  abis: [
    {
      name: "x86_64",
      auditArch: 0xc000003e,
      bits: 64,
      table: "test",
      calls: [
        [1, "write"],
        [39, "getpid"],
        [59, "execve"],
        [62, "kill"],
        [80, "chdir"],
        [110, "getppid"],
        [157, "prctl"],
        [231, "exit_group"],
        [317, "seccomp"],
      ].map(([nr, name]) => ({ nr, name, entry: `sys_${name}`, args: [] })),
    },
  ],
});
const table = new CallTable(syscalls);

test.before(async (t) => {
  t.context.dir = await mkdtemp(path.join(os.tmpdir(), "tracer-"));
  if (os.arch() !== "x64") t.context.why = "the tracees here are x86_64's";
  const made = await exec("make", [
    ...["-s", "-C", path.join(projectDir, "selftests/tracer"), "CC=gcc"],
    ...["ABI=x86_64", "NATIVE_ABI=x86_64"],
    `OUTPUT=${t.context.dir}`,
    ...["agent", "calls"].map((name) => path.join(t.context.dir, name)),
  ]);
  if (made.exitCode !== 0) throw new Error(made.output);
  const agent = await open(t.context.dir);
  const pid = await agent.spawn({ options: 0, calls: [] }).catch(() => undefined);
  if (pid === undefined) t.context.why = "this machine does not let programs be traced";
  await agent.end();
});

test.after.always(async (t) => {
  await rm(t.context.dir, { recursive: true, force: true });
});

function open(dir: string): Promise<Agent> {
  return Agent.over(localChannel(path.join(dir, "agent")));
}

async function traced(dir: string, interpreter: InterpreterChoice, argv: [string, ...string[]]) {
  const lines: string[] = [];
  let output = "";
  await traceText(await open(dir), syscalls, {
    argv,
    cwd: dir,
    interpreter,
    width: 100,
    print: (line) => lines.push(line),
    onOutput: (_stream, text) => {
      output += text;
    },
  });
  return { lines, output };
}

/** Which kernel this is, is not known here: pids are another each time. */
function plain(line: string): string {
  return line.replace(/getp(p?)id\(\) = \d+/g, "getp$1id() = PID").trimEnd();
}

test("a program's calls, as each interpreter takes them", async (t) => {
  const { dir, why } = t.context;
  if (why !== undefined) {
    t.pass(why);
    return;
  }
  const wanted = [
    "execve() = 0",
    "getpid() = PID",
    "syscall_0xc350(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS",
    "getppid() = PID",
    "getppid() = PID",
    "chdir() = -1 EFAULT",
    "exit_group() = ?",
    "+++ exited with 5 +++",
  ];
  for (const interpreter of ["legacy", "syscall-info"] as const) {
    const { lines } = await traced(dir, interpreter, ["./calls", "2"]);
    t.deepEqual(lines.map(plain), wanted, interpreter);
  }
  const both = await traced(dir, "both", ["./calls", "1"]);
  t.is(both.lines.length, wanted.length);
  t.false(both.lines.some((line) => line.includes("≠")));
});

test("a program that the machine cannot execute is the user's mistake", async (t) => {
  const { dir, why } = t.context;
  if (why !== undefined) {
    t.pass(why);
    return;
  }
  const failure = await t.throwsAsync(traced(dir, "legacy", ["./nothing"]), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "program-not-started");
  t.is(failure.blame, "usage");
});

test("calls go out and come back with their data; a filter is what its author wrote", async (t) => {
  const { dir, why } = t.context;
  if (why !== undefined) {
    t.pass(why);
    return;
  }
  const agent = await open(dir);
  const calls = new Calls(table, agent);
  const own = await agent.call(calls.make("getpid", []));
  t.is(own.result, BigInt(agent.pid));
  const bad = await agent.call(calls.make("chdir", [8]));
  t.is(bad.errno, 14, "EFAULT");
  t.throws(() => calls.make("no_such_call", []), { instanceOf: Failure });
  // getppid is answered with EDOM (33).
  const pid = await agent.spawn({
    calls: [
      ...calls.seccompFilter([
        [0x20, 0, 0, 0],
        [0x15, 0, 1, 110],
        [0x06, 0, 0, 0x00050000 | 33],
        [0x06, 0, 0, 0x7fff0000],
      ]),
      calls.make("getppid", []),
    ],
  });
  const end = await agent.next(pid, 0);
  t.is(end !== undefined && "status" in end ? end.status : -1, 127 << 8, "its last call failed");
  t.deepEqual(await agent.next(pid, 0), { errno: 10 }, "ECHILD");
  await agent.end();
});

test("output is captured to its end", async (t) => {
  const { dir, why } = t.context;
  if (why !== undefined) {
    t.pass(why);
    return;
  }
  const { output } = await traced(dir, "legacy", ["/bin/echo", "\x1b[2J"]);
  t.is(output, "\x1b[2J\n");
});

test("an agent that is told nonsense says what was wrong", async (t) => {
  const channel = localChannel(path.join(t.context.dir, "agent"));
  let stderr = "";
  channel.onStderr((chunk) => {
    stderr += chunk.toString();
  });
  channel.write(Buffer.from("05000000630100000000", "hex").subarray(0, 9));
  t.deepEqual(await channel.closed, { how: "exited", code: 2 });
  t.regex(stderr, /unknown type 99/);
});
