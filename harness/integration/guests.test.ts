import test from "ava";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Step } from "../testing/fake-qemu-scenario.ts";
import { Rig } from "../testing/rig.ts";
import { cases, harmless, tap } from "../testing/runs.ts";

/** How a kernel's programs are shared among guests; each is a whole run of the program. */

/** The names of the programs that the rig's kselftest brings. */
const programs = ["one", "two", "three", "four", "five", "six"];
const slowly: Step[] = [{ seconds: 0.5 }, ...tap("1..1", "ok 1 only")];

/** All programs pass on the baseline; on the patched kernel program two does what `two` says. */
async function sixPrograms(two: Step[]): Promise<Rig> {
  const commands = (steps: Step[]) =>
    programs.map((name) => ({ match: `\\./${name}`, steps: name === "two" ? steps : slowly }));
  const rig = await Rig.make({
    commands: commands(slowly),
    variants: [{ kernelContains: "patched", commands: commands(two) }],
  });
  await writeFile(
    path.join(rig.tree, "tools/testing/selftests/fake/names"),
    `${programs.join(" ")}\n`,
  );
  return rig;
}

test.serial(
  "when no kernel is left to build, two guests share a kernel's programs, each run once",
  async (t) => {
    const rig = await sixPrograms(slowly);
    t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
    const finished = await rig.run("--patch", await harmless(rig));
    const patched = finished.record?.kernels.find(({ label }) => label === "harmless");
    t.is(patched?.boots.length, 2, finished.output);
    t.true(patched?.boots.every((boot) => boot.repeat === 0 && boot.ktap.length > 0));
    const files = patched?.boots.flatMap((boot) => boot.ktap.map((file) => path.basename(file)));
    t.deepEqual(files?.toSorted(), programs.map((name) => `fake.${name}.log`).toSorted());
    for (const name of programs)
      t.is(cases(finished, "harmless")[`kselftest.fake.${name}.only`], "pass");
  },
);

test.serial(
  "one of two guests whose kernel does not survive a program: the others' programs are run",
  async (t) => {
    const rig = await sixPrograms([{ panic: "Attempted to kill init!" }]);
    t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
    const finished = await rig.run("--patch", await harmless(rig));
    t.is(finished.exitCode, 1, finished.output);
    const found = cases(finished, "harmless");
    t.is(found["kselftest.fake.two"], "crash");
    for (const name of programs.slice(2)) t.is(found[`kselftest.fake.${name}.only`], "pass");
  },
);
