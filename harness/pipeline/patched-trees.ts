import { mkdir, mkdtemp } from "node:fs/promises";
import path from "node:path";
import { removeTree } from "../disk.ts";
import type { Tree } from "../kernel/build.ts";
import type { Emit } from "../model/event.ts";
import { cacheDir } from "../paths.ts";
import { applySeries, type PatchedTree } from "../series.ts";
import type { PlannedSeries } from "./planned-series.ts";

interface Context {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Kernel trees with a series on them, each made once for all that want it: the kernels of every
 * architecture, the kernel's own selftests, the tables of its system calls. A tree of ninety thousand
 * files takes two CPU seconds to clone and one to remove. They are gone when this is disposed of.
 */
export class PatchedTrees implements AsyncDisposable {
  /** By the unpatched tree's identity, and the series'. */
  readonly #made = new Map<string, Map<string, Promise<PatchedTree>>>();
  /** By the unpatched tree's identity. */
  readonly #dirs = new Map<string, string[]>();

  /** Shared and never written, but for markTouched(). Throws what applySeries throws. */
  async of(tree: Tree, planned: PlannedSeries, context: Context): Promise<PatchedTree> {
    const made = this.#made.get(tree.identity) ?? new Map<string, Promise<PatchedTree>>();
    this.#made.set(tree.identity, made);
    const key = planned.set.fingerprint;
    const known = made.get(key);
    if (known) return known;
    const making = this.#make(tree, planned, context);
    made.set(key, making);
    // What the host was at fault for may succeed the next time.
    making.catch(() => made.delete(key));
    return making;
  }

  async #make(tree: Tree, { series, set }: PlannedSeries, context: Context): Promise<PatchedTree> {
    const dir = await tree.dir();
    // Beside the cached trees: what a series does not touch is linked, not copied.
    const place = path.join(cacheDir(), "sources");
    await mkdir(place, { recursive: true });
    const into = await mkdtemp(path.join(place, "patched-"));
    this.#dirs.set(tree.identity, [...(this.#dirs.get(tree.identity) ?? []), into]);
    return applySeries(series, set, { dir }, path.join(into, "linux"), context);
  }

  /** Removes those made from one tree, which nobody needs any more. */
  async remove(identity: string): Promise<void> {
    await Promise.allSettled([...(this.#made.get(identity)?.values() ?? [])]);
    this.#made.delete(identity);
    const dirs = this.#dirs.get(identity) ?? [];
    this.#dirs.delete(identity);
    // What stays behind is removed by `harness clean`; no verdict may be lost for it.
    for (const dir of dirs) await removeTree(dir).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const identity of [...this.#made.keys()]) await this.remove(identity);
  }
}
