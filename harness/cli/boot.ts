import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildImage, buildUserland } from "../image.ts";
import { buildKernel } from "../kernel/build.ts";
import { inStep, type Emit } from "../model/event.ts";
import { exitStatus, Failure } from "../model/failure.ts";
import { bootKernel } from "../pipeline/boot-kernel.ts";
import { buildSuites } from "../pipeline/build-suites.ts";
import { kernelRequest } from "../pipeline/kernel-request.ts";
import { PatchedTrees } from "../pipeline/patched-trees.ts";
import { makePlan } from "../pipeline/plan.ts";
import { chooseAccelerator } from "../vm/accel.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, oneKernel, runRequest } from "./run-options.ts";

export const bootCommand = defineCommand({
  command: "boot",
  describe: "Builds one kernel, boots it and gives a shell in the guest",
  examples: [
    ["boot --kernel apt:6.12", "the baseline"],
    ["boot --kernel apt:6.12 --series wait6 --suite wait6", "patched; the suite lies in /suites"],
    ["boot --kernel apt:6.12 --command 'uname -a'", "one command instead of a shell"],
  ],
  options: (yargs) =>
    kernelOptions(yargs)
      .option("suite", {
        type: "string",
        array: true,
        describe: "suites to put into the guest's /suites; none by default",
      })
      .option("command", { type: "string", describe: "run this instead of a shell" })
      .option("json", {
        type: "boolean",
        default: false,
        describe: "with --command: the result as JSON",
      }),
  run: async (args, { signal, print, remark }) => {
    const request = oneKernel(runRequest(args, { suites: args.suite ?? [] }));
    // stdout is the guest's here.
    const tell: Emit = (event) => {
      if (event.type === "notice" || event.type === "step-started") {
        remark(event.type === "notice" ? event.text : event.step.title);
      }
    };
    await using patchedTrees = new PatchedTrees();
    const context = { emit: tell, signal, patchedTrees };
    const plan = await makePlan(request, { ...context, noSeriesByDefault: true });
    const [planned] = plan.series;
    const accelerator = await chooseAccelerator({
      arch: plan.arch,
      wanted: plan.accel,
      ...context,
    });
    const kernel = await inStep(tell, { id: "kernel", title: "build the kernel" }, (progress) =>
      buildKernel({ ...kernelRequest(plan, context, planned), progress }),
    );
    const userland = await buildUserland(plan.arch, { jobs: plan.jobs, ...context });
    const folders = args.suite ? await buildSuites(plan, context) : [];
    const image = await buildImage({ userland, folders }, context);
    const work = await mkdtemp(path.join(os.tmpdir(), "harness-boot-"));
    try {
      const { vm } = await bootKernel({
        label: planned?.series.name ?? "baseline",
        plan,
        kernel,
        image,
        accelerator,
        blame: planned ? "series" : "baseline",
        consoleFile: path.join(work, "console.log"),
        ...context,
      });
      await using _ends = vm;
      if (args.command === undefined) {
        remark(`booted in ${vm.bootSeconds.toFixed(2)} s; exit or Ctrl-D ends the guest`);
        const { stdin: input, stdout: output } = process;
        await vm.shell({ input, output, type: process.env["TERM"] ?? "dumb" });
        return exitStatus.ok;
      }
      const result = await vm.exec(args.command, { signal });
      const { end, stdout, stderr, seconds } = result;
      if (args.json) {
        const text = { stdout: stdout.toString(), stderr: stderr.toString() };
        print(JSON.stringify({ bootSeconds: vm.bootSeconds, seconds, end, ...text }));
      } else {
        process.stdout.write(stdout);
        process.stderr.write(stderr);
      }
      if (end.how === "exited") return end.code === 0 ? exitStatus.ok : exitStatus.series;
      if (end.how === "connection-lost" && end.kernelAnswers) {
        throw new Failure({
          reason: "guest-lost",
          blame: "infra",
          what: "the ssh connection broke while the guest's kernel lives",
          // dropbear 2022.83: MAX_CMD_LEN in sysoptions.h
          hint: "a command of more than 9000 bytes is refused by the guest's sshd",
        });
      }
      remark(`the command did not come to its end: ${JSON.stringify(end)}`);
      return exitStatus.series;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  },
});
