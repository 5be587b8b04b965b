import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "ava";
import arch from "../arch/x86_64.ts";
import { bootFailure, booted, bootRig } from "../testing/boot-rig.ts";
import { plainBoot, readyLine, type Scenario } from "../testing/fake-qemu-scenario.ts";
import { boot } from "./boot.ts";
import { kernelCommandLine } from "./qemu-args.ts";

test("a guest boots, runs commands, and stops", async (t) => {
  const request = bootRig(t, {
    commands: [
      { match: "^hello", steps: [{ stdout: "out" }, { stderr: "err" }], exit: 3 },
      { match: "^cat$", cat: true },
      { match: "^killed", steps: [{ signal: "SEGV" }] },
    ],
  });
  const vm = await booted(t, request);
  t.is(vm.state.id, "running");
  t.true(vm.bootSeconds > 0);
  const hello = await vm.exec("hello world");
  t.deepEqual(hello.end, { how: "exited", code: 3 });
  t.is(hello.stdout.toString(), "out");
  t.is(hello.stderr.toString(), "err");
  t.is((await vm.exec("cat", { stdin: "given" })).stdout.toString(), "given");
  t.deepEqual((await vm.exec("killed")).end, { how: "signalled", signal: "SIGSEGV" });
  t.deepEqual(await vm.stop(), { how: "stopped" });
  t.is(vm.state.id, "ended");
  t.deepEqual((await vm.exec("hello")).end, { how: "guest-died", death: { how: "stopped" } });
  t.true(readFileSync(request.consoleFile, "utf8").includes(readyLine));
});

test("no socket is left behind, not even by a harness that is killed", async (t) => {
  const vm = await booted(t, bootRig(t, {}));
  const socket = vm.commandLine.find((each) => each.startsWith("socket,id=qmp"));
  const dir = path.dirname(socket?.split("path=")[1] ?? "");
  t.regex(dir, /harness-vm-/);
  t.false(existsSync(dir));
  const silent = bootRig(t, { silentMonitor: true }, { timeoutScale: 0.05 });
  const failure = await bootFailure(t, silent);
  t.is(failure.reason, "qemu-failed");
});

test("a kernel that panics at boot is the kernel's fault, told by the panic's title", async (t) => {
  const steps = [
    { console: "[    0.0] Linux version 6.12\n" },
    { panic: "VFS: Unable to mount root fs on unknown-block(0,0)" },
  ] as const;
  const failure = await bootFailure(
    t,
    bootRig(t, { boot: steps }, { label: "wait6", kernelBlame: "series" }),
  );
  t.is(failure.reason, "boot-panic");
  t.is(failure.blame, "series");
  t.regex(failure.what, /wait6 kernel panics at boot: Kernel panic: VFS: Unable to mount root fs/);
  t.regex(failure.evidence ?? "", /Linux version 6\.12\n.*Kernel panic - not syncing/s);
  t.regex(failure.hint ?? "", /no initramfs: .*CONFIG_BLK_DEV_INITRD.*command line/);
});

test("an oops at boot names the function that oopsed", async (t) => {
  const boots = [{ oops: "do_wait" }, { panic: "Fatal exception" }] as const;
  const request = bootRig(t, { boot: boots });
  const failure = await bootFailure(t, request);
  t.is(
    failure.what,
    "the baseline kernel panics at boot: kernel NULL pointer dereference in do_wait",
  );
  t.regex(failure.hint ?? "", /^the whole console/);
  const splats = request.events.flatMap((event) =>
    event.type === "splat" ? [event.splat.kind] : [],
  );
  t.deepEqual(splats, ["oops", "panic"]);
});

test("a kernel that falls silent at boot is given up before the boot's bound", async (t) => {
  const hang = {
    boot: [{ console: "[    0.1] Calibrating delay loop...\n" }, { hang: true }],
  } as const;
  const started = performance.now();
  const failure = await bootFailure(t, bootRig(t, hang));
  t.is(failure.reason, "boot-hang");
  t.is(failure.blame, "baseline");
  t.regex(failure.what, /hangs at boot: no output for 4\.0 s/);
  t.regex(failure.evidence ?? "", /Calibrating delay loop/);
  t.true(performance.now() - started < 60_000);
});

test("a kernel that talks for ever and never gets ready is given up", async (t) => {
  const chatter = Array.from({ length: 400 }, (_, i) => [
    { console: `line ${i}\n` },
    { seconds: 0.05 },
  ]);
  const failure = await bootFailure(t, bootRig(t, { boot: chatter.flat() }));
  t.is(failure.reason, "boot-hang");
  t.regex(failure.what, /not within 8\.0 s/);
});

