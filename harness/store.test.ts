import { spawn } from "node:child_process";
import { execFileSync } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, writeFile, chmod } from "node:fs/promises";
import { once } from "node:events";
import os from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { shellQuoted } from "./model/escape.ts";
import { Failure } from "./model/failure.ts";
import type { RunRecord } from "./model/run.ts";
import { createRun, findRun, listRuns, readConsole, readRun } from "./store.ts";

async function temporary(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-store-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function record(id: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 1,
    id,
    harness: "0.1.0",
    argv: ["run"],
    startedAt: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    status: "complete",
    exitStatus: 0,
    arch: "x86_64",
    kernel: { spec: "apt:6.12", description: "", version: "6.12.117", identity: "x" },
    toolchain: "gcc",
    suites: [],
    kernels: [],
    comparisons: [],
    failures: [],
    timings: {},
    ...more,
  };
}

const newRun = (resultsDir: string) =>
  createRun({ resultsDir, arch: "x86_64", kernel: "6.12.117" });

test("runs made at once never collide, and are listed in order", async (t) => {
  const dir = await temporary(t);
  const runs = await Promise.all(Array.from({ length: 50 }, () => newRun(dir)));
  t.is(new Set(runs.map((run) => run.dir)).size, 50);
  t.regex(runs[0]?.id ?? "", /^\d{8}T\d{6}Z-x86_64-6\.12\.117-[0-9a-f]{4}$/);
  await Promise.all(runs.map((run) => run.save(record(run.id))));
  const listed = (await listRuns(dir)).map((run) => run.id);
  t.deepEqual(listed, runs.map((run) => run.id).sort());
});

test("a saved record is read as it was", async (t) => {
  const run = await newRun(await temporary(t));
  const saved = record(run.id, {
    failures: [{ reason: "x", blame: "suite", what: "\u001b[31m\0" }],
  });
  await run.save(saved);
  t.deepEqual(await readRun(run.dir), saved);
});

test("saves take effect in their order, and readers never see a part", async (t) => {
  const run = await newRun(await temporary(t));
  await run.save(record(run.id, { seconds: 0 }));
  const saves = Array.from({ length: 30 }, (_, i) => run.save(record(run.id, { seconds: i + 1 })));
  let last = 0;
  for (let i = 0; i < 20; i++) {
    const { seconds } = await readRun(run.dir);
    t.true(seconds >= last);
    last = seconds;
  }
  await Promise.all(saves);
  t.is((await readRun(run.dir)).seconds, 30);
});

