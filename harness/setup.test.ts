import test, { type ExecutionContext } from "ava";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "./exec.ts";
import { projectDir } from "./paths.ts";

/** npm as set-up sees it: `ci` puts the compiler there and writes npm's record. */
const npm = `echo "npm $*" >>$P/log
[ -e $P/npm-fails ] && { echo "npm error network is down" >&2; exit 1; }
rm -rf $P/node_modules; mkdir $P/node_modules
ln -s ${projectDir}/node_modules/typescript $P/node_modules/typescript
cp $P/record.json $P/node_modules/.package-lock.json`;

/** Stands for harness/bin.ts: says how it was called. */
const bin = `declare const process: { argv: string[]; exitCode: number };
declare const console: { log(text: string): void };
console.log(process.argv.slice(2).join(" "));
export {};
`;

/** A project of one source and one package, around the real setup.mjs. */
async function project(t: ExecutionContext) {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-setup-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const file = (name: string) => path.join(dir, name);
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  };
  const lock = (integrity: string) => {
    const needed = { "node_modules/typescript": { version: "6.0.3", integrity } };
    const optional = { version: "1.0.0", integrity: "sha512-o", optional: true };
    const packages = { "": { name: "p" }, ...needed, "node_modules/for-another-system": optional };
    write("package-lock.json", JSON.stringify({ packages }));
    // npm's own record has what it installed.
    write("record.json", JSON.stringify({ packages: needed }));
  };
  lock("sha512-a");
  mkdirSync(file("setup"));
  copyFileSync(path.join(projectDir, "setup/setup.mjs"), file("setup/setup.mjs"));
  write("package.json", '{"type":"module"}');
  const compilerOptions = {
    rootDir: ".",
    outDir: "build",
    module: "nodenext",
    incremental: true,
    tsBuildInfoFile: "build/.tsbuildinfo",
    types: [],
    lib: ["es5"],
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["harness"] }));
  write("harness/bin.ts", bin);
  write("harness/extra.ts", "export const extra = 1;\n");
  write("bin/npm", `#!/bin/sh\nP=${dir}\n${npm}\n`);
  chmodSync(file("bin/npm"), 0o755);
  return {
    file,
    write,
    lock,
    setUp: async (...nodeOptions: string[]) => {
      rmSync(file("log"), { force: true });
      const result = await exec(process.execPath, [...nodeOptions, file("setup/setup.mjs")], {
        // As a stranger's shell: not inside npm, npm found on PATH.
        env: {
          PATH: `${file("bin")}:${process.env["PATH"] ?? ""}`,
          npm_execpath: undefined,
          NODE_V8_COVERAGE: undefined,
        },
      });
      const npmRan = existsSync(file("log")) ? readFileSync(file("log"), "utf8") : "";
      return { status: result.exitCode, said: result.output, npmRan, seconds: result.seconds };
    },
  };
}

const nothingToDo = "doctor --install --quiet\n";

test("a fresh clone: npm ci, tsc, doctor; then nothing but doctor", async (t) => {
  const p = await project(t);
  const first = await p.setUp();
  t.is(first.status, 0, first.said);
  t.regex(first.npmRan, /^npm ci --include=dev --ignore-scripts /);
  t.regex(
    first.said,
    /^set-up: npm ci: 2 packages.*\nset-up: compiling harness.*\n(set-up: {3}still.*\n)*doctor/,
  );
  const second = await p.setUp();
  t.deepEqual([second.status, second.said, second.npmRan], [0, nothingToDo, ""]);
});

test("another package-lock.json, and a package that is gone, are installed", async (t) => {
  const p = await project(t);
  await p.setUp();
  p.lock("sha512-b");
  t.not((await p.setUp()).npmRan, "");
  t.is((await p.setUp()).npmRan, "");
  rmSync(p.file("node_modules/typescript"));
  t.not((await p.setUp()).npmRan, "");
});

test("a changed source is compiled; what a deleted one left is removed", async (t) => {
  const p = await project(t);
  await p.setUp();
  t.true(existsSync(p.file("build/harness/extra.js")));
  p.write("harness/bin.ts", bin.replace("console.log(", 'console.log("new " + '));
  t.regex((await p.setUp()).said, /compiling[^]*\nnew doctor/);
  rmSync(p.file("harness/extra.ts"));
  t.notRegex((await p.setUp()).said, /compiling/);
  t.false(existsSync(p.file("build/harness/extra.js")));
});

test("output that somebody removed is made again, though tsc's record says it is there", async (t) => {
  const p = await project(t);
  await p.setUp();
  rmSync(p.file("build/harness/extra.js"));
  await p.setUp();
  t.true(existsSync(p.file("build/harness/extra.js")));
});

test("a source that does not compile stops set-up, and again the next time", async (t) => {
  const p = await project(t);
  await p.setUp();
  p.write("harness/extra.ts", 'export const extra: number = "text";\n');
  // A checkout may well bring files whose times lie in the past.
  utimesSync(p.file("harness/extra.ts"), new Date(), new Date());
  for (const { status, said } of [await p.setUp(), await p.setUp()]) {
    t.is(status, 3);
    t.regex(
      said,
      /error: harness\/ does not compile\n {2}\| harness\/extra\.ts\(1,14\): error TS2322/,
    );
    t.notRegex(said, /doctor/);
  }
});

test("a failing npm is shown with what it said", async (t) => {
  const p = await project(t);
  p.write("npm-fails", "");
  const { status, said } = await p.setUp();
  t.is(status, 3);
  t.regex(said, /error: npm ci failed.*\n {2}\| npm error network is down\n {2}try: npm ci\n/);
});

test("what doctor comes to is what set-up comes to", async (t) => {
  const p = await project(t);
  p.write("harness/bin.ts", `${bin}process.exitCode = 3;\n`);
  t.is((await p.setUp()).status, 3);
});

test("a Node that is too old is told before anything is done", async (t) => {
  const p = await project(t);
  const pretend = `Object.defineProperty(process, "versions", { value: { node: "20.18.3" } })`;
  const { status, said, npmRan } = await p.setUp(
    "--import",
    `data:text/javascript,${encodeURIComponent(pretend)}`,
  );
  t.is(status, 3);
  t.regex(said, /error: Node 20\.18\.3 is too old: the harness needs 20\.19 or newer/);
  t.is(npmRan, "");
});
