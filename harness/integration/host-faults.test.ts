import test from "ava";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { sha256 } from "../fingerprint.ts";
import { plainBoot, type Scenario } from "../testing/fake-qemu-scenario.ts";
import { Mirror } from "../testing/mirror.ts";
import { rigsOfOneCache } from "../testing/rigs.ts";
import { blames, good, harmless } from "../testing/runs.ts";
import { packTarXz } from "../testing/tree.ts";

/** Faults of the machine, of the boot and of what is given; each is a whole run of the program. */

const rigFor = rigsOfOneCache();

const patchedBoot = (boot: NonNullable<Scenario["boot"]>): Scenario => ({
  ...good,
  variants: [{ kernelContains: "patched", boot }],
});
const kernelStarts = { console: "[    0.0] Linux version 6.12.117\n" };

test.serial("a kernel that panics at boot: whose it is decides", async (t) => {
  const boot = [
    { console: "[    0.1] Linux version 6.12.117\n" },
    { panic: "Attempted to kill init!" },
  ];
  const patched = await rigFor(t, { ...good, variants: [{ kernelContains: "patched", boot }] });
  const series = await patched.run("--patch", await harmless(patched));
  t.is(series.exitCode, 1, series.output);
  t.is(series.record?.failures[0]?.blame, "series");
  t.regex(series.record?.failures[0]?.what ?? "", /panics at boot: .* \(in both of two boots\)$/);
  const folder = path.join(series.resultsDir ?? "", "kernels/harmless/boot-0");
  t.regex(
    await readFile(path.join(folder, "qemu.sh"), "utf8"),
    /^#!.*\n\S*qemu-system-x86_64 .*-append/s,
  );
  const both = await rigFor(t, { ...good, boot });
  const baseline = await both.run("--patch", await harmless(both));
  t.is(baseline.exitCode, 4, baseline.output);
});

test.serial(
  "a panic at boot stays one, whatever a second boot does, and both are said",
  async (t) => {
    const kernelContains = "patched";
    const panic = [kernelStarts, { panic: "Attempted to kill init!" }];
    const fails = [{ qemuExits: 1, message: "no space left on device" }];
    for (const [boot, said] of [
      [plainBoot, /\(in one boot of two: a second one came up\)$/],
      [fails, /\(a second boot: qemu-system-x86_64 .*\)$/],
    ] as const) {
      const rig = await rigFor(t, {
        ...good,
        variants: [
          { kernelContains, boot: panic },
          { kernelContains, kernelStart: 2, boot },
        ],
      });
      const finished = await rig.run("--patch", await harmless(rig));
      t.is(finished.exitCode, 1, finished.output);
      t.deepEqual(blames(finished), ["series boot-panic"]);
      t.regex(finished.record?.failures[0]?.what ?? "", said);
      const consoles = await readdir(path.join(finished.resultsDir ?? "", "kernels/harmless"));
      t.deepEqual(consoles.filter((name) => name.startsWith("boot-")).sort(), ["boot-0", "boot-1"]);
    }
  },
);

test.serial("a kernel that hangs at boot: the series' fault, with the console's end", async (t) => {
  const rig = await rigFor(t, patchedBoot([kernelStarts, { hang: true }]));
  const finished = await rig.run("--patch", await harmless(rig), "--timeout-scale", "0.1");
  t.is(finished.exitCode, 1, finished.output);
  t.deepEqual(blames(finished), ["series boot-hang"]);
  t.regex(finished.record?.failures[0]?.evidence ?? "", /Linux version 6\.12\.117/);
});

test.serial("neither kernel comes up: the baseline's fault, not the series'", async (t) => {
  const rig = await rigFor(t, { ...good, boot: [kernelStarts, { hang: true }] });
  const finished = await rig.run("--patch", await harmless(rig), "--timeout-scale", "0.1");
  t.is(finished.exitCode, 4, finished.output);
  t.deepEqual(blames(finished), ["baseline boot-hang", "baseline boot-hang"]);
  t.regex(finished.record?.failures[1]?.what ?? "", /baseline kernel did not come up either/);
});

test.serial("QEMU fails for the baseline, the series' kernel hangs: infra's fault", async (t) => {
  const fails = [{ qemuExits: 1, message: "no space left on device" }];
  const rig = await rigFor(t, {
    ...patchedBoot([kernelStarts, { hang: true }]),
    boot: fails,
  });
  const finished = await rig.run("--patch", await harmless(rig), "--timeout-scale", "0.2");
  t.is(finished.exitCode, 3, finished.output);
  t.deepEqual(blames(finished), ["infra qemu-failed", "infra boot-hang"]);
});

