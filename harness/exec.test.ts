import test from "ava";
import { spawn } from "node:child_process";
import { exec, LineSplitter, start } from "./exec.ts";

test("a command's output, exit status and log lines are kept", async (t) => {
  const lines: string[] = [];
  const result = await exec("sh", ["-c", "echo out; echo err >&2; exit 7"], {
    onLine: (line) => lines.push(line),
  });
  t.is(result.exitCode, 7);
  t.is(result.stdout, "out\n");
  t.deepEqual(lines.sort(), ["err", "out"]);
});

test("a command that does not exist is told from one that exits with 127", async (t) => {
  t.is((await exec("no-such-command-here", [])).spawnError, "ENOENT");
  const other = await exec("sh", ["-c", "exit 127"]);
  t.is(other.exitCode, 127);
  t.is(other.spawnError, undefined);
});

test("a time-out kills the whole group", async (t) => {
  const result = await exec("sh", ["-c", "sleep 60 & sleep 60"], { timeoutSeconds: 0.3 });
  t.true(result.timedOut);
  t.is(result.killedBy, "SIGKILL");
  t.true(result.seconds < 10);
});

test("stop() ends a command that ignores SIGTERM", async (t) => {
  const sleeper = start("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is((await sleeper.stop(0.2)).killedBy, "SIGKILL");
});

test("a command dies with a harness that is killed by SIGKILL", async (t) => {
  const script = `import { start } from ${JSON.stringify(new URL("exec.js", import.meta.url).href)};
    const p = start("sleep", ["1000"]); console.log(p.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const pid = await new Promise<number>((resolve) => {
    parent.stdout.once("data", (chunk: Buffer) => {
      resolve(Number(chunk.toString()));
    });
  });
  t.notThrows(() => process.kill(pid, 0));
  // setpriv needs a moment to ask for its death signal before it becomes the command.
  await new Promise((resolve) => setTimeout(resolve, 300));
  parent.kill("SIGKILL");
  const deadline = Date.now() + 5000;
  let alive = true;
  while (alive && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    alive = isRunning(pid);
  }
  t.false(alive);
});

test("lines are cut across chunks and bounded", (t) => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  splitter.push(Buffer.from("ab"));
  splitter.push(Buffer.from("c\r\nd\n\nlast"));
  splitter.end();
  t.deepEqual(lines, ["abc", "d", "", "last"]);
  splitter.push(Buffer.alloc(200_000, "x"));
  t.true(lines.length > 4);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
