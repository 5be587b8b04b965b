import test from "ava";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { compare } from "../model/compare.ts";
import { Failure } from "../model/failure.ts";
import { mutantsDir, shippedSeriesNames } from "../series.ts";
import { writeFiles } from "../testing/tree.ts";
import { kernelVersion } from "../testing/versions.ts";
import { killers, mutantFiles, mutatedSeries } from "./mutants.ts";

test("the folder of the kernel's own release is taken, and no other", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "mutants-"));
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFiles(dir, {
    "wait6/6.1/a.patch": "",
    "wait6/6.12/b.patch": "",
    "wait6/6.12/README": "",
    "wait6/7.2/c.patch": "",
  });
  const names = async (kernel: string) =>
    (await mutantFiles("wait6", kernelVersion(kernel), dir)).map((file) =>
      path.relative(dir, file),
    );
  t.deepEqual(await names("6.12.117"), ["wait6/6.12/b.patch"]);
  t.deepEqual(await names("7.2.0-rc1"), ["wait6/7.2/c.patch"]);
  for (const [series, kernel] of [
    ["wait6", "5.10"],
    ["wait6", "6.13.1"],
    ["other", "6.12"],
  ] as const) {
    const failure = await t.throwsAsync(mutantFiles(series, kernelVersion(kernel), dir), {
      instanceOf: Failure,
    });
    t.is(failure.reason, "no-mutants");
    t.is(failure.blame, "usage");
  }
});

test("a regression kills, and so does a complaint on the console; a mend does not", (t) => {
  const of = (baseline: "pass" | "fail", patched: "pass" | "fail", title?: string) =>
    killers(
      compare({
        series: "m",
        proves: [],
        control: false,
        baseline: [{ cases: [{ name: "s.p.a", verdict: baseline }], splats: [] }],
        patched: [
          {
            cases: [{ name: "s.p.a", verdict: patched }],
            splats: title === undefined ? [] : [{ kind: "warning", title, offset: 0 }],
          },
        ],
      }),
    );
  t.deepEqual(of("pass", "fail"), ["s.p.a"]);
  t.deepEqual(of("pass", "pass"), []);
  t.deepEqual(of("fail", "pass"), []);
  t.deepEqual(of("pass", "pass", "x"), ["warning: x"]);
});

test("what was never run, as the program ended at the first that noticed, has noticed nothing", (t) => {
  const of = (after: Readonly<Record<string, "pass" | "fail">>, splats: readonly string[] = []) =>
    killers(
      compare({
        series: "m",
        proves: [],
        control: false,
        baseline: [
          {
            cases: ["s.p.a", "s.p.b", "s.p.c"].map((name) => ({ name, verdict: "pass" as const })),
            splats: [],
          },
        ],
        patched: [
          {
            cases: Object.entries(after).map(([name, verdict]) => ({ name, verdict })),
            splats: splats.map((title) => ({ kind: "warning", title, offset: 0 })),
          },
        ],
      }),
    );
  t.deepEqual(of({ "s.p.a": "pass", "s.p.b": "fail" }), ["s.p.b"]);
  t.deepEqual(of({ "s.p.a": "pass" }, ["x"]), ["warning: x"]);
  // A kernel that silently loses cases is noticed by just that.
  t.deepEqual(of({ "s.p.a": "pass" }), ["s.p.b", "s.p.c"]);
});

test("each shipped mutant is of a shipped series and says what is wrong", async (t) => {
  const series = await mutatedSeries();
  t.true(series.length > 0);
  const known = await shippedSeriesNames();
  for (const name of series) {
    t.true(known.includes(name), name);
    const releases = (await readdir(path.join(mutantsDir, name))).map(kernelVersion);
    const files = await Promise.all(releases.map((release) => mutantFiles(name, release)));
    t.true(files.every((each) => each.length > 0));
    for (const file of files.flat()) {
      const subject = `Subject: [PATCH] ${path.basename(file, ".patch")}: `;
      t.true((await readFile(file, "utf8")).startsWith(subject), file);
    }
  }
});
