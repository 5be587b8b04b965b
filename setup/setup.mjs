// What `npm start` and `npm test` do first: makes a fresh clone ready to run. Plain JavaScript
// without dependencies, because there are none yet. Takes a moment when there is nothing to do.
//
// Checks Node's version; runs npm ci when node_modules is not what package-lock.json says;
// compiles when sources are newer than build/; installs what the machine lacks (harness doctor).
// Exit status: 0 ready, 3 this machine lacks something, said on stderr.
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const project = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inProject = (...names) => path.join(project, ...names);
const harness = inProject("build", "harness", "bin.js");
/** Its time is when tsc last began and then succeeded. */
const stamp = inProject("build", ".compiled");
const failed = 3;

checkNode();
if (!dependenciesMatch()) await installDependencies();
removeStaleOutput();
if (!compiled()) await compile();
const doctor = [harness, "doctor", "--install", "--quiet"];
process.exit((await run(process.execPath, doctor, { show: true })).status);

function say(text) {
  process.stdout.write(`set-up: ${text}\n`);
}

function stop(what, hint, evidence = "") {
  const all = evidence.trim() === "" ? [] : evidence.trim().split("\n");
  // npm says the reason first and where its log is last; tsc has the first error first.
  const lines = all.length <= 40 ? all : [...all.slice(0, 30), "...", ...all.slice(-5)];
  const text = [`error: ${what}`, ...lines.map((line) => `  | ${line}`), `  try: ${hint}`];
  process.stderr.write(`${text.join("\n")}\n`);
  process.exit(failed);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(
    `Node ${process.versions.node} is too old: the harness needs 20.19 or newer`,
    "install a newer Node (https://nodejs.org/en/download), then run this again",
  );
}

/** Whether each package of package-lock.json is there as npm's own record of node_modules says. */
function dependenciesMatch() {
  const wanted = readPackages(inProject("package-lock.json"));
  const present = readPackages(inProject("node_modules", ".package-lock.json"));
  return Object.entries(wanted).every(([place, { version, integrity, optional }]) => {
    if (place === "") return true;
    const found = present[place];
    // npm leaves optional packages out where they do not fit the machine.
    if (found === undefined) return optional === true;
    return (
      found.version === version &&
      found.integrity === integrity &&
      existsSync(inProject(place, "package.json"))
    );
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return {};
  }
}

async function installDependencies() {
  const count = Object.keys(readPackages(inProject("package-lock.json"))).length - 1;
  say(`npm ci: ${count} packages as package-lock.json says; about half a minute`);
  // npm may come from npx or from corepack: the one that runs us is the one that works here.
  const { npm_execpath: npmCli } = process.env;
  const [command, ...before] = npmCli?.endsWith("npm-cli.js")
    ? [process.execPath, npmCli]
    : ["npm"];
  const options = [
    "--include=dev", // the compiler is one, whatever NODE_ENV says
    "--ignore-scripts", // none of ours needs its install script
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--loglevel=error",
  ];
  const { status, output } = await run(command, [...before, "ci", ...options]);
  if (status !== 0) stop("npm ci failed (this machine or its network)", "npm ci", output);
}

/** Output of sources that are gone: AVA would still run such a test. */
function removeStaleOutput() {
  for (const file of filesBelow("build/harness")) {
    const source = file.replace(/^build\//, "").replace(/\.js(\.map)?$/, ".ts");
    if (source.endsWith(".ts") && !existsSync(inProject(source))) rmSync(inProject(file));
  }
}

function filesBelow(folder) {
  if (!existsSync(inProject(folder))) return [];
  return readdirSync(inProject(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(project, path.join(entry.parentPath, entry.name)));
}

function compiled() {
  const sources = filesBelow("harness").filter((file) => file.endsWith(".ts"));
  const complete = sources.every((file) =>
    existsSync(inProject("build", file.replace(/\.ts$/, ".js"))),
  );
  if (!complete) {
    // tsc believes this record and would not write a missing file again.
    rmSync(inProject("build", ".tsbuildinfo"), { force: true });
    return false;
  }
  if (!existsSync(stamp)) return false;
  const { mtimeMs } = statSync(stamp);
  const inputs = [...sources, "tsconfig.json", "package-lock.json"];
  return inputs.every((file) => statSync(inProject(file)).mtimeMs < mtimeMs);
}

async function compile() {
  say("compiling harness/ (tsc)");
  const started = new Date();
  const tsc = inProject("node_modules", "typescript", "bin", "tsc");
  const { status, output } = await run(process.execPath, [tsc, "--pretty", "false"]);
  if (status !== 0) stop("harness/ does not compile", "npx tsc, and mend what it names", output);
  chmodSync(harness, 0o755);
  writeFileSync(stamp, "");
  // A source changed while tsc ran is newer than the stamp.
  utimesSync(stamp, started, started);
}

/** Runs a command to its end; gives its exit status and, unless shown, its output. */
function run(command, args, { show = false } = {}) {
  let output = "";
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: project,
      stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    const started = Date.now();
    const beat = setInterval(() => {
      if (!show) say(`  still at it after ${Math.round((Date.now() - started) / 1000)} s`);
    }, 15_000);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    // The child gets the terminal's Ctrl-C too and says what it does about it.
    const wait = () => undefined;
    process.on("SIGINT", wait);
    const end = (status) => {
      clearInterval(beat);
      process.off("SIGINT", wait);
      resolve({ status, output });
    };
    child.on("error", (error) => {
      output += error.message;
      end(failed);
    });
    child.on("close", (status) => end(status ?? failed));
  });
}
