import test from "ava";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { projectDir } from "../paths.ts";

const bin = path.join(projectDir, "build/harness/bin.js");

async function harness(...args: string[]) {
  const { exitCode, stdout, output } = await exec(process.execPath, [bin, ...args]);
  return { status: exitCode, stdout, said: output };
}

const wrong: readonly (readonly [args: string[], what: string, hint: string])[] = [
  [[], "no command given", "harness --help"],
  [["doktor"], 'there is no command "doktor"; did you mean "doctor"?', "harness --help"],
  [["xyzzy"], 'there is no command "xyzzy"', "harness --help"],
  [["doctor", "--foo"], "unknown option or argument: foo", "harness doctor --help"],
  [["doctor", "extra"], "unknown option or argument: extra", "harness doctor --help"],
  [["doctor", "--", "extra"], "unknown option or argument: extra", "harness doctor --help"],
  [["doctor", "--arch"], "--arch needs a value", "harness doctor --help"],
  [["doctor", "--arch", "--json"], "--arch needs a value", "harness doctor --help"],
  [["doctor", "--arch", ""], "--arch needs a value", "harness doctor --help"],
  [["doctor", "--arch=a", "--arch=b"], "--arch is given twice", "harness doctor --help"],
  [["show"], "arguments are missing (got 0, need at least 1)", "harness show --help"],
  [["list", "kernel"], 'topic cannot be "kernel"; it is one of "arches"', "harness list --help"],
  [["run", "--repeat", "x"], "--repeat needs a number", "harness run --help"],
  [["doctor", "--arch", "vax"], 'there is no architecture "vax"', "known: alpha, arm, arm64,"],
];
for (const [args, what, hint] of wrong) {
  test(`a wrong command line is status 2 and two lines: ${JSON.stringify(args)}`, async (t) => {
    const { status, stdout, said } = await harness(...args);
    t.is(status, 2);
    t.is(stdout, "");
    const [first, second, ...more] = said.split("\n");
    t.true(first?.startsWith(`error: ${what}`), first);
    t.true(second?.startsWith(`  try: ${hint}`), second);
    t.deepEqual(more, [""]);
  });
}

test("--version is package.json's and the commit", async (t) => {
  const { version } = JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as {
    version: string;
  };
  const { status, stdout } = await harness("--version");
  t.is(status, 0);
  t.regex(stdout, new RegExp(`^${version}( \\([0-9a-f]+(-dirty)?\\))?\n$`));
});

test("--help shows the commands and each command's help its examples", async (t) => {
  const all = await harness("--help");
  t.is(all.status, 0);
  t.regex(all.stdout, /harness doctor/);
  t.regex(all.stdout, /Exit status: 0 nothing wrong/);
  const one = await harness("doctor", "--help");
  t.is(one.status, 0);
  t.regex(one.stdout, /harness doctor --install/);
});

test("the shell completes commands, options, names on disk", async (t) => {
  const complete = async (...words: string[]) =>
    (await harness("--complete", "harness", ...words)).stdout.trim().split("\n");
  t.true((await complete("")).includes("doctor"));
  t.deepEqual(await complete("doct"), ["doctor"]);
  t.true((await complete("doctor", "--")).includes("--install"));
  t.deepEqual(await complete("doctor", "--arch", "x"), ["x86_64"]);
  t.deepEqual(await complete("doctor", "--arch", "=", "x"), ["x86_64"]);
  t.deepEqual(await complete("doctor", "--install", ""), await complete("doctor", ""));
});

test("the completion script works in bash", async (t) => {
  const { stdout } = await harness("completion");
  const script = `${stdout}
    COMP_WORDS=(harness doctor --arch x); COMP_CWORD=3; _harness_words; echo "\${COMPREPLY[@]}"; harness --version`;
  const result = await exec("bash", ["-c", script]);
  const [words, version] = result.stdout.split("\n");
  t.is(words, "x86_64");
  t.regex(version ?? "", /^\d+\.\d+/);
});

