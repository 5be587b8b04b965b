import type { Stop } from "../../harness/tracer/machine.ts";
import {
  followOptions,
  guest,
  ptraceRequests,
  scenario,
  signals,
  skip,
  table,
  type Scene,
} from "./guest.ts";

/* What a tracee calls itself is not what its tracer calls it. */

/** _IOC_READ in its place in a request (uapi/asm/ioctl.h of the architectures). */
const read = /^(ppc|mips|sparc|alpha)/.test(guest.syscalls.arch) ? 0x40000000 : 0x80000000;
/** NS_GET_PID_FROM_PIDNS, NS_GET_PID_IN_PIDNS (include/uapi/linux/nsfs.h, 6.11). */
const getPidFrom = read + 0x4b706;
const getPidIn = read + 0x4b708;

/** A tracee two pid namespaces down, stopped where its getpid() returns; what that returned. */
async function nestedChild(scene: Scene): Promise<{ pid: number; own: bigint; parent: number }> {
  const root = await scene.begin(["./hosted", "nested"], { options: followOptions });
  const next = scene.follow();
  await scene.agent.ptrace(ptraceRequests.syscall, root);
  const called = new Set<number>();
  for (;;) {
    const { stop, legacy } = await next(0, { request: 0, from: -1 });
    const { pid } = stop.raw;
    if (legacy?.op === "entry" && legacy.call?.name === "getpid") called.add(pid);
    if (legacy?.op === "exit" && called.has(pid)) {
      // The parent's stop of the clone() may come later than all those of its child.
      while (stop.tracee.parent === undefined) await next(0, { request: 0, from: -1 });
      return { pid, own: legacy.value, parent: stop.tracee.parent };
    }
    if (stop.kind.kind === "exited" && pid === root) throw new Error("no child made the call");
    await scene.agent.ptrace(ptraceRequests.syscall, pid, 0, signalOf(stop));
  }
}

function signalOf({ kind }: Stop): number {
  return kind.kind === "signal" ? kind.signal : 0;
}

async function nsPids(scene: Scene, pid: number): Promise<bigint[]> {
  const status = await scene.readFile(`/proc/${pid}/status`);
  const line = /^NSpid:(.*)$/m.exec(status)?.[1] ?? "";
  return line.split(/\s+/).filter(Boolean).map(BigInt);
}

scenario("nested_pids.what_the_tracee_says", async (t, scene) => {
  const { pid, own } = await nestedChild(scene);
  t.is(own, 1n, "getpid() says 1 there");
  t.true(pid > 1, "and its tracer something else");
});

scenario("nested_pids.proc_status", async (t, scene) => {
  const child = await nestedChild(scene);
  const pids = await nsPids(scene, child.pid);
  t.is(pids[0], BigInt(child.pid));
  t.deepEqual(pids.slice(-2), [2n, 1n], "its ids in the two namespaces within");
});

scenario("nested_pids.translate_pid", async (t, scene) => {
  if (table.number("translate_pid") === undefined) skip("this kernel has no translate_pid()");
  const child = await nestedChild(scene);
  const translate = async (id: bigint, source: bigint, target: bigint) => {
    const call = scene.calls.make("translate_pid", [id, source, target]);
    return (await scene.agent.call(call)).result;
  };
  const inner = await scene.open(`/proc/${child.pid}/ns/pid`);
  const outer = await scene.open(`/proc/${child.parent}/ns/pid`);
  t.is(await translate(1n, inner, -1n), BigInt(child.pid));
  t.is(await translate(BigInt(child.pid), -1n, inner), 1n);
  t.is(await translate(1n, inner, outer), 2n, "from one foreign namespace to another, in one call");
});

scenario("nested_pids.nsfs_ioctls", async (t, scene) => {
  const child = await nestedChild(scene);
  const inner = await scene.open(`/proc/${child.pid}/ns/pid`);
  const ioctl = async (request: number, id: number) =>
    scene.agent.call(scene.calls.make("ioctl", [inner, request, id]));
  const from = await ioctl(getPidFrom, 1);
  if (from.errno === 25) skip("this kernel has no NS_GET_PID_FROM_PIDNS (6.11)");
  t.is(from.result, BigInt(child.pid));
  t.is((await ioctl(getPidIn, child.pid)).result, 1n);
});

// Sockets of another network namespace: not to be found among one's own.
scenario("sockets_of_another_netns", async (t, scene) => {
  const pid = await scene.begin(["./hosted", "sockets"]);
  const next = scene.follow();
  for (;;) {
    const { stop } = await next(pid);
    if (stop.kind.kind === "exited") skip("no network namespaces here");
    if (stop.kind.kind === "signal" && stop.kind.signal === signals.stop) break;
  }
  const link = await readLink(scene, `/proc/${pid}/fd/50`);
  const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? "none";
  t.regex(link, /^socket:\[\d+\]$/);
  const lists = async (who: string) =>
    (await scene.readFile(`/proc/${who}/net/unix`))
      .split("\n")
      .some((line) => line.includes(` ${inode}`));
  t.false(await lists("self"), "the tracer's own namespace does not know it");
  t.true(await lists(String(pid)), "the tracee's does");
});

async function readLink(scene: Scene, name: string): Promise<string> {
  const path = Buffer.from(`${name}\0`);
  const data = Buffer.alloc(512);
  path.copy(data);
  const { result, data: after } = await scene.agent.call(
    scene.calls.make("readlinkat", [-100, { data: 0 }, { data: 256 }, 256], { data }),
  );
  return after.subarray(256, 256 + Number(result)).toString();
}
