import test from "ava";
import { mkdir, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { loadArches } from "../arch.ts";
import { Failure } from "../model/failure.ts";
import { loadSeries, shippedSeriesNames } from "../series.ts";
import { commits } from "../testing/commits.ts";
import { mustRun, writeFiles } from "../testing/tree.ts";
import { kernelVersion } from "../testing/versions.ts";

/** A patches folder with one series of two patches for 6.1 and one for 6.12. */
async function shipped() {
  const { dir, format } = await commits();
  const patches = path.join(dir, "patches");
  const series = path.join(patches, "wait6");
  await writeFiles(series, {
    "series.json": JSON.stringify({
      title: "wait: add wait6()",
      proposal: "https://example.org/wait6",
      control: false,
      suites: ["wait6"],
      proves: ["wait6.*"],
      description: "d",
    }),
  });
  await format("-o", path.join(series, "6.1"));
  await format("-o", path.join(series, "6.12"), "--no-cover-letter");
  for (const n of [2, 3])
    await mustRun("rm", [path.join(series, "6.12", `000${n}-kernel-add-new${n}-with-an.patch`)]);
  const read = async (name: string) =>
    (await loadSeries({ dir: patches, names: [name], notice: () => undefined }))[0];
  return { patches, series, read };
}

test("a shipped series: what it says, and the newest folder not newer than the kernel", async (t) => {
  const { patches, series, read } = await shipped();
  const wait6 = await read("wait6");
  t.like(wait6, {
    name: "wait6",
    title: "wait: add wait6()",
    suites: ["wait6"],
    proves: ["wait6.*"],
  });
  const origin = async (version: string) =>
    path.basename((await wait6?.patchesFor(kernelVersion(version)))?.origin ?? "");
  t.is(await origin("6.1"), "6.1");
  t.is(await origin("6.9.7"), "6.1");
  t.is(await origin("6.12.117"), "6.12");
  t.is(await origin("6.12-rc1"), "6.12");
  t.is(await origin("7.2"), "6.12");
  t.deepEqual(
    (await wait6?.patchesFor(kernelVersion("6.1.9")))?.patches.map(({ name }) => name.slice(0, 4)),
    ["0001", "0002", "0003"],
  );
  const failure = await t.throwsAsync(async () => wait6?.patchesFor(kernelVersion("5.10.200")), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "no-patches-for-kernel");
  t.is(failure.blame, "usage");
  t.is(failure.hint, "it has patches from these on: 6.1, 6.12");
  t.deepEqual(await shippedSeriesNames({ dir: patches }), ["wait6"]);
  t.true((await readdir(series)).includes("series.json"));
});

test("revisions: folders of a shipped series, or mailboxes of one title", async (t) => {
  const { patches, series, read } = await shipped();
  await mustRun("cp", ["-r", path.join(series, "6.12"), path.join(series, "new")]);
  await mkdir(path.join(series, "v1"));
  await mustRun("mv", [path.join(series, "new"), path.join(series, "v1", "6.12")]);
  const first = await read("wait6@v1");
  t.like(first, { name: "wait6@v1", revision: 1, proves: ["wait6.*"] });
  t.is((await first?.patchesFor(kernelVersion("6.12")))?.origin, path.join(series, "v1", "6.12"));
  const newer = await t.throwsAsync(async () => first?.patchesFor(kernelVersion("6.13")), {
    instanceOf: Failure,
  });
  t.is(newer.hint, "it has patches for: 6.12");
  t.deepEqual(await shippedSeriesNames({ dir: patches, revisions: true }), ["wait6@v1", "wait6"]);
  const failure = await t.throwsAsync(read("wait6@v7"), { instanceOf: Failure });
  t.is(failure.reason, "unknown-series");
  t.is(failure.hint, "there are: wait6@v1, wait6 (the newest)");
});

test("a kernel's folder may change what the series says of itself, and nothing else", async (t) => {
  const { series, read } = await shipped();
  const changes = { title: "wait: take wait6() away", control: true, proves: ["wait6.a.*"] };
  await writeFiles(path.join(series, "6.12"), { "series.json": JSON.stringify(changes) });
  const wait6 = await read("wait6");
  t.deepEqual((await wait6?.patchesFor(kernelVersion("6.12.1")))?.changes, changes);
  t.is((await wait6?.patchesFor(kernelVersion("6.1")))?.changes, undefined);
  await writeFiles(path.join(series, "6.12"), { "series.json": '{"proposal": "x"}' });
  const failure = await t.throwsAsync(async () => wait6?.patchesFor(kernelVersion("6.12")), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "bad-series");
});

test("what proves nothing is so of an architecture or of a range of kernels, not everywhere", async (t) => {
  const { series, read } = await shipped();
  const described = JSON.parse(await readFile(path.join(series, "series.json"), "utf8")) as object;
  const withException = async (where: object) => {
    const except = [{ cases: ["wait6.a.*"], because: "it has none", ...where }];
    await writeFiles(series, { "series.json": JSON.stringify({ ...described, except }) });
    return { except, wait6: await read("wait6") };
  };
  for (const where of [
    { arches: ["riscv64"] },
    { kernel: { before: "5.9" } },
    { arches: ["sh4"], kernel: { from: "5.11", before: "6.12" }, warnings: ["WARNING in x"] },
  ]) {
    const { except, wait6 } = await withException(where);
    t.deepEqual(wait6?.except, except);
  }
  for (const [where, said] of [
    [{}, /an exception is of some architectures, or of some kernels/],
    [{ kernel: {} }, /an exception is of some architectures, or of some kernels/],
    [{ kernel: { before: "next" } }, /before.*no version|no version.*before/s],
    [{ kernel: { until: "5.9" } }, /until/],
  ] as const) {
    const failure = await t.throwsAsync(withException(where), { instanceOf: Failure });
    t.is(failure.reason, "bad-series");
    t.regex(failure.evidence ?? "", said);
  }
});

test("an unknown series is the user's fault, with those that there are", async (t) => {
  const { read } = await shipped();
  const failure = await t.throwsAsync(read("wiat6"), { instanceOf: Failure });
  t.is(failure.reason, "unknown-series");
  t.is(failure.blame, "usage");
  t.regex(failure.hint ?? "", /did you mean wait6\? known: wait6/);
  await t.throwsAsync(read("../wait6"), { instanceOf: Failure });
});

test("a series.json or a folder of patches that is wrong says where and what", async (t) => {
  const { series, read } = await shipped();
  await mustRun("rm", [path.join(series, "6.1", "0002-kernel-add-new2-with-an.patch")]);
  const gap = await t.throwsAsync(
    async () => (await read("wait6"))?.patchesFor(kernelVersion("6.1")),
    {
      instanceOf: Failure,
    },
  );
  t.is(gap.reason, "bad-series");
  t.regex(gap.evidence ?? "", /0001-.*\n0003-/);
  await writeFiles(series, { "series.json": '{"title": "x", "contrl": true}' });
  const key = await t.throwsAsync(read("wait6"), { instanceOf: Failure });
  t.is(key.reason, "bad-series");
  t.regex(key.evidence ?? "", /contrl/);
  await writeFiles(series, { "series.json": "{" });
  await t.throwsAsync(read("wait6"), { instanceOf: Failure, message: /series\.json/ });
});

test("every series that ships is sound: it is described, and its patches can be read", async (t) => {
  // alpha is told of before it has a descriptor.
  const known = ["alpha", ...(await loadArches()).map(({ name }) => name)];
  for (const name of await shippedSeriesNames()) {
    const [series] = await loadSeries({ names: [name], notice: () => undefined });
    t.true((series?.proves.length ?? 0) > 0, name);
    for (const { arches = [] } of [...(series?.except ?? []), ...(series?.unfit ?? [])])
      for (const arch of arches) t.true(known.includes(arch.replace(/^!/, "")), arch);
    for (const version of ["5.2", "5.3", "6.1", "6.12"]) {
      const set = await series?.patchesFor(kernelVersion(version));
      t.true((set?.patches.length ?? 0) > 0, `${name} for ${version}`);
    }
  }
  t.pass();
});
