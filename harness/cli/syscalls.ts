import { exitStatus } from "../model/failure.ts";
import { oneLine } from "../model/escape.ts";
import { kernelSyscalls } from "../pipeline/kernel-syscalls.ts";
import { PatchedTrees } from "../pipeline/patched-trees.ts";
import { makePlan } from "../pipeline/plan.ts";
import type { SyscallCall } from "../syscalls.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, oneKernel, runRequest } from "./run-options.ts";

export const syscallsCommand = defineCommand({
  command: "syscalls",
  describe: "Prints every system call that a kernel's source has, by architecture and ABI",
  examples: [
    ["syscalls --kernel apt:6.12", "x86_64, i386 and x32"],
    ["syscalls --kernel apt:6.12 --series wait6 --json", "with what a series adds, as JSON"],
  ],
  options: (yargs) =>
    kernelOptions(yargs)
      .option("abi", { type: "string", describe: "one ABI instead of all" })
      .option("json", { type: "boolean", default: false, describe: "as JSON" }),
  run: async (args, { signal, print, remark }) => {
    const request = oneKernel(runRequest(args));
    await using patchedTrees = new PatchedTrees();
    const context = {
      signal,
      patchedTrees,
      emit: (event: { readonly type: string; readonly text?: string }) => {
        if (event.type === "notice") remark(event.text ?? "");
      },
    };
    const plan = await makePlan(request, { ...context, noSeriesByDefault: true });
    const found = await kernelSyscalls(plan, context, plan.series[0]);
    const abis = found.abis.filter(({ name }) => args.abi === undefined || name === args.abi);
    if (args.json)
      print(JSON.stringify({ kernel: plan.source.description, ...found, abis }, null, 2));
    else {
      for (const { name, table, calls } of abis) {
        print(`# ${name}: ${calls.length} system calls, ${table}`);
        for (const call of calls) print(`${name} ${callText(call)}`);
      }
    }
    return exitStatus.ok;
  },
});

function callText({ nr, name, entry, args, definedIn }: SyscallCall): string {
  if (!args) return oneLine(`${nr} ${name} # ${entry}`);
  const list = args.map((each) => `${each.type}${each.type.endsWith("*") ? "" : " "}${each.name}`);
  return oneLine(`${nr} ${name}(${list.join(", ")}) # ${definedIn ?? entry}`);
}
