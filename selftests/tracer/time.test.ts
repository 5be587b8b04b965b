import { classify } from "../../harness/tracer/machine.ts";
import type { Waiting } from "../../harness/tracer/agent.ts";
import { guest, ptraceRequests, scenario, signals, skip, table, type Scene } from "./guest.ts";

/* Waiting for tracees and for a timer at once, and how finely the time that they use is told. */

/** SIG_BLOCK (uapi/asm/signal.h of the architectures); SIG_UNBLOCK is one more. */
const sigBlock = /^(mips|sparc)/.test(guest.syscalls.arch) ? 1 : 0;
const sigUnblock = sigBlock + 1;
/** Bytes of a kernel's sigset_t, which is made of longs. */
const sigsetBytes = guest.syscalls.arch.startsWith("mips") ? 16 : 8;
const eintr = 4;

function wait6(mask?: bigint): Waiting {
  const nr = table.number("wait6");
  if (nr === undefined)
    skip("this kernel has no wait6(): a tracer's wait cannot change its signal mask");
  return { how: "wait6", nr, ...(mask === undefined ? {} : { mask }) };
}

async function maskAlarm(scene: Scene, how: number): Promise<void> {
  const data = Buffer.alloc(sigsetBytes);
  scene.calls.order.write(data, 0, scene.agent.pointerBytes, 1n << BigInt(signals.alarm - 1));
  await scene.agent.call(
    scene.calls.make("rt_sigprocmask", [how, { data: 0 }, 0, data.length], { data }),
  );
}

/** A tracee that sleeps while the tracer waits, and a timer of the tracer's that has just expired. */
async function expired(scene: Scene): Promise<number> {
  await scene.agent.catch(signals.alarm);
  await maskAlarm(scene, sigBlock);
  const pid = await scene.agent.spawn({
    calls: [
      scene.calls.chdir(guest.dir),
      scene.calls.execve("./hosted", ["./hosted", "naps", "1000"]),
    ],
  });
  await scene.kill(scene.agent.pid, signals.alarm);
  return pid;
}

// strace's next_event(): unblock, wait4(), block. The signal comes between the first two.
scenario("timer_race.wait4_sleeps_on", async (t, scene) => {
  const pid = await expired(scene);
  await maskAlarm(scene, sigUnblock);
  const waited = await scene.agent.next(pid, 0);
  t.is(await scene.agent.catch(0), 1, "the handler ran");
  if (waited === undefined || "errno" in waited)
    t.fail(`wait4 was interrupted: ${JSON.stringify(waited)}`);
  else t.is(classify(waited.status).kind, "exited", "and wait4() slept until the tracee's end");
});

scenario("timer_race.wait6_is_woken", async (t, scene) => {
  const how = wait6(0n);
  const pid = await expired(scene);
  const waited = await scene.agent.next(pid, 0, how);
  t.deepEqual(waited, { errno: eintr }, "the signal ended the wait");
  t.is(await scene.agent.catch(0), 1, "and the handler ran");
});

/** What each of a tracee's calls took, as the way of waiting tells it: nanoseconds. */
async function costs(scene: Scene, wait: Waiting): Promise<bigint[]> {
  const pid = await scene.begin(["./calls", "300"]);
  await scene.agent.want({ syscall: ["usage"], event: ["usage"], other: ["usage"] });
  await scene.agent.ptrace(ptraceRequests.syscall, pid);
  const used: bigint[] = [];
  await scene.agent.trace({
    wait,
    onStops: (stops) => {
      for (const { usage } of stops) if (usage) used.push(usage.userNs + usage.systemNs);
    },
  });
  return used.slice(1).map((value, index) => value - (used[index] ?? 0n));
}

scenario("statistics.wait4_counts_microseconds", async (t, scene) => {
  const found = await costs(scene, { how: "wait4" });
  t.true(found.length > 600);
  t.true(found.every((value) => value % 1000n === 0n));
});

scenario("statistics.wait6_counts_nanoseconds", async (t, scene) => {
  const found = await costs(scene, wait6());
  t.true(found.length > 600);
  t.true(found.some((value) => value % 1000n !== 0n));
  t.true(found.every((value) => value >= 0n));
});
