import { Failure } from "../model/failure.ts";
import { isWithin, type KernelVersion } from "../model/kernel-version.ts";
import type { PatchSet, Series } from "../series.ts";

/** A series and its patches for the run's kernel. */
export interface PlannedSeries {
  readonly series: Series;
  readonly set: PatchSet;
}

/**
 * The patches of each series for this kernel and architecture. One that has none is left out, which
 * is told, unless it was asked for by name.
 * Throws Failure usage "no-patches-for-kernel", "series-not-for-arch".
 */
export async function plannedSeries(
  given: readonly Series[],
  wanted: {
    readonly named: readonly string[];
    readonly kernel: KernelVersion;
    readonly arch: string;
  },
  notice: (text: string) => void,
): Promise<readonly PlannedSeries[]> {
  const { named, kernel, arch } = wanted;
  const found: PlannedSeries[] = [];
  for (const series of given) {
    try {
      refuseUnfit(series, arch);
      const set = await series.patchesFor(kernel);
      const except = (series.except ?? []).filter(
        (each) =>
          (each.arches === undefined || isAmong(arch, each.arches)) &&
          (each.kernel === undefined || isWithin(kernel, each.kernel)),
      );
      for (const { cases, warnings, because } of except) {
        const also = warnings ? ` and is not to blame for ${warnings.join(", ")}` : "";
        notice(
          `${series.name} proves nothing by ${cases.join(", ")}${also} on this kernel: ${because}`,
        );
      }
      found.push({ series: { ...series, ...set.changes, except }, set });
    } catch (thrown) {
      const isNone =
        thrown instanceof Failure &&
        ["no-patches-for-kernel", "series-not-for-arch"].includes(thrown.reason);
      if (!isNone || named.includes(series.name)) throw thrown;
      notice(`${series.name} is left out: ${thrown.what}`);
    }
  }
  return found;
}

function refuseUnfit(series: Series, arch: string): void {
  const unfit = series.unfit?.find(({ arches }) => isAmong(arch, arches));
  if (!unfit) return;
  throw new Failure({
    reason: "series-not-for-arch",
    blame: "usage",
    what: `${series.name} is not for ${arch}: ${unfit.because}`,
    hint: "name other series, or another --arch",
  });
}

/** Whether an architecture is one of those in a series.json: of the named, or where "!x86_64" stands, of the others. */
function isAmong(arch: string, names: readonly string[]): boolean {
  const others = names.filter((name) => name.startsWith("!"));
  return names.includes(arch) || (others.length > 0 && !others.includes(`!${arch}`));
}
