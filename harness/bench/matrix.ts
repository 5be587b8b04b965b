/**
 * `npm run bench:matrix`: twelve cells of two kernels each, with a make and guests that sleep for as
 * long as they are told. What is measured is what the harness adds to them.
 */
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { matrixRecordSchema } from "../model/matrix.ts";
import { Rig } from "../testing/rig.ts";
import { good, harmless, tap } from "../testing/runs.ts";
import { printFigures } from "./figure.ts";

const cells = 12;
const makeSeconds = 4;
/** Of each of two programs; a kernel's guest runs them one after the other. */
const programSeconds = 1;

const slow = [{ seconds: programSeconds }, ...tap("1..1", "ok 1 only")];
const commands = ["\\./one", "\\./two"].map((match) => ({ match, steps: slow }));
const rig = await Rig.make({ ...good, commands });
try {
  const makefile = await readFile(path.join(rig.tree, "Makefile"), "utf8");
  const names = Array.from({ length: cells }, (_, i) => `linux-${i}`);
  const trees: string[] = [];
  for (const [i, name] of names.entries()) {
    trees.push(
      await rig.copyTree(name, {
        "kernel/fork.c": `int fork; /* ${i} */\n`,
        Makefile: makefile.replace("vmlinux:\n", `vmlinux:\n\t@sleep ${makeSeconds}\n`),
      }),
    );
  }
  const [first = "", ...others] = trees;
  rig.kernel = `dir:${first}`;
  const patch = await harmless(rig);
  const started = performance.now();
  const kernels = others.flatMap((tree) => ["--kernel", `dir:${tree}`]);
  const { exitCode, resultsDir = "", output } = await rig.run("--patch", patch, ...kernels);
  const seconds = (performance.now() - started) / 1000;
  if (exitCode !== 0) throw new Error(output);
  const matrix = matrixRecordSchema.parse(
    JSON.parse(await readFile(path.join(resultsDir, "matrix.json"), "utf8")),
  );
  const ran = matrix.cells.filter(({ run }) => run !== undefined).length;
  if (ran !== cells) throw new Error(`${ran} cells were run`);
  // Kernels are built one at a time; the guests of all but the last one run beside that.
  const criticalPath = cells * 2 * makeSeconds + 2 * programSeconds;
  printFigures([
    {
      name: `${cells} cells / their critical path of ${criticalPath} s`,
      value: seconds / criticalPath,
      unit: "ratio",
      promised: 1.05,
    },
  ]);
} finally {
  await rm(rig.dir, { recursive: true, force: true });
}
