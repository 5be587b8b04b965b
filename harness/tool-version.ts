import { exec, type ExecResult } from "./exec.ts";

/** What tools said; a command of many cells asks the same of each. */
const known = new Map<string, Promise<ExecResult>>();

/**
 * What `tool --version` gives, in English; asked once in the life of the program. A tool that is not
 * there has no exit status 0, as exec() tells it.
 */
export function toolVersion(tool: string): Promise<ExecResult> {
  const key = `${tool}\0${process.env["PATH"] ?? ""}`;
  const asked = known.get(key) ?? exec(tool, ["--version"], { env: { LC_ALL: "C" } });
  known.set(key, asked);
  return asked;
}