/** A command that waits for `signal`, run by the real main in a process of its own. */
async function stuck(onAbort: string, before = "") {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-main-"));
  const build = path.join(projectDir, "build/harness");
  await writeFile(
    path.join(dir, "stuck.mjs"),
    `import { runToExit } from ${JSON.stringify(path.join(build, "cli/main.js"))};
     import { defineCommand } from ${JSON.stringify(path.join(build, "cli/command.js"))};
     const stuck = defineCommand({
       command: "stuck", describe: "waits", options: (yargs) => yargs,
       run: async (_args, { signal, print, doneUntilInterrupted }) => {
         ${before}
         const timer = setInterval(() => {}, 1000);
         print("waiting");
         await new Promise((resolve) => signal.addEventListener("abort", resolve));
         ${onAbort}
       },
     });
     await runToExit(["stuck"], [stuck]);`,
  );
  const child = spawn(process.execPath, [path.join(dir, "stuck.mjs")]);
  let output = "";
  const waiting = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("waiting")) resolve();
      });
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await waiting;
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    said: async (text: string) => {
      while (!output.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    end: async () => {
      const status = await ended;
      await rm(dir, { recursive: true });
      return { status, output };
    },
  };
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} lets the command stop in order; the status is 3 whatever it returns`, async (t) => {
    const run = await stuck(`print("stopped in order"); return 0;`);
    run.kill(signal);
    const { status, output } = await run.end();
    t.is(status, 3);
    // On two streams, whose order nobody keeps.
    t.regex(output, /stopping in order/);
    t.regex(output, /stopped in order/);
  });
}

test("a command that has done its work and waits for Ctrl-C keeps its own status", async (t) => {
  for (const status of [0, 1]) {
    const run = await stuck(`return ${status};`, "doneUntilInterrupted();");
    run.kill("SIGINT");
    t.is((await run.end()).status, status);
  }
});

test("all that a command prints arrives, however slowly it is read; a reader that left holds up nobody", async (t) => {
  const bin = path.join(projectDir, "build/harness/bin.js");
  const kernels = Array.from({ length: 3000 }, (_, i) => ["--kernel", `release:5.${i}`]).flat();
  const words = [bin, "matrix", "--arch", "all", ...kernels, "--json"];
  for (const isRead of [true, false]) {
    const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    if (!isRead) {
      child.stdout.destroy();
      t.is(await ended, 0);
      continue;
    }
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    t.is(await ended, 0);
    t.true(text.length > 1 << 20, `${text.length} bytes`);
    t.is((JSON.parse(text) as { cells: unknown[] }).cells.length % 3000, 0);
  }
});

test("a second Ctrl-C ends a command that does not stop", async (t) => {
  const run = await stuck(`await new Promise(() => {});`);
  run.kill("SIGINT");
  await run.said("stopping in order");
  run.kill("SIGINT");
  t.is((await run.end()).status, 3);
});

test("what stopping breaks is said to be an interruption; a bug is still said to be a bug", async (t) => {
  const aborted = await stuck(`signal.throwIfAborted();`);
  aborted.kill("SIGINT");
  const first = await aborted.end();
  t.regex(first.output, /harness: interrupted/);
  t.notRegex(first.output, /bug/);
  const bug = await stuck(`null.x;`);
  bug.kill("SIGINT");
  t.regex((await bug.end()).output, /this is a bug in the harness/);
});

test("work that nobody goes on with is status 3, not 0", async (t) => {
  const run = await stuck(`clearInterval(timer); await new Promise(() => {});`);
  run.kill("SIGINT");
  const { status, output } = await run.end();
  t.is(status, 3);
  t.regex(output, /stopped in the middle of its work/);
});

test("an error nobody catches is status 3, not 1", async (t) => {
  const run = await stuck(
    `setTimeout(() => { throw new Error("late"); }, 0); await new Promise(() => {});`,
  );
  run.kill("SIGINT");
  const { status, output } = await run.end();
  t.is(status, 3);
  t.regex(output, /the harness itself failed: late/);
});
