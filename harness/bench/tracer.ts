import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { PatchedTrees } from "../pipeline/patched-trees.ts";
import { makePlan } from "../pipeline/plan.ts";
import { bootForTracing, tracerDir } from "../pipeline/trace.ts";
import { Calls } from "../tracer/calls.ts";
import { factsFor, traceProgram } from "../tracer/program.ts";
import { CallTable } from "../tracer/reading.ts";
import { SyscallInfoInterpreter } from "../tracer/syscall-info.ts";

const calls = 100_000;

/**
 * How much longer the tracer takes than real strace, writing to /dev/null, for a program of 100,000
 * calls: one ratio for each of three turns in one guest.
 */
export async function tracerRatios(kernel: string): Promise<readonly number[]> {
  const emit = () => undefined;
  const { signal } = new AbortController();
  const plan = await makePlan(
    {
      arch: "x86_64",
      kernel,
      series: [],
      patches: [],
      areRevisions: false,
      suites: ["tracer", "strace"],
      kconfig: [],
      toolchain: "auto",
      accel: "auto",
      repeat: 1,
      timeoutScale: 1,
    },
    { emit, signal, noSeriesByDefault: true },
  );
  const work = await mkdtemp(path.join(os.tmpdir(), "harness-bench-tracer-"));
  try {
    const consoleFile = path.join(work, "console.log");
    await using patchedTrees = new PatchedTrees();
    await using guest = await bootForTracing(plan, { emit, signal, consoleFile, patchedTrees });
    const dir = tracerDir(plan.arch);
    const table = new CallTable(guest.syscalls);
    const ratios: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const strace = `${dir.replace("/tracer/", "/strace/")}/strace -f -o /dev/null`;
      const theirs = await guest.vm.exec(`cd ${dir} && ${strace} ./calls ${calls}`);
      if (theirs.end.how !== "exited" || theirs.end.code !== 5)
        throw new Error(`strace: ${JSON.stringify(theirs.end)} ${theirs.stderr.toString()}`);
      const agent = await guest.agents.start();
      const reader = new SyscallInfoInterpreter(table, agent.bigEndian);
      let entries = 0;
      const began = performance.now();
      await traceProgram(agent, new Calls(table, agent), {
        argv: ["./calls", String(calls)],
        cwd: dir,
        facts: factsFor(["syscall-info"], undefined),
        onStop: (stop) => {
          if (reader.read(stop)?.op === "entry") entries++;
        },
      });
      const seconds = (performance.now() - began) / 1000;
      if (entries < calls) throw new Error(`the tracer saw ${entries} calls of ${calls}`);
      await agent.end();
      ratios.push(seconds / theirs.seconds);
    }
    return ratios;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
