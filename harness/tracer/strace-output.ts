/** A call as `strace -f -n -e raw=all` prints it, or as an interpreter tells it. */
export interface JudgedCall {
  readonly pid: number;
  /** With the bit of x32, if it has that. */
  readonly nr: bigint;
  readonly name: string;
  readonly args: readonly bigint[];
  /** undefined: it never returned. Of an error, -1 or the negated errno. */
  readonly result: bigint | undefined;
  /** A name such as "ENOENT", where the result is an error. */
  readonly error: string | undefined;
}

interface Unfinished {
  readonly nr: bigint;
  readonly name: string;
  readonly args: readonly bigint[];
}

/** Reads strace's output file; signals, ends and whatever else is no call is left out. */
export function parseStrace(text: string): JudgedCall[] {
  const calls: JudgedCall[] = [];
  const unfinished = new Map<number, Unfinished>();
  for (const line of text.split("\n")) {
    const match = /^(\d+) +\[ *(-?\d+|\?+)\] (.*)$/.exec(line);
    if (!match) continue;
    const pid = Number(match[1]);
    const rest = match[3] ?? "";
    if (rest.startsWith("+++") || rest.startsWith("---")) {
      const open = unfinished.get(pid);
      if (rest.startsWith("+++") && open)
        calls.push({ pid, ...open, result: undefined, error: undefined });
      if (rest.startsWith("+++")) unfinished.delete(pid);
      continue;
    }
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    if (resumed) {
      const open = unfinished.get(pid);
      unfinished.delete(pid);
      const [args, result] = split(resumed[2] ?? "");
      if (open)
        calls.push({ pid, ...open, args: [...open.args, ...numbers(args)], ...resultOf(result) });
      continue;
    }
    const call = /^(\w+)\((.*)$/.exec(rest);
    if (!call) continue;
    const begun = {
      nr: BigInt(match[2]?.startsWith("?") ? -1 : (match[2] ?? -1)),
      name: call[1] ?? "",
    };
    const body = call[2] ?? "";
    if (body.includes("<unfinished ...>")) {
      unfinished.set(pid, { ...begun, args: numbers(body.replace(/<unfinished.*/, "")) });
      continue;
    }
    const [args, result] = split(body);
    calls.push({ pid, ...begun, args: numbers(args), ...resultOf(result) });
  }
  return calls;
}

/** "0x1, 0x2) = 3" */
function split(text: string): [string, string] {
  const at = text.lastIndexOf(")", text.lastIndexOf(" = "));
  return [text.slice(0, at), text.slice(text.lastIndexOf(" = ") + 3)];
}

function numbers(text: string): bigint[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => /^(0x[0-9a-f]+|\d+)$/.test(word))
    .map((word) => BigInt(word));
}

function resultOf(text: string): { result: bigint | undefined; error: string | undefined } {
  const error = /^(?:-1|\?) (E\w+|\w+ \(errno \d+\))/.exec(text)?.[1];
  if (error !== undefined) return { result: -1n, error };
  // One that has no name.
  const errno = /^-1 \((errno \d+)\)/.exec(text)?.[1];
  if (errno !== undefined) return { result: -1n, error: errno };
  const value = /^(0x[0-9a-f]+|-?\d+)/.exec(text)?.[1];
  return { result: value === undefined ? undefined : BigInt(value), error: undefined };
}

/** How two accounts of the same program differ; the numbers of processes are another each time. */
export interface Agreement {
  readonly compared: number;
  /** Those that differ for a reason that is known and no mistake of either, by that reason. */
  readonly explained: readonly string[];
  readonly differing: readonly string[];
}

/**
 * Compares call by call. `tracers`: the process ids of the two tracers, which are their tracees'
 * parents. Not compared are the arguments of the first execve(): they lie in the tracer's own memory.
 */
export function compareCalls(
  judge: readonly JudgedCall[],
  ours: readonly JudgedCall[],
  tracers: readonly [judge: number, ours: number],
): Agreement {
  const theirs = byProcess(judge);
  const mine = byProcess(ours);
  const same = samePid(theirs, mine, tracers);
  const differing: string[] = [];
  const explained: string[] = [];
  let compared = 0;
  for (let at = 0; at < Math.max(theirs.length, mine.length); at++) {
    const left = theirs[at] ?? [];
    const right = mine[at] ?? [];
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      compared++;
      const [one, other] = [left[index], right[index]];
      const isFirst = at === 0 && index === 0;
      if (one && other && isNeverFailing(one, other))
        explained.push(`${one.name}: strace knows it for a call that never fails`);
      else if (!one || !other || !isSame(one, other, same, isFirst))
        differing.push(`${shown(one)} | ${shown(other)}`);
    }
  }
  return { compared, explained, differing };
}

/** Calls by process, in the order in which these were made: their numbers rise. */
function byProcess(calls: readonly JudgedCall[]): JudgedCall[][] {
  const pids = [...new Set(calls.map(({ pid }) => pid))].sort((a, b) => a - b);
  return pids.map((pid) => calls.filter((call) => call.pid === pid));
}

type Same = (one: bigint, other: bigint) => boolean;

/** Equal values, or the numbers of processes that correspond. */
function samePid(
  theirs: readonly JudgedCall[][],
  mine: readonly JudgedCall[][],
  [judge, ours]: readonly [number, number],
): Same {
  const place = (processes: readonly JudgedCall[][], value: bigint) =>
    processes.findIndex(([first]) => first !== undefined && BigInt(first.pid) === value);
  return (one, other) => {
    if (one === other || (one === BigInt(judge) && other === BigInt(ours))) return true;
    const at = place(theirs, one);
    return at >= 0 && at === place(mine, other);
  };
}

function isSame(one: JudgedCall, other: JudgedCall, same: Same, isFirst: boolean): boolean {
  if (one.name !== other.name || one.nr !== other.nr || one.error !== other.error) return false;
  const isSameArgs =
    one.args.length === other.args.length &&
    one.args.every((value, index) => same(value, other.args[index] ?? -1n));
  if (!isFirst && !isSameArgs) return false;
  if (one.error !== undefined) return true;
  if (one.result === undefined || other.result === undefined) return one.result === other.result;
  return same(one.result, other.result);
}

/** strace has a list of calls that cannot fail, and prints any result of theirs as a number. */
function isNeverFailing(one: JudgedCall, other: JudgedCall): boolean {
  const { name, error, result } = one;
  return (
    name === other.name &&
    error === undefined &&
    other.error !== undefined &&
    result !== undefined &&
    BigInt.asIntN(64, result) === other.result
  );
}

function shown(call: JudgedCall | undefined): string {
  if (!call) return "(none)";
  const args = call.args.map((value) => `0x${value.toString(16)}`).join(", ");
  return `[${call.nr}] ${call.name}(${args}) = ${call.error ?? call.result ?? "?"}`;
}
