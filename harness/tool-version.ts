import { exec, type ExecResult } from "./exec.ts";
import { compareKernelVersions, versionIn } from "./model/kernel-version.ts";

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

/** Whether a tool on PATH is of this version or newer; false where there is none. */
export async function isNewEnough(tool: string, wanted: string): Promise<boolean> {
  const { exitCode, stdout } = await toolVersion(tool);
  return exitCode === 0 && reaches(versionIn(stdout), wanted);
}

/** Whether a version, if it is one, is the wanted one or newer. */
export function reaches(found: ReturnType<typeof versionIn>, wanted: string): boolean {
  const least = versionIn(wanted);
  return found !== undefined && least !== undefined && compareKernelVersions(found, least) >= 0;
}
