import type { Cure } from "../doctor.ts";
import { exec, findProgram, type ExecOptions, type ExecResult } from "../exec.ts";
import { Failure } from "../model/failure.ts";

export interface InstallOptions {
  /** One line of what is going on. */
  readonly say: (text: string) => void;
  /** Whether a person sits at a terminal who can type sudo's password. */
  readonly terminal: boolean;
}

/** The commands of a cure as one line for a shell; `uid` 0 needs no sudo. */
export function commandLineFor(cure: Cure, uid = process.getuid?.() ?? 0): string {
  const lines = cure.commands.map((command) => command.join(" "));
  if (cure.packages.length > 0)
    lines.unshift(`apt-get install -y --no-install-recommends ${cure.packages.join(" ")}`);
  return lines.map((line) => (uid === 0 ? line : `sudo ${line}`)).join(" && ");
}

/**
 * Installs packages and runs the commands, as root or through sudo.
 * Throws Failure (infra) "no-apt", "may-not-install", "packages-unavailable", "install-failed".
 */
export async function install(cure: Cure, options: InstallOptions): Promise<void> {
  const asRoot = await howToBeRoot(cure, options.terminal);
  if (cure.packages.length > 0) await installPackages(cure, asRoot, options);
  for (const command of cure.commands) {
    options.say(`running: ${command.join(" ")}`);
    const result = await asRoot(command);
    if (result.exitCode !== 0) throw installFailed(command.join(" "), result, cure);
  }
}

type AsRoot = (command: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

/** apt asks nothing and restarts no services. */
const quietly = ["env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1"];

async function howToBeRoot(cure: Cure, terminal: boolean): Promise<AsRoot> {
  if (findProgram("apt-get") === undefined && cure.packages.length > 0) {
    throw new Failure({
      reason: "no-apt",
      blame: "infra",
      what: "this machine has no apt-get, so the harness cannot install what is missing",
      hint: `install what corresponds to these Debian packages: ${cure.packages.join(" ")}`,
    });
  }
  const run = (words: readonly string[], options: ExecOptions = {}) => {
    const [command = "", ...args] = words;
    return exec(command, args, options);
  };
  if (process.getuid?.() === 0) return run;
  if (findProgram("sudo") !== undefined) {
    const silent = await exec("sudo", ["-n", "true"]);
    if (silent.exitCode === 0) return (words, options) => run(["sudo", "-n", ...words], options);
    // sudo asks for the password on the terminal, and apt's output goes there too.
    if (terminal) return (words) => run(["sudo", ...words], { interactive: true });
  }
  throw new Failure({
    reason: "may-not-install",
    blame: "infra",
    what: "this machine lacks what the harness needs, and this user may not install it without a password",
    hint: commandLineFor(cure),
  });
}

async function installPackages(cure: Cure, asRoot: AsRoot, options: InstallOptions): Promise<void> {
  const all = cure.packages;
  options.say(`apt-get install, ${all.length} packages and what they need: ${all.join(" ")}`);
  const onLine = atMostEvery(5, options.say);
  const update = async () => {
    options.say("apt-get update");
    return asRoot([...quietly, "apt-get", "-q", "update"], { onLine });
  };
  let updated: ExecResult | undefined;
  // A fresh container has no package lists at all.
  if (!(await isKnown(all)).known) updated = await update();
  const { known, output } = await isKnown(all);
  // What this release has not, such as one architecture's compiler, keeps nothing else away.
  const names = known ? all : await knownAmong(all, output);
  if (names.length > 0) {
    if (!known) options.say(`apt has not all of them; installing ${names.join(" ")}`);
    const flags = ["-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
    const command = [...quietly, "apt-get", ...flags, "install", ...names];
    let result = await asRoot(command, { onLine });
    if (result.exitCode !== 0 && updated === undefined) {
      // Old lists name versions that the mirror has replaced.
      await update();
      result = await asRoot(command, { onLine });
    }
    if (result.exitCode !== 0) throw installFailed("apt-get install", result, cure);
  }
  if (known) return;
  throw new Failure({
    reason: "packages-unavailable",
    blame: "infra",
    what: "apt offers not all packages that the harness needs",
    evidence: [updated?.exitCode === 0 ? "" : (updated?.output ?? ""), output].join("\n").trim(),
    hint: "enable the distribution's own archive in apt's sources (on Ubuntu with universe), check the network, then run this again; a package may be in a newer release of the distribution only",
  });
}

/** The packages without those that apt-get says it has not; none where the others cannot be had either. */
async function knownAmong(names: readonly string[], output: string): Promise<readonly string[]> {
  const complaints = output.matchAll(
    /^E: (?:Unable to locate package (\S+)|Package '(\S+)' has no installation candidate)/gm,
  );
  const missing = new Set([...complaints].map(([, one, other]) => one ?? other));
  const others = names.filter((name) => !missing.has(name));
  return others.length > 0 && (await isKnown(others)).known ? others : [];
}

/** Whether apt could install these; asked without root. */
async function isKnown(names: readonly string[]): Promise<{ known: boolean; output: string }> {
  const args = ["-q", "--simulate", "--no-install-recommends", "install", ...names];
  const { exitCode, output } = await exec("apt-get", args, { env: { LC_ALL: "C" } });
  return { known: exitCode === 0, output };
}

function installFailed(what: string, result: ExecResult, cure: Cure): Failure {
  return new Failure({
    reason: "install-failed",
    blame: "infra",
    what: `${what} failed`,
    evidence: result.output,
    hint: `mend what it names, then: ${commandLineFor(cure)}`,
  });
}

/** Hands on a line when the last one was `seconds` ago: a sign of life, not a log. */
function atMostEvery(seconds: number, say: (text: string) => void): (line: string) => void {
  let last = performance.now();
  return (line) => {
    if (performance.now() - last < seconds * 1000 || line.trim() === "") return;
    last = performance.now();
    say(`  ${line.trim().slice(0, 100)}`);
  };
}
