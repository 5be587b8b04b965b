import { inStep } from "../model/event.ts";
import type { BuiltSuite, SuiteRequest } from "../suite.ts";
import { buildCSuite } from "../suite/c-suite.ts";
import { buildKselftests, touchesKselftests } from "../suite/kselftest.ts";
import { patchOf, treeOf, type KernelContext } from "./kernel-request.ts";
import { headersTarget } from "./plan-quirks.ts";
import type { Plan } from "./plan.ts";

/** Builds all suites of a plan, each a step of its own. Throws what their builders throw. */
export async function buildSuites(
  plan: Plan,
  context: KernelContext,
): Promise<readonly BuiltSuite[]> {
  const built: BuiltSuite[] = [];
  for (const suite of plan.suites) {
    const step = { id: `suite-build:${suite.name}`, title: `build suite ${suite.name}` };
    built.push(
      await inStep(
        context.emit,
        step,
        (progress) => buildSuite(plan, suite, context, progress),
        (done) => ({
          outcome: done.cached ? "cached" : "done",
          detail: `${done.programs.length} programs`,
        }),
      ),
    );
  }
  return built;
}

function buildSuite(
  plan: Plan,
  suite: SuiteRequest,
  context: KernelContext,
  progress: (text: string) => void,
): Promise<BuiltSuite> {
  const { arch, jobs, quirks } = plan;
  const notice = (text: string) => {
    context.emit({ type: "notice", text });
  };
  const options = { arch, jobs, notice, signal: context.signal };
  if (suite.kind === "c") return buildCSuite(suite, options);
  // Both kernels run the same tests: where a series brings tests of its own, they are its tree's.
  const bringer = plan.series.find(({ set }) => touchesKselftests(set.patches));
  return buildKselftests(suite, {
    ...options,
    progress,
    headersTarget: headersTarget(quirks),
    tree: treeOf(plan),
    ...(bringer ? { patch: patchOf(plan, bringer, context) } : {}),
  });
}
