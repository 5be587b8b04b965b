import { readFileSync } from "node:fs";
import path from "node:path";
import test from "ava";
import fc from "fast-check";
import { projectDir } from "./paths.ts";
import { causeOfDeath, findSplats, SplatDetector } from "./splat.ts";

function log(name: string): string {
  return readFileSync(path.join(projectDir, "harness/splat", `${name}.log`), "utf8");
}

/** What each console log of splat/ complains of, in order. */
const expected: Readonly<Record<string, readonly (readonly [kind: string, title: string])[]>> = {
  "null-pointer-6.12": [
    ["oops", "kernel NULL pointer dereference in wait_consider_task"],
    ["panic", "Kernel panic: Fatal exception"],
  ],
  "general-protection-fault-6.1": [["oops", "general protection fault in pid_nr_ns"]],
  "kernel-bug-6.12": [["bug", "kernel BUG at kernel/pid.c in free_pid"]],
  warnings: [
    ["warning", "WARNING in ptrace_attach"],
    ["warning", "WARNING in do_wait"],
    ["warning", "WARNING in put_pid"],
  ],
  kasan: [["kasan", "KASAN: slab-use-after-free in translate_pid"]],
  ubsan: [["ubsan", "UBSAN: shift-out-of-bounds in kernel/signal.c"]],
  "lockdep-circular": [
    ["lockdep", "lockdep: possible circular locking in do_wait6"],
    ["lockdep", "lockdep: suspicious RCU usage in kernel/pid.c"],
    ["bug", "BUG: sleeping function called from invalid context in include/linux/uaccess.h"],
  ],
  hang: [
    ["hung-task", "hung task wait6_race in zap_pid_ns_processes"],
    ["lockup", "soft lockup in do_wait6"],
    ["rcu-stall", "RCU stall in do_wait6"],
  ],
  "no-init": [["panic", "Kernel panic: Attempted to kill init! exitcode=0x0000000b"]],
  "other-arches": [
    ["oops", "kernel NULL pointer dereference in wait_consider_task"],
    ["oops", "kernel paging request in do_wait"],
  ],
  quiet: [],
};

for (const [name, splats] of Object.entries(expected)) {
  test(`splats of ${name}.log`, (t) => {
    t.deepEqual(
      findSplats(log(name)).map(({ kind, title }) => [kind, title]),
      splats.map((each) => [...each]),
    );
  });
}

test("a splat's offset is that of its first line", (t) => {
  const text = log("warnings");
  for (const { offset } of findSplats(text))
    t.regex(text.slice(offset), /^\[ *\d+\.\d+\] WARNING: /);
});

test("titles do not depend on the boot: addresses, pids, CPUs, times, lines", (t) => {
  const one = log("hang") + log("warnings") + log("kasan") + log("kernel-bug-6.12");
  const other = one
    .replace(/^\[ *\d+/gm, "[  777")
    .replace(/\b(?:71|73|75|112|131|132)\b/g, "4242")
    .replace(/CPU#1/g, "CPU#0")
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, "+0x9/0x999")
    .replace(/(\.c):\d+/g, "$1:9999")
    .replace(/ffff[0-9a-f]{12}/g, "ffffaaaabbbbcccc");
  const titles = (text: string) => findSplats(text).map(({ title }) => title);
  t.deepEqual(titles(other), titles(one));
});

test("the cause of death is the oops that a panic only follows", (t) => {
  t.is(
    causeOfDeath(findSplats(log("null-pointer-6.12")))?.title,
    "kernel NULL pointer dereference in wait_consider_task",
  );
  t.is(causeOfDeath(findSplats(log("no-init")))?.kind, "panic");
  t.is(causeOfDeath(findSplats(log("warnings"))), undefined);
});

test("a complaint that the console cuts off is still told", (t) => {
  const cut = log("null-pointer-6.12").split("\n").slice(0, 3).join("\n");
  t.deepEqual(findSplats(cut), [
    { kind: "oops", title: "kernel NULL pointer dereference", offset: 0 },
  ]);
});

test("no input makes it throw, and lines of any length are quick", (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (lines) => {
      const detector = new SplatDetector(() => undefined);
      for (const line of lines) detector.push(line, 0);
      detector.end();
    }),
  );
  const started = performance.now();
  const heads = ["BUG: ", "WARNING: ", "Unable to handle ", "UBSAN: a", "BUG: KASAN: ", " a"];
  for (const head of heads) findSplats(`${head}${"a b-".repeat(4000)}\n`);
  t.true(performance.now() - started < 2000);
});
