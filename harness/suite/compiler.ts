import { compilerOf, type Abi } from "../arch.ts";
import { libcDigest } from "../libc.ts";
import { Failure } from "../model/failure.ts";
import { toolVersion } from "../tool-version.ts";

/**
 * All that has a say in the bytes that an ABI's compiler makes of a source: for a fingerprint.
 * Throws Failure infra "no-compiler".
 */
export async function compilerIdentity(abi: Abi): Promise<readonly unknown[]> {
  return [abi.flags, await versionOf(abi), await libcDigest(compilerOf(abi))];
}

async function versionOf(abi: Abi): Promise<string> {
  const result = await toolVersion(abi.compiler);
  if (result.exitCode === 0) return result.stdout;
  throw new Failure({
    reason: "no-compiler",
    blame: "infra",
    what: `${abi.compiler}, which builds the suites' ${abi.name} programs, does not run`,
    evidence: result.output || (result.spawnError ?? ""),
    hint: `apt-get install ${abi.packages.join(" ")} (harness doctor lists all that is missing)`,
  });
}
