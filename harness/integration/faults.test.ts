import test from "ava";
import { existsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Scenario } from "../testing/fake-qemu-scenario.ts";
import { readRecord, Rig } from "../testing/rig.ts";
import { rigsOfOneCache } from "../testing/rigs.ts";
import { blames, cases, eventually, good, harmless, patchedTwo, tap } from "../testing/runs.ts";
import { temporaryDir } from "../testing/tree.ts";

/** What the harness says and does when something goes wrong; each is a whole run of the program. */

const rigFor = rigsOfOneCache();

test.serial(
  "a compile error in the patched tree only is the series' fault, with the line",
  async (t) => {
    const rig = await rigFor(t);
    const finished = await rig.run(
      "--patch",
      await rig.patch("broken", "kernel/pid.c", "#error\n"),
    );
    t.is(finished.exitCode, 1, finished.output);
    t.deepEqual(blames(finished), ["series build-failed"]);
    t.regex(finished.record?.failures[0]?.evidence ?? "", /kernel\/pid\.c:1:2: error/);
  },
);

test.serial("a compile error in both trees is the baseline's fault", async (t) => {
  const rig = await rigFor(t);
  await writeFile(path.join(rig.tree, "kernel/exit.c"), "#error\n");
  const finished = await rig.run("--patch", await harmless(rig));
  t.is(finished.exitCode, 4);
  t.deepEqual(blames(finished), ["baseline build-failed"]);
});

for (const [knob, reason] of [
  ["KILL", "compiler-killed"],
  ["ENOSPC", "disk-full"],
] as const) {
  test.serial(`${reason} while the patched kernel is built is infra's fault`, async (t) => {
    const rig = await rigFor(t);
    const finished = await rig.run("--patch", await rig.patch(knob, "kernel/pid.c", `${knob}\n`));
    t.is(finished.exitCode, 3);
    t.deepEqual(blames(finished), [`infra ${reason}`]);
  });
}

test.serial("an option that olddefconfig drops is named, with who asked for it", async (t) => {
  const rig = await rigFor(t);
  await writeFile(path.join(rig.tree, "drops"), "CONFIG_KASAN=y\n");
  const finished = await rig.run("--patch", await harmless(rig), "--kconfig", "CONFIG_KASAN=y");
  t.is(finished.exitCode, 2, finished.output);
  t.deepEqual(blames(finished), ["usage option-dropped"]);
  t.regex(finished.record?.failures[0]?.evidence ?? "", /CONFIG_KASAN.*--kconfig/);
});

test.serial(
  "a patch that does not apply names patch, file and hunk, and costs no build",
  async (t) => {
    const rig = await rigFor(t);
    const patch = await harmless(rig);
    await writeFile(path.join(rig.tree, "kernel/pid.c"), "long other;\n");
    const finished = await rig.run("--patch", patch);
    t.is(finished.exitCode, 1, finished.output);
    t.is(finished.record?.failures[0]?.blame, "series");
    t.regex(JSON.stringify(finished.record?.failures[0]), /kernel\/pid\.c/);
  },
);

test.serial(
  "a kernel that panics in a case: a crash, and the rest runs on a fresh guest",
  async (t) => {
    const panics = [{ stdout: "KTAP version 1\n1..2\nok 1 first\n" }, { panic: "Oops in a case" }];
    const scenario: Scenario = {
      ...good,
      variants: [
        {
          kernelContains: "patched",
          commands: [
            { match: "\\./one", steps: panics },
            { match: "\\./two", steps: tap("1..1", "ok 1 only") },
          ],
        },
      ],
    };
    const rig = await rigFor(t, scenario);
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 1, finished.output);
    const found = cases(finished, "harmless");
    t.is(found["kselftest.fake.one.first"], "pass");
    t.true(Object.values(found).includes("crash"), JSON.stringify(found));
    t.is(found["kselftest.fake.two.only"], "pass");
    // Two boots for the suites; what confirms the crash comes on top.
    t.is(finished.record?.kernels[1]?.boots.filter((boot) => boot.repeat === 0).length, 2);
  },
);

test.serial(
  "a warning in a case fails nothing, but is a new splat and so a regression",
  async (t) => {
    const warns = [{ warn: "do_wait" }, ...tap("1..1", "ok 1 only")];
    const rig = await rigFor(t, patchedTwo({ match: "\\./two", steps: warns }));
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 1, finished.output);
    t.is(finished.record?.comparisons[0]?.newSplats.length, 1);
  },
);

test.serial("a test that hangs is timed out; the others run", async (t) => {
  const rig = await rigFor(t, patchedTwo({ match: "\\./two", steps: [{ hang: true }] }));
  const finished = await rig.run("--patch", await harmless(rig), "--timeout-scale", "0.2");
  t.is(finished.exitCode, 1, finished.output);
  t.is(cases(finished, "harmless")["kselftest.fake.two"], "timeout");
});

