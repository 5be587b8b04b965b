import { fingerprint } from "../fingerprint.ts";
import { applySeries, type PatchSet, type Series } from "../series.ts";
import type { ResolvedSource, SourceOptions } from "../source.ts";
import { resolvedSource } from "../source/tree.ts";

/**
 * A kernel source with a series on it, as a source of its own (--on): its kernel is then the
 * baseline, and what is tested are patches on top of the series.
 */
export function sourceOn(
  source: ResolvedSource,
  { series, set }: { readonly series: Series; readonly set: PatchSet },
  options: SourceOptions,
): ResolvedSource {
  const { spec, version, description } = source;
  const identity = fingerprint({
    // The kernel ...
    source: source.identity,
    // ... and what is put on it.
    series: set.fingerprint,
  });
  return resolvedSource(
    {
      spec,
      version,
      identity: `patched:${identity}`,
      description: `${description} + ${series.name}`,
    },
    options,
    async ({ into }) => {
      await applySeries(series, set, { dir: (await source.tree()).dir }, into, options);
    },
  );
}
