import { buildImage, buildUserland } from "../image.ts";
import { buildKernel } from "../kernel/build.ts";
import { inStep } from "../model/event.ts";
import type { Syscalls } from "../syscalls.ts";
import { connectAgents, type AgentHost } from "../tracer/connect.ts";
import { chooseAccelerator } from "../vm/accel.ts";
import type { Vm } from "../vm.ts";
import { bootKernel } from "./boot-kernel.ts";
import { buildSuites } from "./build-suites.ts";
import { kernelRequest, type KernelContext } from "./kernel-request.ts";
import { kernelSyscalls } from "./kernel-syscalls.ts";
import type { Plan } from "./plan.ts";

interface Context extends KernelContext {
  readonly consoleFile: string;
}

/** A booted kernel with a tracer in it. */
export interface TracerGuest extends AsyncDisposable {
  readonly vm: Vm;
  readonly syscalls: Syscalls;
  readonly agents: AgentHost;
}

/** Where the tracer suite's programs lie in the guest. */
export function tracerDir(arch: { readonly abis: readonly { readonly name: string }[] }): string {
  return `/suites/tracer/${arch.abis[0]?.name ?? ""}`;
}

/** Builds and boots the kernel of a plan (with its series, if it has one) and connects to it. */
export async function bootForTracing(plan: Plan, context: Context): Promise<TracerGuest> {
  const { emit, signal } = context;
  const [planned] = plan.series;
  const syscalls = await kernelSyscalls(plan, context, planned);
  const accelerator = await chooseAccelerator({
    arch: plan.arch,
    wanted: plan.accel,
    emit,
    signal,
  });
  const kernel = await inStep(emit, { id: "kernel", title: "build the kernel" }, (progress) =>
    buildKernel({ ...kernelRequest(plan, context, planned), progress }),
  );
  const userland = await buildUserland(plan.arch, { jobs: plan.jobs, emit, signal });
  const folders = await buildSuites(plan, context);
  const image = await buildImage({ userland, folders }, { emit, signal });
  const { vm } = await bootKernel({
    label: planned?.series.name ?? "baseline",
    plan,
    kernel,
    image,
    accelerator,
    blame: planned ? "series" : "baseline",
    ...context,
  });
  try {
    const agents = await connectAgents(
      {
        port: vm.state.id === "running" ? vm.state.sshPort : 0,
        access: vm.access,
        timeoutSeconds: 15 * plan.arch.slowdown[accelerator.name] * plan.timeoutScale,
      },
      `${tracerDir(plan.arch)}/agent`,
    );
    return {
      vm,
      syscalls,
      agents,
      [Symbol.asyncDispose]: async () => {
        await agents[Symbol.asyncDispose]();
        await vm.stop();
      },
    };
  } catch (thrown) {
    await vm.stop();
    throw thrown;
  }
}