test.serial(
  "a plan that stops short, garbage and escapes: missing, and nothing raw gets out",
  async (t) => {
    const steps = [
      { stdout: "KTAP version 1\n1..3\nok 1 only\n\u001b[31mred\u0007\n" },
      { garbage: 4096, to: "stdout" as const },
    ];
    const rig = await rigFor(t, patchedTwo({ match: "\\./two", steps }));
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 1, finished.output);
    t.true(Object.values(cases(finished, "harmless")).includes("missing"));
    t.false(finished.output.includes("\u001b"));
  },
);

test.serial("100 MB of output are cut, and are the case's failure", async (t) => {
  const flood = { flood: 100 << 20, text: "ok again and again\n", to: "stdout" as const };
  const rig = await rigFor(t, patchedTwo({ match: "\\./two", steps: [flood] }));
  const finished = await rig.run("--patch", await harmless(rig));
  t.is(finished.exitCode, 1, finished.output.slice(-2000));
  const [failed] = Object.entries(cases(finished, "harmless")).filter(
    ([, verdict]) => verdict === "fail",
  );
  t.truthy(failed);
});

for (const [what, step] of [
  ["ssh lost while the kernel lives", { dropSsh: true }],
  ["QEMU killed by somebody", { killQemu: "SIGKILL" }],
] as const) {
  test.serial(
    `${what}: infra's fault, after another try, and no verdict on the kernel`,
    async (t) => {
      const rig = await rigFor(t, patchedTwo({ match: "\\./two", steps: [step] }));
      const finished = await rig.run("--patch", await harmless(rig));
      t.is(finished.exitCode, 3, finished.output);
      t.deepEqual(blames(finished), ["infra guest-lost"]);
      t.is(finished.record?.comparisons[0]?.verdict, "incomplete");
      t.is(finished.record?.kernels[1]?.boots.length, 2);
    },
  );
}

test.serial("a QEMU that does not start is infra's fault, with what it said", async (t) => {
  const rig = await rigFor(t);
  await rig.tool("qemu-system-x86_64", "echo 'qemu: cannot start' >&2; exit 1");
  const finished = await rig.run("--patch", await harmless(rig));
  t.is(finished.exitCode, 3, finished.output);
  t.regex(JSON.stringify(finished.record?.failures), /qemu: cannot start/);
});

test.serial("usage: what does not exist is said before anything is built", async (t) => {
  const rig = await rigFor(t);
  for (const args of [
    ["--arch", "pdp11"],
    ["--series", "no-such-series"],
    ["--suite", "no-such-suite"],
    ["--patch", "/dev/null"],
    ["--kconfig", "CONFIG_SMP=y", "--kconfig", "CONFIG_SMP=n"],
    ["--toolchain", "tcc"],
    ["--repeat", "0"],
  ]) {
    const finished = await rig.run(...args);
    t.is(finished.exitCode, 2, `${args.join(" ")}: ${finished.output}`);
    t.is(finished.record, undefined);
  }
});

test.serial(
  "SIGKILL: what was found is kept and marked, and the next run goes through",
  async (t) => {
    const rig = await rigFor(t, { commands: [{ match: "\\./one", steps: [{ hang: true }] }] });
    const patch = await harmless(rig);
    const running = rig.start("--patch", patch);
    const results = path.join(rig.dir, "results");
    const dir = await eventually(async () => {
      const [name] = await readdir(results).catch(() => []);
      const found = name === undefined ? undefined : path.join(results, name);
      const record =
        found === undefined ? undefined : await readRecord(found).catch(() => undefined);
      return record?.kernels.length ? found : undefined;
    });
    running.kill();
    await running.finished;
    t.is((await readRecord(dir)).status, "running");
    await rig.qemu(good);
    const next = await rig.run("--patch", patch);
    t.is(next.exitCode, 0, next.output);
  },
);

test.serial("Ctrl-C: guests and builds end, the run is marked interrupted, status 3", async (t) => {
  const rig = await rigFor(t, { commands: [{ match: "\\./one", steps: [{ hang: true }] }] });
  const running = rig.start("--patch", await harmless(rig));
  const results = path.join(rig.dir, "results");
  const dir = await eventually(async () => {
    const [name] = await readdir(results).catch(() => []);
    const file = name && path.join(results, name, "kernels/baseline/boot-0/ktap");
    return file && existsSync(file) ? path.join(results, name) : undefined;
  });
  const { exitCode } = await running.stop(20);
  t.is(exitCode, 3);
  t.is((await readRecord(dir)).status, "interrupted");
});

test.serial("two runs at once on one cache do not disturb each other", async (t) => {
  const own = await temporaryDir();
  t.teardown(() => rm(own, { recursive: true, force: true }));
  const [a, b] = [await Rig.make(good, own), await Rig.make(good, own)];
  const runs = await Promise.all(
    [a, b].map(async (rig) => rig.run("--patch", await harmless(rig))),
  );
  for (const finished of runs) t.is(finished.exitCode, 0, finished.output);
});
