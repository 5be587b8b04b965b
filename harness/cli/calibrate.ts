import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { findArch } from "../arch.ts";
import { buildImage, buildUserland } from "../image.ts";
import { exec } from "../exec.ts";
import { buildKernel } from "../kernel/build.ts";
import { inStep, type Emit } from "../model/event.ts";
import { exitStatus, Failure } from "../model/failure.ts";
import { bootKernel } from "../pipeline/boot-kernel.ts";
import { kernelRequest } from "../pipeline/kernel-request.ts";
import { PatchedTrees } from "../pipeline/patched-trees.ts";
import { makePlan } from "../pipeline/plan.ts";
import { chooseAccelerator } from "../vm/accel.ts";
import { clockDrift, clockSeconds } from "../vm/guest-clock.ts";
import { factorOf, storeMeasured, workload } from "../vm/slowdown.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, runRequest } from "./run-options.ts";

/** The best of so many counts: a busy host only ever makes things slower. */
const rounds = 3;

export const calibrateCommand = defineCommand({
  command: "calibrate",
  describe: "Measures how much slower than this host its guests are; later time limits go by it",
  examples: [["calibrate --arch s390x --kernel apt:6.12", "on a quiet machine"]],
  options: (yargs) =>
    kernelOptions(yargs).option("json", {
      type: "boolean",
      default: false,
      describe: "the figures as JSON",
    }),
  run: async (args, { signal, print, remark }) => {
    const emit: Emit = (event) => {
      if (event.type === "notice") remark(event.text);
      if (event.type === "step-started") remark(event.step.title);
    };
    await using patchedTrees = new PatchedTrees();
    const context = { emit, signal, patchedTrees };
    const plan = await makePlan(runRequest(args), { ...context, noSeriesByDefault: true });
    const { arch, jobs } = plan;
    const accelerator = await chooseAccelerator({ arch, wanted: plan.accel, ...context });
    const kernel = await inStep(emit, { id: "kernel", title: "build the kernel" }, (progress) =>
      buildKernel({ ...kernelRequest(plan, context), progress }),
    );
    const userland = await buildUserland(arch, { jobs, ...context });
    const image = await buildImage({ userland, folders: [] }, context);
    // The host's own speed is that of its own architecture's busybox.
    const native = await findArch(os.arch() === "x64" ? "x86_64" : os.arch());
    const hostUserland = await buildUserland(native, { jobs, ...context });
    const onHost = workload(path.join(hostUserland.dir, "busybox"));
    const work = await mkdtemp(path.join(os.tmpdir(), "harness-calibrate-"));
    try {
      const hostSeconds = await best(async () => {
        const { exitCode, seconds, output } = await exec("sh", ["-c", onHost], { signal });
        if (exitCode !== 0) throw new Error(`the workload failed on the host: ${output}`);
        return seconds;
      });
      const { vm } = await bootKernel({
        label: "baseline",
        plan,
        kernel,
        image,
        accelerator,
        blame: "baseline",
        consoleFile: path.join(work, "console.log"),
        ...context,
      });
      await using _ends = vm;
      const inGuest = async (what: string, command: string) => {
        const result = await vm.exec(command, { timeoutSeconds: 60, signal });
        if (result.end.how === "exited" && result.end.code === 0) return result;
        throw new Failure({
          reason: "calibration-failed",
          blame: "infra",
          what: `${what} came to an odd end in the ${arch.name} guest: ${JSON.stringify(result.end)}`,
          evidence: vm.console.tail(),
        });
      };
      const readClock = async () => {
        const { stdout } = await inGuest("reading the clock", "cat /proc/uptime");
        return { uptime: Number.parseFloat(stdout.toString()), lived: vm.guestSeconds };
      };
      const first = await readClock();
      const guestSeconds = await best(
        async () => (await inGuest("the workload", workload("/bin/busybox"))).seconds,
      );
      const left = first.lived + clockSeconds - vm.guestSeconds;
      if (left > 0) await setTimeout(left * 1000, undefined, { signal });
      const drift = clockDrift(arch.name, first, await readClock());
      if (drift) throw drift;
      const measured = { guestSeconds, hostSeconds, bootSeconds: vm.bootSeconds };
      await storeMeasured(arch, accelerator.name, measured);
      const factor = factorOf(measured);
      const figures = { arch: arch.name, accelerator: accelerator.name, ...measured, factor };
      print(
        args.json
          ? JSON.stringify(figures)
          : `${arch.name} under ${accelerator.name}: ${factor.toFixed(1)} times as slow as this host ` +
              `(workload ${guestSeconds.toFixed(2)} s, host ${hostSeconds.toFixed(2)} s, boot ${vm.bootSeconds.toFixed(2)} s)`,
      );
      return exitStatus.ok;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  },
});

async function best(measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) least = Math.min(least, await measure());
  return least;
}
