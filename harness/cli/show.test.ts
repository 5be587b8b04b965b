import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import yargs from "yargs";
import { compare } from "../model/compare.ts";
import { repeatsOf } from "../model/compare-runs.ts";
import { Failure } from "../model/failure.ts";
import type { KernelRecord, RunRecord } from "../model/run.ts";
import type { CaseVerdict } from "../model/verdict.ts";
import { createRun, readRun, type RunFolder } from "../store.ts";
import type { Command } from "./command.ts";
import { compareCommand } from "./compare.ts";
import { showCommand } from "./show.ts";

const consoleText = "boot\n[1.0] wait6 begins\n[2.0] BUG: \u001b[2Junable to handle\nend\n";

function kernel(folder: RunFolder, label: string, verdict: CaseVerdict): KernelRecord {
  const from = consoleText.indexOf("[1.0]");
  return {
    label,
    fingerprint: "f",
    release: "6.12.117",
    cached: true,
    buildSeconds: 0,
    config: folder.config(label),
    buildLog: folder.buildLog(label),
    boots: [
      {
        repeat: 0,
        console: folder.console(label, 0),
        ktap: [],
        splats: [],
        cases: [
          { name: "wait6.basic.echild", verdict, console: [from, consoleText.indexOf("end")] },
          { name: "wait6.basic.other", verdict: "pass" },
        ],
      },
    ],
  };
}

/** A results folder with one run: a baseline that passes, and a patched kernel with `verdict`. */
async function storedRun(resultsDir: string, verdict: CaseVerdict): Promise<RunFolder> {
  const folder = await createRun({ resultsDir, arch: "x86_64", kernel: "6.12.117" });
  const kernels = [kernel(folder, "baseline", "pass"), kernel(folder, "wait6", verdict)] as const;
  for (const each of kernels) await folder.write(folder.console(each.label, 0), consoleText);
  const record: RunRecord = {
    schema: 1,
    id: folder.id,
    harness: "0.1.0",
    argv: ["run"],
    startedAt: "2026-01-01T00:00:00.000Z",
    seconds: 12,
    status: "complete",
    exitStatus: 1,
    arch: "x86_64",
    kernel: { spec: "apt:6.12", description: "Debian's", version: "6.12.117", identity: "i" },
    toolchain: "gcc 14",
    suites: ["wait6"],
    kernels: [...kernels],
    comparisons: [
      compare({
        series: "wait6",
        proves: [],
        control: false,
        baseline: repeatsOf(kernels[0]),
        patched: repeatsOf(kernels[1]),
      }),
    ],
    failures: [],
    timings: {},
  };
  await folder.save(record);
  return folder;
}

async function resultsDir(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-show-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a command line through the command alone. */
async function run(
  command: Command,
  argv: readonly string[],
): Promise<{ status: number; text: string; remarks: string }> {
  let text = "";
  let remarks = "";
  let status = -1;
  // As main does it: what a command throws is not for yargs, which would print its help.
  let thrown: unknown;
  const parser = yargs([...argv])
    .exitProcess(false)
    .strict();
  command.addTo(parser, async (work) => {
    try {
      status = await work({
        signal: new AbortController().signal,
        print: (line) => (text += `${line}\n`),
        remark: (line) => (remarks += `${line}\n`),
        doneUntilInterrupted: () => undefined,
      });
    } catch (reason) {
      thrown = reason;
    }
  });
  await parser.parseAsync();
  if (thrown instanceof Error) throw thrown;
  return { status, text, remarks };
}

test("show: the newest run's summary", async (t) => {
  const dir = await resultsDir(t);
  const folder = await storedRun(dir, "crash");
  const { status, text } = await run(showCommand, ["show", "latest", "--output", dir]);
  t.is(status, 0);
  t.true(text.startsWith(`${folder.id}: complete\n`));
  t.true(text.includes("wait6: REGRESSION"));
  t.true(text.includes("wait6.basic.echild  pass -> crash"));
});

test("show: a case with the part of the console that belongs to it", async (t) => {
  const dir = await resultsDir(t);
  await storedRun(dir, "crash");
  const { text } = await run(showCommand, ["show", "latest", "basic.echild", "--output", dir]);
  t.true(text.startsWith("wait6.basic.echild\n"));
  t.true(text.includes("baseline: pass"));
  t.true(text.includes("wait6: crash"));
  t.true(text.includes("  > [2.0] BUG: \\x1b[2Junable to handle"));
  t.false(text.includes("> boot"));
  t.false(text.includes("> end"));
});

test("show: the record as JSON", async (t) => {
  const dir = await resultsDir(t);
  const folder = await storedRun(dir, "fail");
  const { text } = await run(showCommand, ["show", folder.id, "--json", "--output", dir]);
  t.is((JSON.parse(text) as RunRecord).id, folder.id);
});

test("show: a case that is not there, with names like it", async (t) => {
  const dir = await resultsDir(t);
  await storedRun(dir, "fail");
  const failure = await t.throwsAsync(
    run(showCommand, ["show", "latest", "wait6.basic.echidl", "--output", dir]),
    { instanceOf: Failure },
  );
  t.is(failure.reason, "unknown-case");
  t.is(failure.blame, "usage");
  t.true(failure.hint?.startsWith("wait6.basic.echild"));
});

test("compare: what changed between two runs decides the exit status", async (t) => {
  const dir = await resultsDir(t);
  const good = await storedRun(dir, "pass");
  const bad = await storedRun(dir, "timeout");
  const forth = await run(compareCommand, ["compare", good.id, bad.id, "--output", dir]);
  t.is(forth.status, 1);
  t.true(forth.text.startsWith("baseline: no regression."));
  t.true(forth.text.includes("wait6.basic.echild  pass -> timeout"));
  const back = await run(compareCommand, ["compare", bad.dir, good.dir]);
  t.is(back.status, 0);
  t.true(back.text.includes("1 fixed"));
  const self = await run(compareCommand, ["compare", bad.dir, bad.dir, "--json"]);
  t.is(self.status, 0);
  t.is((JSON.parse(self.text) as unknown[]).length, 2);
});

test("compare: a run that is not there, and runs without a kernel in common", async (t) => {
  const dir = await resultsDir(t);
  const run1 = await storedRun(dir, "pass");
  const failure = await t.throwsAsync(run(compareCommand, ["compare", run1.dir, "nothing"]), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "unknown-run");
  const empty = await createRun({ resultsDir: dir, arch: "x86_64", kernel: "6.12.117" });
  await empty.save({ ...(await readRun(run1.dir)), id: empty.id, kernels: [], comparisons: [] });
  const nothing = await t.throwsAsync(run(compareCommand, ["compare", run1.dir, empty.dir]), {
    instanceOf: Failure,
  });
  t.is(nothing.reason, "nothing-to-compare");
});