test("a run under way reads as running; one whose process was killed as interrupted", async (t) => {
  const dir = await temporary(t);
  const mine = await newRun(dir);
  await mine.save(record(mine.id, { status: "running" }));
  t.is((await readRun(mine.dir)).status, "running");

  const script = `import { createRun } from ${JSON.stringify(new URL("store.js", import.meta.url).href)};
    const run = await createRun(${JSON.stringify({ resultsDir: dir, arch: "x86_64", kernel: "6.1" })});
    await run.save({ ...${JSON.stringify(record("killed", { status: "running", seconds: 7 }))}, id: run.id });
    console.log(run.dir); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  const theirs = output.toString().trim();
  t.is((await readRun(theirs)).status, "running");
  child.kill("SIGKILL");
  await once(child, "exit");
  const left = await readRun(theirs);
  t.is(left.status, "interrupted");
  t.is(left.seconds, 7);
});

test("another process that got the writer's pid does not keep a record alive", async (t) => {
  const run = await newRun(await temporary(t));
  await run.save(record(run.id, { status: "running" }));
  const file = run.absolute("run.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/"startTicks": "\d+"/, '"startTicks": "1"'));
  t.is((await readRun(run.dir)).status, "interrupted");
  await writeFile(file, text.replace(/"bootId": "[^"]+"/, '"bootId": "another"'));
  t.is((await readRun(run.dir)).status, "interrupted");
});

async function failure(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error("it did not fail");
}

test("records that cannot be read say why", async (t) => {
  const dir = await temporary(t);
  const run = await newRun(dir);
  t.is((await failure(readRun(run.dir))).reason, "run-record-missing");
  await run.save(record(run.id));
  const file = run.absolute("run.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.slice(0, 100));
  const cut = await failure(readRun(run.dir));
  t.is(cut.reason, "run-record-corrupt");
  t.is(cut.blame, "infra");
  await writeFile(file, text.replace('"complete"', '"splendid"'));
  t.regex((await failure(readRun(run.dir))).evidence ?? "", /^status: /);
  await writeFile(file, text.replace('"schema": 1', '"schema": 99'));
  const newer = await failure(readRun(run.dir));
  t.is(newer.reason, "run-record-newer");
  t.regex(newer.what, /schema 99/);
  await writeFile(file, "null");
  t.is((await failure(readRun(run.dir))).reason, "run-record-corrupt");
});

test("a run is found by id, the beginning of one, path, record and `latest`", async (t) => {
  const dir = await temporary(t);
  for (const id of ["2026-a1", "2026-a2", "2026-a22"]) {
    await mkdir(path.join(dir, id));
    await writeFile(path.join(dir, id, "run.json"), JSON.stringify(record(id)));
  }
  await mkdir(path.join(dir, "zzz-no-run"));
  t.is((await findRun("2026-a1", dir)).id, "2026-a1");
  t.is((await findRun("2026-a2", dir)).id, "2026-a2");
  t.is((await findRun("latest", dir)).id, "2026-a22");
  t.is((await findRun(path.join(dir, "2026-a1"), "/nowhere")).id, "2026-a1");
  t.is((await findRun(path.join(dir, "2026-a1/run.json"), "/nowhere")).id, "2026-a1");
  const ambiguous = await failure(findRun("2026", dir));
  t.is(ambiguous.reason, "ambiguous-run");
  t.is(ambiguous.blame, "usage");
  t.is((await failure(findRun("1999", dir))).reason, "unknown-run");
  t.is((await failure(findRun("", dir))).reason, "unknown-run");
  t.is((await failure(findRun("latest", path.join(dir, "none")))).reason, "unknown-run");
});

test("labels never leave the run's folder nor share one", async (t) => {
  const run = await newRun(await temporary(t));
  t.is(run.config("baseline"), "kernels/baseline/config");
  t.is(
    run.ktap("wait6", 0, "wait6", "basic", "x32"),
    "kernels/wait6/boot-0/ktap/wait6/basic@x32.log",
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      const paths = [run.console(one, 0), run.console(other, 0)] as const;
      for (const each of paths) {
        t.regex(each, /^kernels\/[A-Za-z0-9._@+-]+\/boot-0\/console\.log$/);
        t.false(each.includes("/../") || each.includes("/./"));
      }
      if (one !== other) t.not(paths[0], paths[1]);
    }),
  );
  for (const label of ["..", ".", "", "../../etc", "a/b"]) {
    t.true(run.absolute(run.config(label)).startsWith(`${run.dir}/kernels/`));
    t.is(path.dirname(path.dirname(run.config(label))), "kernels");
  }
});

test("reproduce.sh gives the harness the very arguments", async (t) => {
  const dir = await temporary(t);
  const run = await newRun(dir);
  const args = ["run", "--patch", "it's a $HOME `x`\n*.patch", "--kconfig", "CONFIG_X=y", ""];
  await run.writeReproduce(args);
  // A project folder whose harness prints what it is given.
  const fake = path.join(dir, "fake $(project)");
  await mkdir(path.join(fake, "build/harness"), { recursive: true });
  await mkdir(path.join(fake, "node_modules"));
  await writeFile(path.join(fake, "package.json"), '{"type":"module"}');
  await writeFile(
    path.join(fake, "build/harness/bin.js"),
    "console.log(JSON.stringify(process.argv.slice(2)))",
  );
  const output = execFileSync(run.absolute("reproduce.sh"), ["--repeat", "3"], {
    env: { ...process.env, HARNESS_DIR: fake },
    encoding: "utf8",
  });
  t.deepEqual(JSON.parse(output), [...args, "--repeat", "3"]);
});

test("a shell takes quoted words as they are", (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 }), (words) => {
      const clean = words.map((word) => word.replace(/\0/g, ""));
      const script = `printf '%s\\0' ${clean.map(shellQuoted).join(" ")}`;
      const output = execFileSync("sh", ["-c", script], { encoding: "utf8" });
      t.deepEqual(output.split("\0").slice(0, -1), clean.length ? clean : [""]);
    }),
    { numRuns: 30 },
  );
});

test("a part of a console is read, and only from the run's folder", async (t) => {
  const dir = await temporary(t);
  const run = await newRun(dir);
  const relative = run.console("baseline", 0);
  await run.write(relative, "0123456789");
  t.is((await readConsole(run.dir, relative, [2, 5]))?.toString(), "234");
  t.is((await readConsole(run.dir, relative))?.length, 10);
  await writeFile(path.join(dir, "secret"), "x");
  t.is(await readConsole(run.dir, "../secret"), undefined);
  t.is(await readConsole(run.dir, "gone.log"), undefined);
});

test("results that cannot be written are the host's fault", async (t) => {
  const dir = await temporary(t);
  const file = path.join(dir, "file");
  await writeFile(file, "");
  const failed = await failure(newRun(path.join(file, "results")));
  t.is(failed.reason, "results-not-writable");
  t.is(failed.blame, "infra");
  t.regex(failed.hint ?? "", /--output/);
  await chmod(dir, 0o700);
});

test("a run sorts after those that are there, even when the clock went back", async (t) => {
  const resultsDir = await temporary(t);
  const year = new Date().getUTCFullYear() + 1;
  await mkdir(path.join(resultsDir, `${year}0315T120000Z-x86_64-6.12-0000`));
  await mkdir(path.join(resultsDir, "99999999T999999Z-no-time"));
  const request = { resultsDir, arch: "x86_64", kernel: "6.12" };
  const ids = [(await createRun(request)).id, (await createRun(request)).id];
  t.true(ids[0]?.startsWith(`${year}0315T120001Z-`));
  t.true(ids[1]?.startsWith(`${year}0315T120002Z-`));
});
