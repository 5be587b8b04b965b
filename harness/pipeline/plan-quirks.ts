import type { Arch } from "../arch.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Merged, Option } from "../kconfig.ts";
import { findToolchain, type Toolchain } from "../kernel/toolchain.ts";
import type { Emit } from "../model/event.ts";
import { formatKernelVersion, versionIn, type KernelVersion } from "../model/kernel-version.ts";
import { quirksFor, remedyText, type Quirk, type Remedy } from "../quirks.ts";
import { toolVersion } from "../tool-version.ts";

/**
 * The toolchain for a kernel, and the quirks of both, each of them told. "auto" is the host's gcc,
 * or where that is too new for the kernel, the newest that is known to build it.
 * Throws as findToolchain does.
 */
export async function chooseToolchain(
  name: string,
  kernel: KernelVersion,
  arch: Arch,
  context: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly toolchain: Toolchain; readonly quirks: readonly Quirk[] }> {
  const notice = (text: string) => {
    context.emit({ type: "notice", text });
  };
  const tell = (quirk: Quirk) => {
    notice(`quirk ${quirk.name}: ${remedyText(quirk)}: ${quirk.reason}`);
  };
  const asked = await findToolchain(name === "auto" ? "gcc" : name, arch, context);
  const all = await findQuirks(kernel, arch, asked);
  const tooNew = all.find(({ remedy }) => remedy.kind === "compiler");
  if (tooNew?.remedy.kind === "compiler" && name === "auto") {
    tell(tooNew);
    const toolchain = await findToolchain(tooNew.remedy.name, arch, context);
    const quirks = await findQuirks(kernel, arch, toolchain);
    quirks.forEach(tell);
    return { toolchain, quirks: [tooNew, ...quirks] };
  }
  if (tooNew)
    notice(
      `Linux ${formatKernelVersion(kernel)} is not known to be built by ${name} (${tooNew.reason}); without --toolchain another is taken`,
    );
  const quirks = all.filter((quirk) => quirk !== tooNew);
  quirks.forEach(tell);
  return { toolchain: asked, quirks };
}

/** The quirks of this kernel, built by this toolchain, on this machine's QEMU. */
async function findQuirks(
  kernel: KernelVersion,
  arch: Arch,
  toolchain: Toolchain,
): Promise<readonly Quirk[]> {
  // A QEMU that is missing is told when a guest is started; a build does without.
  const { stdout } = await toolVersion(arch.qemu.binary);
  return quirksFor({ kernel, arch: arch.name, ...toolchain.versions, qemu: versionIn(stdout) });
}

/** The kernel options with the quirks' remedies. What the user asks for stays as it is. */
export function adaptOptions(options: Merged, quirks: readonly Quirk[]): Merged {
  const adapted = new Map(options);
  const ours = (name: string): Option | undefined => {
    const option = adapted.get(name);
    return option?.origin.asker === "user" ? undefined : option;
  };
  for (const { remedy } of quirks) {
    for (const name of notAskedFor(remedy)) {
      const option = ours(name);
      if (!option) continue;
      adapted.delete(name);
      if (remedy.kind === "option-renamed" && !adapted.has(remedy.to))
        adapted.set(remedy.to, { ...option, name: remedy.to });
    }
  }
  return new Map([...adapted].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function notAskedFor(remedy: Remedy): readonly string[] {
  if (remedy.kind === "options-dropped") return remedy.options;
  return "option" in remedy ? [remedy.option] : [];
}

/** The toolchain with the quirks' variables for make; another one, as far as kernels go. */
export function adaptToolchain(toolchain: Toolchain, quirks: readonly Quirk[]): Toolchain {
  const variables = quirks.flatMap(({ remedy }) =>
    remedy.kind === "make-variable" ? [remedy.variable] : [],
  );
  if (variables.length === 0) return toolchain;
  return {
    ...toolchain,
    makeVariables: joined([...toolchain.makeVariables, ...variables]),
    identity: fingerprint({
      // What compiles and links ...
      toolchain: toolchain.identity,
      // ... and what make is told beyond that.
      variables,
    }),
  };
}

/** One word for each variable, with each of its values once: of several words make takes the last. */
function joined(variables: readonly string[]): readonly string[] {
  const values = new Map<string, Set<string>>();
  for (const variable of variables) {
    const [name = "", ...value] = variable.split("=");
    values.set(name, (values.get(name) ?? new Set()).add(value.join("=")));
  }
  return [...values].map(([name, all]) => `${name}=${[...all].join(" ")}`);
}

/** The architecture's machine and its ABIs with the quirks' remedies. */
export function adaptArch(arch: Arch, quirks: readonly Quirk[]): Arch {
  const remedies = quirks.map(({ remedy }) => remedy);
  const propertiesOf = (kind: "cpu-property" | "machine-property") =>
    remedies.flatMap((each) => (each.kind === kind ? [each.property] : []));
  const dropped = remedies.flatMap((each) => (each.kind === "abi-dropped" ? [each.abi] : []));
  const { cpu, machine } = arch.qemu;
  const tcg = [cpu.tcg, ...propertiesOf("cpu-property")].join(",");
  const adapted = machine.map((word, i) =>
    machine[i - 1] === "-M" ? [word, ...propertiesOf("machine-property")].join(",") : word,
  );
  return {
    ...arch,
    abis: arch.abis.filter(({ name }) => !dropped.includes(name)),
    qemu: { ...arch.qemu, machine: adapted, cpu: { ...cpu, tcg } },
  };
}

/** The make target for the tree's uapi headers: the quirks', or the one that kernels have now. */
export function headersTarget(quirks: readonly Quirk[]): string {
  const remedies = quirks.map(({ remedy }) => remedy);
  return remedies.find((remedy) => remedy.kind === "headers-target")?.target ?? "headers";
}
