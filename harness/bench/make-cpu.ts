import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { shellQuoted } from "../model/escape.ts";
import type { Environment } from "./command.ts";

/**
 * Counts the CPU time of what the harness builds: all of it runs in bubblewrap's sandbox, and this
 * puts a bwrap before the host's that notes what a build took, with its children.
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
    const script = [
      "#!/bin/bash",
      'TIMEFORMAT="%U %S"',
      `{ time PATH=${shellQuoted(hostPath)} bwrap "$@" 2>&3; } 3>&2 2>>${shellQuoted(log)}`,
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
