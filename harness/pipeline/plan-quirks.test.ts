import test from "ava";
import { findArch } from "../arch.ts";
import { mergeFragments, parseFragment, parseSetting } from "../kconfig.ts";
import type { Toolchain } from "../kernel/toolchain.ts";
import type { Event } from "../model/event.ts";
import type { Quirk, Remedy } from "../quirks.ts";
import { fakeTool, toolsOnPath } from "../testing/fake-apt.ts";
import { kernelVersion } from "../testing/versions.ts";
import {
  adaptArch,
  adaptOptions,
  adaptToolchain,
  chooseToolchain,
  headersTarget,
} from "./plan-quirks.ts";

function quirk(remedy: Remedy): Quirk {
  return { name: "q", when: {}, remedy, reason: "", source: "" };
}

const renamed = quirk({ kind: "option-renamed", option: "CONFIG_NEW", to: "CONFIG_OLD" });
const dropped = quirk({ kind: "options-dropped", options: ["CONFIG_GONE", "CONFIG_TOO"] });
const ours = parseFragment(
  "CONFIG_NEW=y\nCONFIG_GONE=y\nCONFIG_TOO=y\nCONFIG_SMP=y\n",
  "base.config",
  "project",
);

function values(...args: Parameters<typeof adaptOptions>): string[] {
  return [...adaptOptions(...args).values()].map(({ name, value }) => `${name}=${value}`);
}

test("options of ours get their old names, or go", (t) => {
  t.deepEqual(values(mergeFragments([ours]), [renamed, dropped]), ["CONFIG_OLD=y", "CONFIG_SMP=y"]);
  t.deepEqual(values(mergeFragments([ours]), []).length, 4);
});

test("what the user asks for stays as it is, to fail if this kernel has it not", (t) => {
  const users = [parseSetting("CONFIG_GONE=y"), parseSetting("CONFIG_OLD=n")];
  const merged = mergeFragments([ours, ...users]);
  t.deepEqual(values(merged, [renamed, dropped]), [
    "CONFIG_GONE=y",
    "CONFIG_OLD=n",
    "CONFIG_SMP=y",
  ]);
});

test.serial(
  "a gcc that is too new for a kernel gives way to one that builds it, unless it is named",
  async (t) => {
    const dir = await toolsOnPath(t);
    for (const [name, version] of [
      ["gcc", "15.3.0"],
      ["gcc-15", "15.3.0"],
      ["gcc-12", "12.2.0"],
    ] as const)
      await fakeTool(dir, name, `echo "${name} (made) ${version}"`);
    const arch = await findArch("x86_64");
    const notices: string[] = [];
    const choose = async (name: string, kernel: string) => {
      const emit = (event: Event) => {
        if (event.type === "notice") notices.push(event.text);
      };
      const { toolchain, quirks } = await chooseToolchain(name, kernelVersion(kernel), arch, {
        emit,
      });
      return [
        toolchain.name,
        toolchain.versions.gcc?.major,
        quirks.some((each) => each.name === "c23"),
      ];
    };
    t.deepEqual(await choose("auto", "5.3"), ["gcc-12", 12, true]);
    t.regex(notices.join("\n"), /quirk c23: gcc-12 is the newest compiler/);
    t.deepEqual(await choose("auto", "6.12.117"), ["gcc", 15, false]);
    notices.length = 0;
    t.deepEqual(await choose("gcc-15", "5.3"), ["gcc-15", 15, false]);
    t.regex(notices.join("\n"), /Linux 5\.3 is not known to be built by gcc-15/);
  },
);

test("variables for make make another toolchain of it", (t) => {
  const toolchain: Toolchain = {
    name: "gcc",
    description: "gcc",
    identity: "x",
    makeVariables: ["CC=gcc"],
    ccache: false,
    versions: {},
  };
  const adapted = adaptToolchain(toolchain, [
    quirk({ kind: "make-variable", variable: "WERROR=0" }),
  ]);
  t.deepEqual(adapted.makeVariables, ["CC=gcc", "WERROR=0"]);
  t.not(adapted.identity, toolchain.identity);
  const flags = ["KCFLAGS=-a=1", "KCFLAGS=-b", "KCFLAGS=-b"].map((variable) =>
    quirk({ kind: "make-variable", variable }),
  );
  t.deepEqual(
    adaptToolchain({ ...toolchain, makeVariables: ["KCFLAGS=-q", "CC=gcc"] }, flags).makeVariables,
    ["KCFLAGS=-q -a=1 -b", "CC=gcc"],
  );
  t.is(adaptToolchain(toolchain, [dropped]), toolchain);
});

test("properties go to the emulated CPU, not to the host's own", async (t) => {
  const arch = await findArch("x86_64");
  const { cpu } = adaptArch(arch, [quirk({ kind: "cpu-property", property: "lpa2=off" })]).qemu;
  t.deepEqual(cpu, { tcg: `${arch.qemu.cpu.tcg},lpa2=off`, kvm: arch.qemu.cpu.kvm });
  t.deepEqual(adaptArch(arch, []), arch);
});

test("a machine's properties follow its own", async (t) => {
  const arch = await findArch("ppc64");
  const quirks = [quirk({ kind: "machine-property", property: "x-vof=off" })];
  const { machine } = adaptArch(arch, quirks).qemu;
  t.deepEqual(machine, ["-M", "pseries,x-vof=on,x-vof=off", "-vga", "none"]);
});

test("programs that the kernel does not run are left out, with the option that lets it", async (t) => {
  const arch = await findArch("x86_64");
  const noX32 = quirk({ kind: "abi-dropped", abi: "x32", option: "CONFIG_GONE" });
  const names = adaptArch(arch, [noX32]).abis.map(({ name }) => name);
  t.deepEqual(names, ["x86_64", "i386"]);
  t.deepEqual(values(mergeFragments([ours]), [noX32]), [
    "CONFIG_NEW=y",
    "CONFIG_SMP=y",
    "CONFIG_TOO=y",
  ]);
});

test("headers come of make headers unless a quirk says otherwise", (t) => {
  t.is(headersTarget([dropped]), "headers");
  const old = quirk({ kind: "headers-target", target: "headers_install" });
  t.is(headersTarget([dropped, old]), "headers_install");
});
