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
import type { Vm } from "../vm.ts";
import { clockRate, factorOf, storeMeasured, workload, type ClockReading } from "../vm/slowdown.ts";
import { defineCommand } from "./command.ts";
import { kernelOptions, runRequest } from "./run-options.ts";

/** The best of so many counts: a busy host only ever makes things slower. */
const rounds = 3;
/** A clock that is off by more is no clock; a busy host makes one that loses ticks a little slower. */
const clockTolerance = 0.25;
/** Seconds between two readings of a clock, at the least: /proc/uptime and ssh are good for 0.1 s. */
const clockSeconds = 4;

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
      const firstReading = await readClock(vm, signal);
      const guestSeconds = await best(async () => {
        const { end, seconds } = await vm.exec(workload("/bin/busybox"), {
          timeoutSeconds: 60,
          signal,
        });
        if (end.how === "exited" && end.code === 0) return seconds;
        throw new Failure({
          reason: "calibration-failed",
          blame: "infra",
          what: `the workload came to an odd end in the ${arch.name} guest: ${JSON.stringify(end)}`,
          evidence: vm.console.tail(),
        });
      });
      await checkClock(vm, firstReading, arch.name, signal);
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

async function readClock(vm: Vm, signal: AbortSignal): Promise<ClockReading> {
  const { stdout } = await vm.exec("cat /proc/uptime", { signal });
  return { uptime: Number.parseFloat(stdout.toString()), lived: vm.guestSeconds };
}

/** Throws Failure "guest-clock" where the guest's clock is not the host's. */
async function checkClock(
  vm: Vm,
  first: ClockReading,
  arch: string,
  signal: AbortSignal,
): Promise<void> {
  const left = first.lived + clockSeconds - vm.guestSeconds;
  if (left > 0) await setTimeout(left * 1000, undefined, { signal });
  const last = await readClock(vm, signal);
  const rate = clockRate(first, last);
  if (Math.abs(rate - 1) <= clockTolerance) return;
  const [guest, host] = [last.uptime - first.uptime, last.lived - first.lived];
  throw new Failure({
    reason: "guest-clock",
    blame: "infra",
    what: `the ${arch} guest's clock goes ${rate.toFixed(2)} times as fast as the host's: ${guest.toFixed(1)} s in ${host.toFixed(1)} s`,
    hint: `is the kernel configured for the machine's timer? kconfigs/arch/${arch}.config; on a very busy host, try again`,
    evidence: vm.console.tail(),
  });
}

async function best(measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) least = Math.min(least, await measure());
  return least;
}
