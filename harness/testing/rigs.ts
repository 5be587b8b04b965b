import test, { type ExecutionContext } from "ava";
import { rm } from "node:fs/promises";
import type { Scenario } from "./fake-qemu-scenario.ts";
import { Rig } from "./rig.ts";
import { good } from "./runs.ts";
import { temporaryDir } from "./tree.ts";

type MakeRig = (t: ExecutionContext, scenario?: Scenario, own?: "own cache") => Promise<Rig>;

/**
 * Gives what makes rigs for the tests of one file: each lives as long as its test, and all share a
 * cache, which goes with the last. "own cache" is for a test that counts what others could have left.
 * To be called once in a file, before its tests.
 */
export function rigsOfOneCache(): MakeRig {
  let cache: string | undefined;
  test.before(async () => {
    cache = await temporaryDir();
  });
  test.after.always(async () => {
    if (cache !== undefined) await rm(cache, { recursive: true, force: true });
  });
  return async (t, scenario = good, own) => {
    const rig = await Rig.make(scenario, own ? undefined : cache);
    t.teardown(() => rm(rig.dir, { recursive: true, force: true }));
    return rig;
  };
}
