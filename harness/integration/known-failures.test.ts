import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { caseHistory } from "../history.ts";
import { Rig } from "../testing/rig.ts";
import { blames, cases, good, patchedTwo, tap } from "../testing/runs.ts";

async function known(t: ExecutionContext, expires: string): Promise<{ rig: Rig; args: string[] }> {
  const rig = await Rig.make(patchedTwo({ match: "\\./two", steps: tap("1..1", "not ok 1 only") }));
  t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
  const file = path.join(rig.dir, "known.json");
  const entry = {
    case: "kselftest.fake.two.*",
    reason: "on purpose",
    link: "https://example.org/1",
    expires,
  };
  await writeFile(file, JSON.stringify([entry]));
  const patch = await rig.patch("p", "kernel/pid.c", "int pid; /* patched */\n");
  return { rig, args: ["--patch", patch, "--known-failures", file] };
}

test.serial("a regression that is a known failure is told, and the run is clean", async (t) => {
  const { rig, args } = await known(t, "2999-01-01");
  const finished = await rig.run(...args);
  t.is(finished.exitCode, 0, finished.output);
  t.is(cases(finished, "p")["kselftest.fake.two.only"], "fail");
  const [comparison] = finished.record?.comparisons ?? [];
  const two = comparison?.cases.find(({ name }) => name === "kselftest.fake.two.only");
  t.like(two, { transition: "regression", known: { reason: "on purpose" } });
  // Without the entry it is the series' fault.
  const without = await rig.run(...args.slice(0, 2), "--fresh");
  t.is(without.exitCode, 1);
  // The two runs' kernels were tested alike, and agree.
  const { histories } = await caseHistory(path.join(rig.dir, "results"), "two.only", {
    series: "p",
  });
  t.is(histories[0]?.flakiness?.score, 0);
});

test.serial("an entry that has expired fails the run, whatever else it finds", async (t) => {
  const { rig, args } = await known(t, "2020-01-01");
  const expired = await rig.run(...args);
  t.is(expired.exitCode, 3);
  t.deepEqual(blames(expired), ["suite known-failure-expired"]);
  await rig.guests(good);
  t.is((await rig.run(...args)).exitCode, 3);
});
