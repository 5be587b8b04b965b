import test from "ava";
import arch from "../arch/x86_64.ts";
import { kernelCommandLine, qemuArgs } from "./qemu-args.ts";
import { forwardedPortOf } from "./qmp.ts";

const request = {
  arch,
  accelerator: "tcg",
  kernel: "/k/vmlinux",
  initramfs: "/i/initramfs",
  consoleSocket: "/tmp/a,b/console",
  qmpSocket: "/tmp/a,b/qmp",
} as const;

function after(args: readonly string[], name: string): string | undefined {
  return args[args.indexOf(name) + 1];
}

test("the guest has no way out: one network, restricted, forwarded from 127.0.0.1 only", (t) => {
  const args = qemuArgs(request);
  t.is(args.filter((each) => each === "-netdev").length, 1);
  t.is(after(args, "-netdev"), "user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22");
  for (const banned of ["-drive", "-fsdev", "-virtfs", "-hda", "-vnc", "-gdb"]) {
    t.false(args.includes(banned), banned);
  }
  for (const wanted of ["-nodefaults", "-no-reboot", "-no-user-config"]) {
    t.true(args.includes(wanted), wanted);
  }
});

test("baseline and patched differ in the kernel alone", (t) => {
  const patched = qemuArgs({ ...request, kernel: "/patched" });
  const different = qemuArgs(request).filter((each, index) => each !== patched[index]);
  t.deepEqual(different, ["/k/vmlinux"]);
});

test("a comma in a socket's path does not end the option", (t) => {
  t.true(qemuArgs(request).includes("socket,id=qmp,path=/tmp/a,,b/qmp"));
});

test("the accelerator decides on the CPU model", (t) => {
  t.is(after(qemuArgs(request), "-cpu"), arch.qemu.cpu.tcg);
  t.is(after(qemuArgs({ ...request, accelerator: "kvm" }), "-cpu"), arch.qemu.cpu.kvm);
  t.is(after(qemuArgs({ ...request, accelerator: "kvm" }), "-accel"), "kvm");
});

test("a dying kernel ends QEMU, and warnings reach the console", (t) => {
  const words = kernelCommandLine(arch, ["extra=1"]).split(" ");
  for (const word of ["panic=-1", "oops=panic", "loglevel=5", "console=ttyS0", "syscall.x32=y"]) {
    t.true(words.includes(word), word);
  }
  t.is(words.at(-1), "extra=1");
});

test("the forwarded port is read from QEMU's own words", (t) => {
  const usernet = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[ESTABLISHED]   14       127.0.0.1 50000       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  13       127.0.0.1 40000       10.0.2.15    23     0     0\r
  TCP[HOST_FORWARD]  12       127.0.0.1 38511       10.0.2.15    22     0     0\r
`;
  t.is(forwardedPortOf(usernet, 22), 38511);
  t.is(forwardedPortOf(usernet, 80), undefined);
});
