import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { shellQuoted } from "../model/escape.ts";
import type { Environment } from "./command.ts";

/**
 * Counts the CPU time of what the harness builds: all of it runs in bubblewrap's sandbox, and this
 * puts a bwrap before the host's that has each command timed, with its children. Inside, because
 * the sandbox's outer process does not wait for those; through a descriptor, because nothing there
 * can write to the log.
 */
export class MakeCpu {
  readonly env: Environment;
  readonly #log: string;

  private constructor(env: Environment, log: string) {
    this.env = env;
    this.#log = log;
  }

  /** `dir` must not be below /tmp or the home folder, which builds do not see. */
  static async in(dir: string): Promise<MakeCpu> {
    const bin = path.join(dir, "bin");
    const log = path.join(dir, "make-cpu");
    const hostPath = process.env["PATH"] ?? "";
    await mkdir(bin, { recursive: true });
    await writeFile(log, "");
    const timed = `TIMEFORMAT="%U %S"; { time "$@" 2>&8; } 8>&2 2>&9`;
    const script = [
      "#!/bin/bash",
      `PATH=${shellQuoted(hostPath)}`,
      `exec 9>>${shellQuoted(log)}`,
      "options=()",
      'case " $* " in *" -- "*) ;; *) exec bwrap "$@" ;; esac',
      'while [ "$1" != -- ]; do options+=("$1"); shift; done; shift',
      `exec bwrap "\${options[@]}" -- bash -c ${shellQuoted(timed)} bash "$@"`,
      "",
    ];
    await writeFile(path.join(bin, "bwrap"), script.join("\n"));
    await chmod(path.join(bin, "bwrap"), 0o755);
    return new MakeCpu({ PATH: `${bin}:${hostPath}` }, log);
  }

  /** Seconds of user and system time so far, divided by the CPUs: the least that the builds can take. */
  async secondsOnAllCpus(): Promise<number> {
    const numbers = (await readFile(this.#log, "utf8")).match(/[0-9.]+/g) ?? [];
    const seconds = numbers.reduce((sum, text) => sum + Number(text), 0);
    if (seconds === 0) throw new Error(`${this.#log}: no build came by`);
    return seconds / os.availableParallelism();
  }
}
