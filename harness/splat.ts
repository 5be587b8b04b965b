import type { Splat } from "./model/verdict.ts";

/** One kind of complaint: how its first line reads, and what its title is made of. */
interface Headline {
  readonly kind: Splat["kind"];
  readonly pattern: RegExp;
  /** The title without its place; the place is added as " in <function>". */
  readonly title: (match: RegExpExecArray) => string;
  /** The place, where the first line names it already. */
  readonly place?: (match: RegExpExecArray) => string | undefined;
  /** The title is complete: further lines are not read for a place. */
  readonly alone?: true;
  /** Also part of a longer complaint: says nothing new when one is under way. */
  readonly follows?: true;
}

/*
 * The kernel's complaints, most telling first. Anchored at the line's start (after the timestamp),
 * so that a user process that faults ("traps: a[1] general protection fault", "a[1]: segfault")
 * is not taken for the kernel. Formats of all releases since 4.19: WARN changed in 6.18, faults got
 * their "Oops: " in 6.10.
 */
const headlines: readonly Headline[] = [
  {
    kind: "panic",
    pattern: /^Kernel panic - not syncing: (.*)/,
    title: (m) => `Kernel panic: ${m[1] ?? ""}`,
    alone: true,
  },
  {
    kind: "kasan",
    pattern: /^BUG: (KASAN|KMSAN|KCSAN|KFENCE): (.+?)(?: in (\S+))?(?: \/ \S+)?$/,
    title: (m) => `${m[1] ?? ""}: ${m[2] ?? ""}`,
    place: (m) => m[3],
  },
  {
    kind: "ubsan",
    pattern: /^UBSAN: ([\w -]+?) in ([\w./-]+?):\d+(?::\d+)?$/,
    title: (m) => `UBSAN: ${m[1] ?? ""}`,
    place: (m) => m[2],
  },
  {
    kind: "oops",
    pattern:
      /^(?:BUG: )?(kernel NULL pointer dereference|[Uu]nable to handle (?:kernel |page )?[a-zA-Z -]*?)(?:,? (?:for |at (?:virtual )?)?address.*| at [0-9a-f]+.*| in user .*)?$/,
    title: (m) => (m[1] ?? "").replace(/^unable to handle /i, "").trim(),
  },
  {
    kind: "bug",
    pattern: /^kernel BUG at (\S+?):\d+!/,
    title: (m) => `kernel BUG at ${m[1] ?? ""}`,
  },
  {
    kind: "lockup",
    pattern: /^watchdog: BUG: (soft lockup|hard LOCKUP)|^Watchdog detected (hard LOCKUP)/i,
    title: (m) => m[1] ?? m[2] ?? "lockup",
  },
  { kind: "lockup", pattern: /^BUG: (workqueue lockup)/, title: (m) => m[1] ?? "", alone: true },
  {
    kind: "rcu-stall",
    pattern: /^(?:rcu: )?INFO: rcu\S* (?:self-)?detected (?:expedited )?stalls?/,
    title: () => "RCU stall",
  },
  {
    kind: "hung-task",
    pattern: /^INFO: task (\S+?):\d+ blocked (?:in I\/O wait )?for more than \d+ seconds/,
    title: (m) => `hung task ${m[1] ?? ""}`,
  },
  {
    kind: "lockdep",
    pattern:
      /^(?:WARNING|\[ BUG): (possible (?:circular|recursive|irq lock inversion)[a-z ]*|inconsistent lock state|suspicious RCU usage|bad unlock balance|lock held when returning to user space|held lock freed|still has locks held|Nested lock was not taken|[A-Z]+-safe -> [A-Z]+-unsafe lock order|Invalid wait context|bad contention)(?: detected)?/i,
    title: (m) => `lockdep: ${m[1] ?? ""}`.replace(/(?: dependency)? detected$/, ""),
  },
  {
    kind: "lockdep",
    pattern: /^INFO: (trying to register non-static key)/,
    title: (m) => `lockdep: ${m[1] ?? ""}`,
  },
  {
    kind: "lockdep",
    pattern: /^BUG: MAX_LOCK\w* too (?:low|small)|^BUG: MAX_STACK_TRACE_ENTRIES too low/,
    title: (m) => `lockdep: ${m[0].slice(5)}`,
    alone: true,
  },
  {
    kind: "warning",
    pattern: /^WARNING: CPU: \d+ PID: \d+ at (\S+?):\d+ (\S+)/,
    title: () => "WARNING",
    place: (m) => m[2],
  },
  {
    kind: "warning",
    pattern: /^WARNING: (\S+?):\d+ at (\S+?), CPU#\d+/,
    title: () => "WARNING",
    place: (m) => m[2],
  },
  // WARN of a kernel that was built without names of functions, or on another architecture.
  {
    kind: "warning",
    pattern: /^WARNING: .*? at (\S+?):\d+/,
    title: (m) => `WARNING at ${m[1] ?? ""}`,
  },
  {
    kind: "bug",
    pattern: /^BUG: (sleeping function called from invalid context) at (\S+?):\d+/,
    title: (m) => `BUG: ${m[1] ?? ""}`,
    place: (m) => m[2],
  },
  {
    kind: "bug",
    pattern: /^BUG: (scheduling while atomic|Bad page state|Bad page map|Bad rss-counter state)\b/,
    title: (m) => `BUG: ${m[1] ?? ""}`,
    alone: true,
  },
  { kind: "bug", pattern: /^BUG: (.+)/, title: (m) => `BUG: ${m[1] ?? ""}` },
  {
    kind: "oops",
    pattern:
      /^(?:Oops: )?(general protection fault|invalid opcode|divide error|stack segment|double fault|int3|bounds|alignment check|machine check|control protection|segment not present|invalid TSS|coprocessor [a-z ]+|VMM communication exception)\b.*\[#\d+\]/,
    title: (m) => m[1] ?? "",
    follows: true,
  },
  {
    kind: "oops",
    pattern: /^(?:Internal error: |Kernel )?(?:Oops|unhandled exception)(?:[ :-].*)?\[#\d+\]/,
    title: () => "Oops",
    follows: true,
  },
  {
    kind: "oom",
    pattern: /^Out of memory: Killed process \d+ \((.*?)\)/,
    title: (m) => `out of memory, killed ${m[1] ?? ""}`,
    alone: true,
  },
  {
    kind: "bug",
    pattern: /^kmemleak: \d+ new suspected memory leaks/,
    title: () => "kmemleak: suspected memory leaks",
    alone: true,
  },
];

/** Lines that say where the CPU was, by architecture; the first that names a function decides. */
const places: readonly RegExp[] = [
  /^RIP: [0-9a-f]+:(\S+\+0x\S+)/,
  /^(?:E|R)IP: (\S+\+0x\S+)/,
  /^pc : (\S+\+0x\S+)/,
  /^e?pc ?: (?:[0-9a-f]+ )?(\S+\+0x\S+)/,
  /^PC is at (\S+)/,
  /^NIP \[[0-9a-f]+\] (\S+)/,
  /^Krnl PSW : .*\((\S+\+0x\S+)\)/,
  /^TPC: <(\S+?)>/,
  // lockdep: the lock it is about, and where it is taken.
  /^.*\}(?:-\{\d+:\d+\})?, at: (?:\[<[^>]*>\] )?(\S+\+0x\S+)/,
  // suspicious RCU usage
  /^(\S+\.[ch]):\d+ suspicious /,
  // A line of a call trace that the unwinder vouches for (no "?").
  /^ (?:\[<[^>]*>\] )?([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+)/,
];

/** Functions that only carry a complaint; the interesting one is their caller. */
const plumbing =
  /^(?:__warn|warn_slowpath|report_bug|dump_stack|show_stack|dump_backtrace|refcount_warn_saturate|debug_print_object|__list_(?:add|del)|usercopy_abort|__fortify|fortify_panic|panic|__might_|print_|lockdep_|lock_acquire|__lock_acquire|check_|kasan_|__kasan|__asan|ubsan|__ubsan|context_switch|__schedule|schedule|io_schedule|__cond_resched|native_|asm_|sysvec_|handle_bug|exc_|queued_spin_lock|_raw_|mutex_lock|__mutex_lock|down_|rwsem_|wait_for_completion|__wait_for_common|do_wait_for_common|rt_mutex|delay_tsc|__delay|__const_udelay|preempt_schedule)/;

/** A complaint goes on for at most so many lines; after them it is handed on with what is known. */
const linesOfOneSplat = 80;

/**
 * Finds the kernel's complaints in console lines as they come. Titles name the complaint and the
 * function it is about, without addresses, line numbers, pids and CPUs, so that the same complaint
 * of two boots, or of two builds, has the same title.
 */
export class SplatDetector {
  readonly #onSplat: (splat: Splat) => void;
  #pending: { splat: Splat; place: string | undefined; lines: number } | undefined;

  constructor(onSplat: (splat: Splat) => void) {
    this.#onSplat = onSplat;
  }

  /** Takes one line without its newline, and the byte offset where it begins. */
  push(line: string, offset: number): void {
    const text = withoutPrefix(line);
    if (this.#pending) {
      this.#pending.lines += 1;
      if (text.startsWith("---[ end ") || this.#pending.lines > linesOfOneSplat) this.end();
    }
    for (const headline of headlines) {
      const match = headline.pattern.exec(text);
      if (!match) continue;
      if (this.#pending && headline.follows) return;
      this.end();
      this.#pending = {
        splat: { kind: headline.kind, title: normalise(headline.title(match)), offset },
        place: functionName(headline.place?.(match)),
        lines: 0,
      };
      if (headline.alone || this.#pending.place !== undefined) this.end();
      return;
    }
    if (!this.#pending) return;
    for (const pattern of places) {
      const place = functionName(pattern.exec(text)?.[1]);
      if (place === undefined) continue;
      this.#pending.place = place;
      this.end();
      return;
    }
  }

  /** Hands on a complaint that is under way: the console has ended, or another one begins. */
  end(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (!pending) return;
    const { splat, place } = pending;
    this.#onSplat(place === undefined ? splat : { ...splat, title: `${splat.title} in ${place}` });
  }
}

/** Finds all complaints of a whole console. */
export function findSplats(console: string): Splat[] {
  const splats: Splat[] = [];
  const detector = new SplatDetector((splat) => splats.push(splat));
  let offset = 0;
  for (const line of console.split("\n")) {
    detector.push(line.replace(/\r+$/, ""), offset);
    offset += Buffer.byteLength(line) + 1;
  }
  detector.end();
  return splats;
}

/**
 * Which complaint killed the kernel. A panic that only says that the kernel gives up after an oops
 * ("Fatal exception", "panic_on_warn set") is told by the oops before it.
 */
export function causeOfDeath(splats: readonly Splat[]): Splat | undefined {
  const last = splats.findLastIndex((splat) => splat.kind === "panic");
  const panic = splats[last];
  if (!panic) return undefined;
  const consequence =
    /Fatal exception|panic_on_(?:warn|oops) set|kasan\.fault|softlockup: hung|hung_task: blocked|RCU Stall/i;
  return consequence.test(panic.title) ? (splats[last - 1] ?? panic) : panic;
}

/** Takes off "<4>", "[   12.345678]", "[ T123]", "[  C0]". */
function withoutPrefix(line: string): string {
  return line.replace(/^(?:<\d+>)?(?:\[ *\d+\.\d+\] ?)?(?:\[ *[TC]\d+\] ?)?/, "");
}

/** "do_wait.isra.0+0x12/0x34" -> "do_wait"; undefined for plumbing and for bare addresses. */
function functionName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const name = text
    .replace(/\+0x.*$/, "")
    .replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, "")
    .replace(/,$/, "");
  if (!/^[A-Za-z_][\w./-]*$/.test(name) || plumbing.test(name)) return undefined;
  return name;
}

/** Takes out what differs between two boots. */
function normalise(title: string): string {
  return title
    .replace(/\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}\b/gi, (hex) =>
      title.includes("exitcode") ? hex : "ADDR",
    )
    .replace(/CPU#\d+|CPU:? \d+/g, "CPU")
    .replace(/\+ADDR(?:\/ADDR)?/g, "")
    .replace(/(\w\.[chS]):\d+/g, "$1")
    .replace(/\b([\w-]+)[:/]\d+(?:\/ADDR)?\b/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}