test("a kernel that ignores its command line is told as such, one that takes it is not", async (t) => {
  const notices = async (line: string) => {
    const stdout = `0.90 0.10\n${line}\n`;
    const request = bootRig(t, { commands: [{ match: "proc/cmdline", steps: [{ stdout }] }] });
    await booted(t, request);
    return request.events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
  };
  t.deepEqual(await notices(`BOOT=x ${kernelCommandLine(arch)}`), []);
  const [ignored = "", ...others] = await notices(`console=${arch.qemu.console},115200`);
  t.deepEqual(others, []);
  t.regex(ignored, /baseline kernel's command line lacks console=\S+ panic=-1 oops=panic /);
});

test("a guest whose init finds no network says so", async (t) => {
  const steps = [
    { console: "[    0.4] HARNESS-FAILED eth0: No such device\n" },
    { hang: true },
  ] as const;
  const failure = await bootFailure(t, bootRig(t, { boot: steps }));
  t.is(failure.reason, "boot-no-network");
  t.is(failure.blame, "baseline");
  t.regex(failure.what, /has no network: eth0: No such device/);
});

for (const [said, reason, blame] of [
  ["write error", "image-too-large", "infra"],
  ["junk within compressed archive", "boot-no-image", "baseline"],
] as const) {
  test(`an image that is not unpacked (${said}) is told, though init says READY`, async (t) => {
    const steps = [
      { console: `[    0.4] Initramfs unpacking failed: ${said}\n` },
      { console: "[    0.6] HARNESS-READY init=0.4 ready=0.6\n" },
      { hang: true },
    ] as const;
    const failure = await bootFailure(t, bootRig(t, { boot: steps }));
    t.is(failure.reason, reason);
    t.is(failure.blame, blame);
    t.true(failure.what.includes(said));
  });
}

for (const ssh of ["silent", "closed"] as const) {
  test(`a guest that is ready and whose ssh is ${ssh} is the kernel's fault`, async (t) => {
    const failure = await bootFailure(t, bootRig(t, { ssh }));
    t.is(failure.reason, "boot-no-ssh");
    t.is(failure.blame, "baseline");
    t.truthy(failure.hint);
  });
}

for (const ssh of ["wrong-host-key", "refuse-key"] as const) {
  test(`a login that cannot work (${ssh}) is infra's fault, at once`, async (t) => {
    const started = performance.now();
    const failure = await bootFailure(t, bootRig(t, { ssh }, { timeoutScale: 30 }));
    t.is(failure.reason, "ssh-login");
    t.is(failure.blame, "infra");
    t.true(performance.now() - started < 60_000);
  });
}

test("QEMU that is not installed is infra's fault, with the package to install", async (t) => {
  const request = bootRig(t, {});
  const qemu = { ...request.arch.qemu, binary: "qemu-system-not-there" };
  const failure = await bootFailure(t, { ...request, arch: { ...request.arch, qemu } });
  t.is(failure.reason, "qemu-missing");
  t.is(failure.blame, "infra");
  t.regex(failure.hint ?? "", /apt install qemu-system-x86/);
});

test("QEMU that ends at once is infra's fault, with what it printed", async (t) => {
  const message = "qemu-system-x86_64: cannot set up guest memory: Cannot allocate memory";
  const failure = await bootFailure(t, bootRig(t, { boot: [{ qemuExits: 1, message }] }));
  t.is(failure.reason, "qemu-failed");
  t.is(failure.blame, "infra");
  t.true(failure.evidence?.includes(message));
  t.regex(failure.what, /status 1/);
});

for (const killQemu of ["SIGKILL", "SIGTERM"] as const) {
  test(`QEMU killed by ${killQemu} at boot is infra's fault`, async (t) => {
    const failure = await bootFailure(t, bootRig(t, { boot: [{ killQemu }] }));
    t.is(failure.reason, "qemu-killed");
    t.is(failure.blame, "infra");
    t.regex(failure.what, new RegExp(killQemu));
  });
}

test("a QEMU whose monitor is silent is given up", async (t) => {
  const failure = await bootFailure(t, bootRig(t, { silentMonitor: true }, { timeoutScale: 0.05 }));
  t.is(failure.reason, "qemu-failed");
  t.is(failure.blame, "infra");
});

test("a guest that resets at boot without a word", async (t) => {
  const failure = await bootFailure(t, bootRig(t, { boot: [{ reset: true }] }));
  t.is(failure.reason, "boot-reset");
  t.is(failure.blame, "baseline");
});

test("an abort ends boot and command", async (t) => {
  const early = new AbortController();
  const booting = boot(bootRig(t, { boot: [{ hang: true }] }, { signal: early.signal }));
  setTimeout(() => {
    early.abort(new Error("Ctrl-C"));
  }, 200);
  await t.throwsAsync(booting, { message: "Ctrl-C" });

  const late = new AbortController();
  const commands = [{ match: "x", steps: [{ hang: true } as const] }];
  const vm = await booted(t, bootRig(t, { commands }, { signal: late.signal }));
  const running = vm.exec("x");
  late.abort();
  t.deepEqual((await running).end, { how: "guest-died", death: { how: "stopped" } });
});

test("a scenario may change with the kernel and from start to start", async (t) => {
  const scenario: Scenario = {
    boot: plainBoot,
    variants: [{ kernelContains: "a kernel", start: 2, boot: [{ panic: "second" }] }],
  };
  const request = bootRig(t, scenario);
  await (await boot(request)).stop();
  t.is((await bootFailure(t, request)).reason, "boot-panic");
  await (await boot(request)).stop();
  t.true(readdirSync(path.dirname(request.kernel)).includes("qemu.scenario.json.start-3"));
});
