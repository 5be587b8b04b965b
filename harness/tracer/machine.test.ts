import test from "ava";
import { classify, StopMachine } from "./machine.ts";
import type { RawStop } from "./stop.ts";

const exitOf = (pid: number): RawStop => ({ pid, status: 0, time: 0n });

function eventOf(pid: number, event: number, message: number): RawStop {
  return {
    pid,
    status: (event << 16) | (5 << 8) | 0x7f,
    time: 0n,
    eventMessage: { ok: true, value: BigInt(message) },
  };
}

function syscallOf(pid: number): RawStop {
  return { pid, status: (0x85 << 8) | 0x7f, time: 0n };
}

test("wait statuses, as ptrace(2) has them", (t) => {
  t.deepEqual(classify(0x0300), { kind: "exited", code: 3 });
  t.deepEqual(classify(0x8b), { kind: "killed", signal: 11, core: true });
  t.deepEqual(classify(0xffff), { kind: "continued" });
  t.deepEqual(classify(0x857f), { kind: "syscall" });
  t.deepEqual(classify(0x057f), { kind: "signal", signal: 5 });
  t.deepEqual(classify(0x4057f), { kind: "event", event: "exec" });
  t.deepEqual(classify(0x80057f), { kind: "trap-stop" });
  t.deepEqual(classify(0x80137f), { kind: "group-stop", signal: 19 });
  t.deepEqual(classify(0x55057f), { kind: "unknown", event: 0x55, signal: 5 });
});

test("a child's stop may come before its parent tells of it", (t) => {
  const machine = new StopMachine();
  machine.take(syscallOf(10));
  const early = machine.take(syscallOf(11));
  t.is(early.tracee.parent, undefined);
  const told = machine.take(eventOf(10, 1, 11));
  t.is(told.child, 11);
  t.is(early.tracee.parent, 10);
  t.is(machine.take(syscallOf(11)).tracee, early.tracee);
});

test("a thread that becomes another program takes the leader's id", (t) => {
  const machine = new StopMachine();
  machine.take(syscallOf(10));
  machine.take(eventOf(10, 3, 12));
  machine.take(syscallOf(12));
  t.is(machine.take(eventOf(10, 4, 12)).formerPid, 12);
  t.deepEqual(
    machine.tracees.map(({ pid }) => pid),
    [10],
  );
  t.is(machine.take(eventOf(10, 4, 10)).formerPid, undefined, "the leader itself");
});

test("ten thousand tracees, none of which is forgotten or kept", (t) => {
  const machine = new StopMachine();
  for (let pid = 2; pid < 10_002; pid++) machine.take(eventOf(1, 1, pid));
  t.is(machine.tracees.length, 10_001);
  for (let pid = 2; pid < 10_002; pid++) machine.take(exitOf(pid));
  t.deepEqual(
    machine.tracees.map(({ pid }) => pid),
    [1],
  );
});
