import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import arch from "../arch/x86_64.ts";
import type { Arch } from "../arch.ts";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { installFakeQemu, type Scenario } from "../testing/fake-qemu-scenario.ts";
import { chooseAccelerator } from "./accel.ts";
import { probeExitStatus, probeRom } from "./probe-rom.ts";

// The answer depends on the host's /dev/kvm being there; a host without one has its own test.
const hostHasKvm = statSync("/dev/kvm", { throwIfNoEntry: false }) !== undefined;
const withKvm = hostHasKvm && os.arch() === "x64" ? test.serial : test.serial.skip;

/** An architecture whose QEMU is a fake, and a cache of its own. */
function rig(t: ExecutionContext, scenario: Scenario): { arch: Arch; scenarioFile: string } {
  const dir = mkdtempSync(path.join(os.tmpdir(), "accel-test-"));
  const before = process.env["XDG_CACHE_HOME"];
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  t.teardown(() => {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
    rmSync(dir, { recursive: true, force: true });
  });
  const scenarioFile = installFakeQemu(dir, scenario, "qemu");
  return {
    arch: { ...arch, qemu: { ...arch.qemu, binary: path.join(dir, "qemu") } },
    scenarioFile,
  };
}

withKvm("KVM is used when its guest runs, and the reason is told", async (t) => {
  const { arch } = rig(t, { kvm: "runs" });
  const events: Event[] = [];
  const chosen = await chooseAccelerator({ arch, wanted: "auto", emit: (e) => events.push(e) });
  t.is(chosen.name, "kvm");
  t.is(events.length, 1);
  t.regex(JSON.stringify(events), /accelerator: KVM: a probe guest ran in/);
});

withKvm("KVM that never runs a guest: emulation, within seconds, and remembered", async (t) => {
  const { arch, scenarioFile } = rig(t, { kvm: "hangs" });
  const chosen = await chooseAccelerator({ arch, wanted: "auto" });
  t.is(chosen.name, "tcg");
  t.regex(chosen.why, /does not run under it: not through \d+ rounds/);
  // Were it asked again, KVM would now work.
  writeFileSync(scenarioFile, JSON.stringify({ kvm: "runs" }));
  t.is((await chooseAccelerator({ arch, wanted: "auto" })).name, "tcg");
  // Who asks for it by name gets a fresh answer.
  t.is((await chooseAccelerator({ arch, wanted: "kvm" })).name, "kvm");
});

withKvm("KVM asked for and not working is infra's fault, with QEMU's complaint", async (t) => {
  const { arch } = rig(t, { kvm: "error" });
  const failure = await t.throwsAsync(chooseAccelerator({ arch, wanted: "kvm" }), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "kvm-unusable");
  t.is(failure.blame, "infra");
  t.regex(failure.evidence ?? "", /failed to initialize kvm: No such file/);
});

withKvm("a QEMU that cannot even emulate is infra's fault", async (t) => {
  const { arch } = rig(t, { tcg: "error" });
  const failure = await t.throwsAsync(chooseAccelerator({ arch, wanted: "auto" }), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "qemu-failed");
});

withKvm("no QEMU: the package is named", async (t) => {
  const { arch } = rig(t, {});
  const missing = { ...arch, qemu: { ...arch.qemu, binary: "qemu-system-not-there" } };
  const failure = await t.throwsAsync(chooseAccelerator({ arch: missing, wanted: "auto" }), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "qemu-missing");
  t.regex(failure.hint ?? "", /qemu-system-x86/);
});

test.serial("emulation asked for needs no probe", async (t) => {
  const { arch } = rig(t, { tcg: "error" });
  t.deepEqual(await chooseAccelerator({ arch, wanted: "tcg" }), { name: "tcg", why: "asked for" });
});

test.serial("a guest of another architecture than the host's is emulated", async (t) => {
  const { arch } = rig(t, { kvm: "runs" });
  const foreign = { ...arch, name: "s390x", kernelArch: "s390" };
  const chosen = await chooseAccelerator({ arch: foreign, wanted: "auto" });
  t.is(chosen.name, "tcg");
  t.regex(chosen.why, /no KVM for s390x/);
});

test("the probe's ROM begins where an x86 CPU does", (t) => {
  for (const bits of [32, 64] as const) {
    const rom = probeRom(bits);
    t.is(rom.length, 64 << 10);
    // jmp rel16 from 0xfff0 to 0xff00
    t.deepEqual([...rom.subarray(-16, -13)], [0xe9, 0x0d, 0xff]);
    t.is(rom[0xff00], 0xfa);
  }
  t.is(probeExitStatus, 85);
});
