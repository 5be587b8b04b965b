import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Emit } from "../model/event.ts";
import { printable } from "../model/printable.ts";
import { exitStatus, Failure } from "../model/failure.ts";
import { PatchedTrees } from "../pipeline/patched-trees.ts";
import { makePlan } from "../pipeline/plan.ts";
import { bootForTracing, tracerDir } from "../pipeline/trace.ts";
import { traceText, type InterpreterChoice } from "../tracer/text.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, oneKernel, runRequest } from "./run-options.ts";

const interpreters = ["legacy", "syscall-info", "both"] as const satisfies InterpreterChoice[];

export const traceCommand = defineCommand({
  command: "trace",
  takesProgram: true,
  describe: "Boots a kernel, runs a program in it and prints its system calls",
  examples: [
    ["trace --kernel apt:6.12 -- ls /", "as PTRACE_GET_SYSCALL_INFO tells them"],
    [
      "trace --kernel apt:6.12 --interpreter both -- ./int80 fork",
      "and as a tracer without it takes them; programs of selftests/tracer are the working folder",
    ],
  ],
  options: (yargs) =>
    kernelOptions(yargs).option("interpreter", {
      choices: interpreters,
      default: "syscall-info" as const,
      describe: "who makes calls of the stops; both shows the two side by side",
    }),
  run: async (args, { signal, print, remark }) => {
    const [file, ...rest] = ((args["--"] as readonly unknown[] | undefined) ?? []).map(String);
    if (file === undefined) {
      throw new Failure({
        reason: "usage",
        blame: "usage",
        what: "no program to trace is given",
        hint: "harness trace --kernel apt:6.12 -- ls /",
      });
    }
    const tell: Emit = (event) => {
      if (event.type === "notice" || event.type === "step-started")
        remark(event.type === "notice" ? event.text : event.step.title);
    };
    await using patchedTrees = new PatchedTrees();
    const context = { emit: tell, signal, patchedTrees };
    const request = oneKernel(runRequest(args, { suites: ["tracer"] }));
    const plan = await makePlan(request, { ...context, noSeriesByDefault: true });
    const work = await mkdtemp(path.join(os.tmpdir(), "harness-trace-"));
    try {
      const consoleFile = path.join(work, "console.log");
      await using guest = await bootForTracing(plan, { ...context, consoleFile });
      const cwd = tracerDir(plan.arch);
      await traceText(await guest.agents.start(), guest.syscalls, {
        argv: [file, ...rest],
        cwd,
        interpreter: args.interpreter,
        width: process.stdout.columns || 160,
        print,
        // The program's own words, in a form that a terminal can take.
        onOutput: (_stream, text) => {
          process.stderr.write(printable(text));
        },
      });
      return exitStatus.ok;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  },
});
