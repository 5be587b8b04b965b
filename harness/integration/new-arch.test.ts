import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Arch } from "../arch.ts";
import { exec } from "../exec.ts";
import { projectDir } from "../paths.ts";
import type { Rig } from "../testing/rig.ts";
import { rigsOfOneCache } from "../testing/rigs.ts";
import { good, harmless } from "../testing/runs.ts";

/** An architecture is a descriptor and a fragment: nothing else of the project knows of one. */

const vax: Arch = {
  name: "vax",
  aliases: ["vax11"],
  kernelArch: "vax",
  crossCompile: "vax-linux-",
  korg: "vax-linux",
  packages: ["gcc-vax-linux"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [{ name: "vax", compiler: "vax-linux-gcc", packages: ["gcc-vax-linux"] }],
  qemu: {
    binary: "qemu-system-vax",
    package: "qemu-system-misc",
    machine: ["-M", "vax780"],
    cpu: { tcg: "ka780", kvm: "host" },
    memoryMiB: 64,
    cpus: 1,
    nic: "virtio-net-device",
    devices: [],
    console: "ttyVAX0",
    append: ["vax=1"],
  },
  slowdown: { tcg: 4, kvm: 1 },
};

const makeRig = rigsOfOneCache();

/** A copy of the project with the architecture in it, and the tools that it names. */
async function projectWithVax(t: ExecutionContext, arch = vax): Promise<Rig> {
  const rig = await makeRig(t);
  const project = path.join(rig.dir, "project");
  await mkdir(project);
  for (const name of ["node_modules", "patches", "selftests", "images"])
    await symlink(path.join(projectDir, name), path.join(project, name));
  for (const name of ["build", "kconfigs", "package.json", "known-failures.json"])
    await cp(path.join(projectDir, name), path.join(project, name), { recursive: true });
  const descriptor = `export default ${JSON.stringify(arch)};\n`;
  await writeFile(path.join(project, "build/harness/arch/vax.js"), descriptor);
  await writeFile(
    path.join(project, "kconfigs/arch/vax.config"),
    "CONFIG_VAX780=y\n# CONFIG_SMP is not set\n",
  );
  for (const name of ["gcc", "ld"]) await rig.tool(`vax-linux-${name}`, `exec ${name} "$@"`);
  await rig.qemu(good, "qemu-system-vax");
  rig.program = path.join(project, "build/harness/bin.js");
  return rig;
}

test.serial("a run on a new architecture, from two files", async (t) => {
  const rig = await projectWithVax(t);
  const finished = await rig.run("--arch", "vax11", "--patch", await harmless(rig));
  t.is(finished.exitCode, 0, finished.output);
  t.is(finished.record?.arch, "vax");
  t.is(finished.record?.kernels.length, 2);
  for (const { boots, config } of finished.record?.kernels ?? []) {
    t.is(boots.length, 1);
    t.is(boots[0]?.cases.length, 3);
    t.truthy(config);
  }
});

test.serial(
  "build --config-only tries its options, and names the ones that are dropped",
  async (t) => {
    const rig = await projectWithVax(t);
    const words = ["build", "--arch", "vax", "--kernel", rig.kernel, "--config-only"];
    const tried = await exec(process.execPath, [rig.program, ...words], { env: rig.env });
    t.is(tried.exitCode, 0, tried.output);
    t.regex(tried.stdout, /vax: every option is taken/);
    await writeFile(path.join(rig.tree, "drops"), "VAX780");
    const dropped = await exec(process.execPath, [rig.program, ...words], { env: rig.env });
    t.is(dropped.exitCode, 3, dropped.output);
    t.regex(dropped.output, /CONFIG_VAX780: wanted y \(kconfigs\/arch\/vax\.config:1\), got n/);
  },
);

test.serial("its missing compiler is named, with the package", async (t) => {
  const rig = await projectWithVax(t, { ...vax, crossCompile: "vax-netbsd-" });
  const finished = await rig.run("--arch", "vax", "--patch", await harmless(rig));
  t.is(finished.exitCode, 3, finished.output);
  const failed = finished.events.find((event) => event.type === "failure");
  t.is(failed?.type === "failure" ? failed.failure.reason : "", "no-compiler");
  t.regex(JSON.stringify(failed), /vax-netbsd-gcc.*gcc-vax-linux/);
});

test.serial("tests that do not know it are left out, and say what they know", async (t) => {
  const rig = await projectWithVax(t);
  const words = ["--arch", "vax", "--suite", "tracer", "--patch", await harmless(rig)];
  const { record, output } = await rig.run(...words);
  const all = record?.kernels[0]?.boots.flatMap((boot) => boot.cases) ?? [];
  const cases = all.filter(({ name }) => name.startsWith("tracer."));
  t.is(cases.length, 6, output);
  for (const { name, verdict, reason } of cases) {
    t.is(verdict, "skip", name);
    t.regex(reason ?? "", /know arm, arm64, .*, not vax$/);
  }
});

for (const [says, reason] of [
  ["qemu-system-vax: unsupported machine type\\nUse -machine help", "qemu-too-old"],
  ["qemu-system-vax: could not load kernel '/k': incompatible architecture", "kernel-not-loaded"],
  ["qemu-system-vax: Some ROM regions are overlapping", "kernel-not-loaded"],
  ["qemu: initrd is too large, cannot support.(max: 4030463, need 40000000)", "kernel-not-loaded"],
  ["qemu-system-vax: memory too small for initial ram disk", "kernel-not-loaded"],
] as const) {
  test.serial(`QEMU that gives up is told apart: ${says.slice(0, 50)}`, async (t) => {
    const rig = await projectWithVax(t);
    await rig.tool("qemu-system-vax", `printf '${says}\\n' >&2; exit 1`);
    const finished = await rig.run("--arch", "vax", "--patch", await harmless(rig));
    t.is(finished.exitCode, 3, finished.output);
    t.is(finished.record?.failures[0]?.reason, reason);
    t.regex(finished.record?.failures[0]?.hint ?? "", /vax/);
  });
}

test.serial("a console on which nothing ever comes is told as such", async (t) => {
  const rig = await projectWithVax(t);
  await rig.qemu({ boot: [{ hang: true }] }, "qemu-system-vax");
  const finished = await rig.run(
    "--arch",
    "vax",
    "--timeout-scale",
    "0.3",
    "--patch",
    await harmless(rig),
  );
  t.is(finished.record?.failures[0]?.reason, "boot-no-console", finished.output);
  t.regex(finished.record?.failures[0]?.hint ?? "", /console=ttyVAX0.*kconfigs\/arch\/vax\.config/);
});

test.serial("a clock that runs away from the host's is told as such", async (t) => {
  const rig = await projectWithVax(t);
  const commands = [{ match: "proc/uptime", steps: [{ stdout: "5000.12 4000.00\n" }] }];
  await rig.qemu({ ...good, commands: [...commands, ...(good.commands ?? [])] }, "qemu-system-vax");
  const finished = await rig.run("--arch", "vax", "--patch", await harmless(rig));
  t.is(finished.exitCode, 3, finished.output);
  t.is(finished.record?.failures[0]?.reason, "guest-clock");
});
