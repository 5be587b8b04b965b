import test from "ava";
import { compareCalls, parseStrace } from "./strace-output.ts";

const output = `7418  [  59] execve(0x7ffd8ada5b20, 0x7ffd8ada6fd0, 0x7ffd8ada6ff8) = 0
7418  [  58] vfork( <unfinished ...>
7419  [100002] syscall_0x186a2(0, 0x7ffd) = -1 ENOSYS (Function not implemented)
7419  [ 231] exit_group(0)              = ?
7419  [ 231] +++ exited with 0 +++
7418  [  58] <... vfork resumed>)       = 0x1cfb
7418  [  58] --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7419} ---
7418  [  61] wait4(0x1cfb, 0, 0, 0 <unfinished ...>
7418  [  61] <... wait4 resumed>)     = 0x1cfb
7418  [5102] getgid()                   = -1 (errno 5102)
7418  [  34] pause( <unfinished ...>
7418  [  34] +++ killed by SIGKILL +++
`;

test("strace's lines as calls: in two halves, without a return, with errors", (t) => {
  t.deepEqual(
    parseStrace(output).map(({ pid, name, args, result, error }) => [
      pid,
      name,
      args.length,
      error ?? result ?? "?",
    ]),
    [
      [7418, "execve", 3, 0n],
      [7419, "syscall_0x186a2", 2, "ENOSYS"],
      [7419, "exit_group", 1, "?"],
      [7418, "vfork", 0, 0x1cfbn],
      [7418, "wait4", 4, 0x1cfbn],
      [7418, "getgid", 0, "errno 5102"],
      [7418, "pause", 0, "?"],
    ],
  );
});

const call = (pid: number, name: string, result: bigint, args: bigint[] = [], error?: string) => ({
  pid,
  nr: 1n,
  name,
  args,
  result,
  error,
});

test("the same calls of other processes agree; ids correspond by their order", (t) => {
  const judge = [call(10, "execve", 0n, [1n]), call(10, "fork", 11n), call(11, "getppid", 10n)];
  const ours = [call(20, "execve", 0n, [2n]), call(20, "fork", 25n), call(25, "getppid", 20n)];
  t.deepEqual(compareCalls(judge, ours, [5, 6]), { compared: 3, explained: [], differing: [] });
  const parents = [call(10, "execve", 0n), call(10, "getppid", 5n)];
  const other = [call(20, "execve", 0n), call(20, "getppid", 6n)];
  t.deepEqual(compareCalls(parents, other, [5, 6]).differing, []);
});

test("a number, a name, an argument, a result or a call too many is a difference", (t) => {
  const base = [call(1, "execve", 0n), call(1, "read", 3n, [1n])];
  const differs = (...ours: ReturnType<typeof call>[]) =>
    compareCalls(base, ours, [5, 6]).differing.length;
  t.is(differs(call(1, "execve", 0n), call(1, "read", 3n, [1n])), 0);
  t.is(differs(call(1, "execve", 0n), call(1, "write", 3n, [1n])), 1);
  t.is(differs(call(1, "execve", 0n), call(1, "read", 3n, [2n])), 1);
  t.is(differs(call(1, "execve", 0n), call(1, "read", 4n, [1n])), 1);
  t.is(differs(call(1, "execve", 0n), call(1, "read", -2n, [1n], "ENOENT")), 1);
  t.is(differs(call(1, "execve", 0n)), 1);
  t.is(differs(...base, call(1, "read", 3n, [1n])), 1);
});

test("what strace prints as a number because it cannot fail is explained", (t) => {
  const judge = [call(1, "execve", 0n), call(1, "getpid", 0xfffffffffffffff2n)];
  const ours = [call(1, "execve", 0n), call(1, "getpid", -14n, [], "EFAULT")];
  const { differing, explained } = compareCalls(judge, ours, [5, 6]);
  t.deepEqual(differing, []);
  t.is(explained.length, 1);
});
