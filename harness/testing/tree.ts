import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";

/** A new folder below the system's temporary one. */
export function temporaryDir(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), "harness-test-"));
}

/** Gives a test a cache of its own, below its folder; tests of one file that use it must be serial. */
export function useOwnCache(t: { teardown: (fn: () => void) => void }, dir: string): void {
  const before = process.env["XDG_CACHE_HOME"];
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  t.teardown(() => {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
  });
}

/** Writes files (path below dir -> content), with the folders they need. */
export async function writeFiles(
  dir: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), content);
  }
}

/** The files of something that passes for a kernel's source. */
export function kernelFiles(version = "5.3.0"): Record<string, string> {
  const [major = "", minor = "", patch = ""] = version.split(".");
  return {
    Makefile: `# SPDX-License-Identifier: GPL-2.0\nVERSION = ${major}\nPATCHLEVEL = ${minor}\nSUBLEVEL = ${patch}\nEXTRAVERSION =\nNAME = Test\n`,
    Kconfig: 'mainmenu "Test"\n',
    "arch/x86/Makefile": "# empty\n",
    "kernel/exit.c": Array.from({ length: 60 }, (_, index) => `line ${index + 1};\n`).join(""),
    "kernel/pid.c": "int pid;\n",
  };
}

/** Makes a kernel tree in the folder and gives the folder back. */
export async function makeKernelTree(dir: string, version?: string): Promise<string> {
  await writeFiles(dir, kernelFiles(version));
  return dir;
}

/** Packs a folder into a .tar.xz under the top folder's own name. */
export async function packTarXz(dir: string, file: string): Promise<void> {
  await mustRun("tar", ["-cJf", file, "-C", path.dirname(dir), path.basename(dir)]);
}

/** Runs a command that has to succeed; gives its stdout. */
export async function mustRun(
  command: string,
  args: readonly string[],
  cwd = os.tmpdir(),
): Promise<string> {
  const result = await exec(command, args, {
    cwd,
    env: {
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "A",
      GIT_COMMITTER_EMAIL: "a@example.org",
    },
  });
  if (result.exitCode !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.output}`);
  return result.stdout;
}
