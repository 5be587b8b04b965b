import { readFileSync, statSync } from "node:fs";
import test from "ava";
import { booted, bootRig } from "../testing/boot-rig.ts";

/** What becomes of a command in a guest, and of the guest and the connection meanwhile. */

test("output arrives as it comes, and the console's part of a command is known", async (t) => {
  const request = bootRig(t, {
    commands: [
      {
        match: "talk",
        steps: [
          { stdout: "a" },
          { console: "[    1.0] between\n" },
          { seconds: 0.2 },
          { stdout: "b" },
        ],
      },
    ],
  });
  const vm = await booted(t, request);
  const chunks: string[] = [];
  const result = await vm.exec("talk", { onStdout: (chunk) => chunks.push(chunk.toString()) });
  t.deepEqual(chunks, ["a", "b"]);
  t.is(
    readFileSync(request.consoleFile)
      .subarray(...result.console)
      .toString(),
    "[    1.0] between\n",
  );
});

test("a panic in a command ends the command with the guest's death", async (t) => {
  const commands = [
    {
      match: "bad",
      steps: [{ stdout: "TAP\n" }, { panic: "Attempted to kill init! exitcode=0x00000009" }],
    },
  ];
  const vm = await booted(t, bootRig(t, { commands }));
  const { end, stdout } = await vm.exec("bad");
  t.deepEqual(end, {
    how: "guest-died",
    death: { how: "panic", title: "Kernel panic: Attempted to kill init! exitcode=0x00000009" },
  });
  t.is(stdout.toString(), "TAP\n");
  t.is((await vm.died).how, "panic");
});

test("an oops that does not kill is a splat; the command goes on", async (t) => {
  const commands = [{ match: "bad", steps: [{ oops: "sys_wait6" }, { stdout: "on" }] }];
  const vm = await booted(t, bootRig(t, { commands }));
  const { end, stdout, console } = await vm.exec("bad");
  t.deepEqual(end, { how: "exited", code: 0 });
  t.is(stdout.toString(), "on");
  t.deepEqual(
    vm.console.splats.map(({ kind, title }) => [kind, title]),
    [["oops", "kernel NULL pointer dereference in sys_wait6"]],
  );
  const offset = vm.console.splats[0]?.offset ?? -1;
  t.true(offset >= console[0] && offset < console[1]);
});

test("QEMU killed during a command", async (t) => {
  const vm = await booted(
    t,
    bootRig(t, { commands: [{ match: "x", steps: [{ killQemu: "SIGKILL" }] }] }),
  );
  const { end } = await vm.exec("x");
  t.deepEqual(end, { how: "guest-died", death: { how: "qemu-killed", signal: "SIGKILL" } });
});

test("a command that hangs is given up after its bound; the next one runs", async (t) => {
  const commands = [{ match: "hang", steps: [{ stdout: "begun" }, { hang: true }] as const }];
  const vm = await booted(t, bootRig(t, { commands }));
  const { end, stdout } = await vm.exec("hang", { timeoutSeconds: 0.3 });
  t.deepEqual(end, { how: "timeout", seconds: 0.3 });
  t.is(stdout.toString(), "begun");
  t.deepEqual((await vm.exec("next")).end, { how: "exited", code: 0 });
});

test("ssh lost while the kernel lives is told apart from a kernel that hangs", async (t) => {
  const commands = [{ match: "x", steps: [{ dropSsh: true } as const] }];
  const alive = await booted(t, bootRig(t, { commands }, { timeoutScale: 4 }));
  t.deepEqual((await alive.exec("x")).end, { how: "connection-lost", kernelAnswers: true });
  t.deepEqual((await alive.exec("y")).end, { how: "connection-lost", kernelAnswers: true });
  const hung = await booted(t, bootRig(t, { commands, sysrq: false }, { timeoutScale: 4 }));
  t.deepEqual((await hung.exec("x")).end, { how: "connection-lost", kernelAnswers: false });
});

test("a connection that was lost once is made anew", async (t) => {
  const commands = [{ match: "x", steps: [{ breakConnections: true } as const] }];
  const vm = await booted(t, bootRig(t, { commands }));
  t.is((await vm.exec("x")).end.how, "connection-lost");
  t.deepEqual((await vm.exec("y")).end, { how: "exited", code: 0 });
});

test("a guest that freezes is noticed by keepalives", async (t) => {
  const commands = [{ match: "x", steps: [{ freeze: true } as const] }];
  const vm = await booted(t, bootRig(t, { commands }));
  t.deepEqual((await vm.exec("x")).end, { how: "connection-lost", kernelAnswers: false });
});

test("output without end is cut at its bound", async (t) => {
  const flood = { flood: 20 << 20, text: "ok 1 \u001b[31mred\n", to: "stdout" } as const;
  const vm = await booted(t, bootRig(t, { commands: [{ match: "flood", steps: [flood] }] }));
  const { end, stdout } = await vm.exec("flood", { maxBytes: 100_000 });
  t.deepEqual(end, { how: "too-much-output", maxBytes: 100_000 });
  t.is(stdout.length, 100_000);
  t.deepEqual((await vm.exec("next")).end, { how: "exited", code: 0 });
});

test("100 MB of console do not fill the memory, and stay whole in the file", async (t) => {
  const flood = { flood: 100 << 20, text: "x".repeat(997), to: "console" } as const;
  const commands = [{ match: "flood", steps: [flood, { warn: "do_wait" } as const] }];
  const request = bootRig(t, { commands });
  const vm = await booted(t, request);
  const before = process.memoryUsage().rss;
  await vm.exec("flood");
  while (vm.console.splats.length === 0) await new Promise((r) => setTimeout(r, 20));
  t.true(process.memoryUsage().rss - before < 80 << 20);
  t.true(vm.console.offset > 100 << 20);
  t.is(vm.console.splats[0]?.title, "WARNING in do_wait");
  await vm.stop();
  t.is(statSync(request.consoleFile).size, vm.console.offset);
});

test("garbage on console and stdout is bytes", async (t) => {
  const steps = [
    { garbage: 5000, to: "console" },
    { garbage: 5000, to: "stdout" },
  ] as const;
  const vm = await booted(t, bootRig(t, { commands: [{ match: "g", steps }] }));
  const { end, stdout } = await vm.exec("g");
  t.deepEqual(end, { how: "exited", code: 0 });
  t.is(stdout.length, 5000);
  t.deepEqual([...stdout.subarray(0, 3)], [13, 180, 91]);
});
