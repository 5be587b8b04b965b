import {
  afterMark,
  entries,
  guest,
  ptraceOptions,
  scenario,
  signals,
  skip,
  twoViews,
  type Step,
} from "./guest.ts";

/* Filters and dispatch decide before or after a tracer sees a call. */

const native = (name: string) => `${guest.syscalls.abis[0]?.name ?? ""} ${name}`;

twoViews(
  "filter_trace_errno_trap",
  async (scene) => {
    const pid = await scene.begin(["./hosted", "filtered"], {
      options: ptraceOptions.sysgood | ptraceOptions.seccomp,
    });
    const next = scene.follow();
    const steps: Step[] = [];
    let signal = 0;
    for (;;) {
      const step = await next(pid, { signal });
      steps.push(step);
      const { kind } = step.stop;
      if (kind.kind === "exited" && kind.code === 77) skip("this kernel has no seccomp filters");
      if (kind.kind === "exited" || kind.kind === "killed") return steps;
      signal = kind.kind === "signal" ? kind.signal : 0;
    }
  },
  {
    // A call that a filter answers looks as if the kernel had made it.
    legacy: (t, steps) => {
      t.deepEqual(afterMark(entries(steps.map(({ legacy }) => legacy))), [
        native("getppid"),
        native("getuid"),
        native("getgid"),
        native("rt_sigreturn"),
        native("getpid"),
        native("exit_group"),
      ]);
    },
    info: (t, steps) => {
      const kinds = steps.flatMap(({ info, stop }) => {
        if (stop.kind.kind === "signal") return [`signal ${stop.kind.signal}`];
        if (!info || info.op === "none") return [];
        if (info.op === "exit") return [`exit ${info.value}`];
        if (info.op === "unknown") return ["unknown"];
        return [`${info.op} ${info.call?.name ?? info.nr}`];
      });
      const from = kinds.indexOf("entry 50001") + 2;
      const parent = kinds[from + 2] ?? "";
      t.regex(parent, /^exit \d+$/);
      t.deepEqual(kinds.slice(from, from + 8), [
        "entry getppid",
        "seccomp getppid",
        parent,
        "entry getuid",
        "exit -33",
        "entry getgid",
        // The filter's SIGSYS comes with the call rolled back.
        kinds[from + 6] ?? "",
        `signal ${signals.sys}`,
      ]);
    },
  },
);

// Dispatched calls never come to where a tracer would see them.
scenario("user_dispatch_is_invisible", async (t, scene) => {
  const { legacy, info, status } = await scene.trace("./hosted", "dispatched");
  if (status === 77 << 8)
    skip(
      "this kernel has no syscall user dispatch (5.11, where the way into calls is the generic one)",
    );
  t.is(status, 2 << 8, "the tracee had two calls dispatched");
  for (const said of [entries(legacy), entries(info)]) {
    if (said.length === 0) continue;
    const after = afterMark(said);
    t.false(after.includes(native("getppid")) || after.includes(native("getuid")));
    t.true(after.includes(native("getpid")));
  }
});
