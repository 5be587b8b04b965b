import path from "node:path";
import { Failure } from "../model/failure.ts";
import { fixesFor } from "../series/fixes.ts";
import type { Plan } from "./plan.ts";

/**
 * A baseline's failure, whose hint names the shipped patches for its architecture that the tree lacks:
 * some mend kernels that do not build or boot as they are. Anything else is given back as it is.
 */
export async function withShippedFixes(
  thrown: unknown,
  plan: Pick<Plan, "arch" | "source">,
  signal: AbortSignal,
  dirOfFixes?: string,
): Promise<unknown> {
  if (!(thrown instanceof Failure && thrown.blame === "baseline") || signal.aborted) return thrown;
  const options = { signal, ...(dirOfFixes === undefined ? {} : { dir: dirOfFixes }) };
  // What goes wrong here (Ctrl-C, a folder that is gone) must not stand in the place of the failure.
  const fixes = await plan.source
    .tree()
    .then(({ dir }) => fixesFor(plan.arch.kernelArch, dir, options))
    .catch(() => []);
  if (fixes.length === 0) return thrown;
  const names = fixes.map((file) => path.relative("", file)).join(", ");
  const hint = `patches of the harness that mend mainline here, for --on: ${names}`;
  return new Failure({
    ...thrown.details,
    hint: thrown.hint === undefined ? hint : `${thrown.hint}; ${hint}`,
  });
}
