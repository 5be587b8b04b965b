import test from "ava";
import type { Exception, Series } from "../series/patch-set.ts";
import { runRecord } from "../testing/records.ts";
import { compareKernels } from "./compare-kernels.ts";

/** Of two cases the series shows one; the other is an exception, and only the patched kernel runs it. */
function conclusion(exception: Partial<Exception>) {
  const record = runRecord({
    baseline: { "w.p.shows": "skip", "w.p.steps": "skip" },
    series: { s: { "w.p.shows": "pass", "w.p.steps": "fail" } },
  });
  const splat = { kind: "warning", title: "WARNING in slow_step", offset: 0 } as const;
  const kernels = record.kernels.map((kernel) =>
    kernel.label === "s"
      ? { ...kernel, boots: kernel.boots.map((boot) => ({ ...boot, splats: [splat] })) }
      : kernel,
  );
  const series: Series = {
    ...{ name: "s", title: "", control: false, suites: ["w"], proves: ["w.*"] },
    except: [{ cases: ["w.p.steps"], because: "it is slow", ...exception }],
    patchesFor: () => Promise.reject(new Error("not asked for")),
  };
  const plan = {
    suites: [{ kind: "c", name: "w", dir: "" } as const],
    known: { live: [], expired: [] },
  };
  const { verdict, newSplats } = compareKernels(series, plan, [], { ...record, kernels });
  return { verdict, newSplats };
}

test("the warnings that an exception names are not the series'", (t) => {
  t.deepEqual(conclusion({ warnings: ["WARNING in slow_*"] }), {
    verdict: "proved",
    newSplats: [],
  });
  t.deepEqual(conclusion({}), {
    verdict: "regression",
    newSplats: ["warning: WARNING in slow_step"],
  });
});