test.serial("a kernel of which only the firmware says something: told as such", async (t) => {
  const firmware = { console: "OpenSBI v1.1\nBoot HART ID: 0\n" };
  const rig = await rigFor(t, patchedBoot([firmware, { hang: true }]));
  const finished = await rig.run("--patch", await harmless(rig), "--timeout-scale", "0.1");
  t.is(finished.exitCode, 1, finished.output);
  t.deepEqual(blames(finished), ["series boot-no-console"]);
  t.regex(finished.record?.failures[0]?.what ?? "", /looks like its firmware's/);
});

test.serial("a kernel whose guest has no network: so it is called", async (t) => {
  const failed = { console: "[    0.4] HARNESS-FAILED network: No such device\n" };
  const rig = await rigFor(t, patchedBoot([kernelStarts, failed, { hang: true }]));
  const finished = await rig.run("--patch", await harmless(rig));
  t.is(finished.exitCode, 1, finished.output);
  t.deepEqual(blames(finished), ["series boot-no-network"]);
  t.regex(finished.record?.failures[0]?.what ?? "", /No such device/);
});

test.serial(
  "an image for which the guest has no room: infra's fault, not the kernel's",
  async (t) => {
    const noRoom = { console: "[    0.4] Initramfs unpacking failed: write error\n" };
    const rig = await rigFor(t, patchedBoot([kernelStarts, noRoom, { hang: true }]));
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 3, finished.output);
    t.deepEqual(blames(finished), ["infra image-too-large"]);
    t.regex(finished.record?.failures[0]?.what ?? "", /no room for it in \d+ MiB/);
  },
);

test.serial("KVM that opens and never runs a guest: emulation, and it is said why", async (t) => {
  const rig = await rigFor(t, { ...good, kvm: "hangs" });
  const auto = await rig.run("--accel", "auto", "--patch", await harmless(rig));
  t.is(auto.exitCode, 0, auto.output);
  t.is(auto.record?.accelerator?.name, "tcg");
  t.regex(auto.record?.accelerator?.why ?? "", /kvm/i);
  const asked = await rig.run("--accel", "kvm", "--patch", await harmless(rig));
  t.is(asked.exitCode, 3, asked.output);
  t.deepEqual(blames(asked), ["infra kvm-unusable"]);
});

test.serial("no QEMU: infra's fault, with the package to install", async (t) => {
  const rig = await rigFor(t);
  // All that PATH has, but QEMU.
  const bin = path.join(rig.dir, "without-qemu");
  await mkdir(bin);
  const dirs = [path.join(rig.dir, "bin"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  for (const dir of dirs) {
    for (const name of await readdir(dir)) {
      if (name.startsWith("qemu-system")) continue;
      await symlink(path.join(dir, name), path.join(bin, name)).catch(() => undefined);
    }
  }
  rig.moreEnv = { PATH: bin };
  const finished = await rig.run("--patch", await harmless(rig));
  t.is(finished.exitCode, 3, finished.output);
  t.true(blames(finished).includes("infra qemu-missing"), blames(finished).join());
  t.regex(JSON.stringify(finished.record?.failures), /apt install qemu-system-x86/);
});

test.serial(
  "a patch that is empty, or reaches out of the tree: refused, nothing is built",
  async (t) => {
    const rig = await rigFor(t);
    const empty = path.join(rig.dir, "empty.patch");
    await writeFile(empty, "");
    const outside = path.join(rig.dir, "outside.patch");
    await writeFile(
      outside,
      "Subject: [PATCH] out\n\n---\n--- /dev/null\n+++ b/../../outside.c\n@@ -0,0 +1 @@\n+int out;\n",
    );
    for (const [patch, reason] of [
      [empty, "patch-empty"],
      [outside, "patch-writes-outside"],
    ] as const) {
      const finished = await rig.run("--patch", patch);
      t.is(finished.exitCode, 2, finished.output);
      t.deepEqual(blames(finished), [`usage ${reason}`]);
      t.is(finished.record, undefined);
    }
  },
);

test.serial("a damaged cache entry is made again, and it is said", async (t) => {
  const rig = await rigFor(t, good, "own cache");
  const patch = await harmless(rig);
  t.is((await rig.run("--patch", patch)).exitCode, 0);
  const kernels = path.join(rig.cache, "harness/kernels");
  const [entry = ""] = (await readdir(kernels)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const image = path.join(kernels, entry, "image");
  const whole = await readFile(image);
  await writeFile(image, "damaged");
  const finished = await rig.run("--fresh", "--patch", patch);
  t.is(finished.exitCode, 0, finished.output);
  t.true(finished.output.includes("damaged or unfinished"), finished.output);
  t.deepEqual(await readFile(image), whole);
});

test.serial(
  "a damaged tarball is infra's fault; when it is sound again the run goes on",
  async (t) => {
    const rig = await rigFor(t, good, "own cache");
    await using mirror = await Mirror.start();
    const name = "linux-6.12.117.tar.xz";
    const tarball = path.join(rig.dir, name);
    await packTarXz(rig.tree, tarball);
    const sound = await readFile(tarball);
    const sums = `-----BEGIN PGP SIGNED MESSAGE-----\n\n${sha256(sound)}  ${name}\n`;
    mirror.files.set("/v6.x/sha256sums.asc", Buffer.from(sums));
    mirror.files.set(`/v6.x/${name}`, Buffer.concat([sound.subarray(0, -1), Buffer.from("!")]));
    rig.kernel = "6.12.117";
    rig.moreEnv = { HARNESS_KERNEL_ORG: mirror.address };
    const patch = await harmless(rig);
    const damaged = await rig.run("--patch", patch);
    t.is(damaged.exitCode, 3, damaged.output);
    t.regex(blames(damaged).join(), /^infra /);
    t.regex(JSON.stringify(damaged.events), /sha256/);
    mirror.files.set(`/v6.x/${name}`, sound);
    const whole = await rig.run("--patch", patch);
    t.is(whole.exitCode, 0, whole.output);
  },
);
