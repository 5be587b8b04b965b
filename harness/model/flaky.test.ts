import test from "ava";
import { again, concludes, request, type Results } from "../testing/comparisons.ts";
import { compare } from "./compare.ts";
import { repeatsOf } from "./compare-runs.ts";
import type { RepeatResults } from "./comparison.ts";
import { chanceOfSoMany } from "./confidence.ts";
import type { KernelRecord } from "./run.ts";

test("Fisher's exact test, as in books and by hand", (t) => {
  const chance = (first: [number, number], second: [number, number]) =>
    chanceOfSoMany({ fails: first[0], boots: first[1] }, { fails: second[0], boots: second[1] });
  const about = (value: number, expected: number) => {
    t.true(Math.abs(value - expected) < 1e-9, `${value} is not ${expected}`);
  };
  // The lady who tastes tea: three right of four, four cups of each kind.
  about(chance([1, 4], [3, 4]), 17 / 70);
  about(chance([0, 3], [3, 3]), 1 / 20);
  about(chance([0, 17], [4, 9]), 126 / 14950);
  about(chance([0, 9], [0, 9]), 1);
  about(chance([9, 9], [9, 9]), 1);
  about(chance([5, 9], [0, 9]), 1);
  about(chance([0, 0], [2, 9]), 1);
});

/** Both kernels ran the program "k.auto" in each repeat, of which the first ran everything. */
function rerun(results: Results, programs = ["k.auto"]): RepeatResults[] {
  return again(results, ["k.auto"]).map((each) => ({ ...each, programs }));
}

// Seen: kselftest.pidfd.pidfd_autoreap_test of 7.2.13, whose cases have one race in common.
const racyBefore = {
  "k.auto.signaled": "PPPPFPPPPFFFPPPPP",
  "k.auto.threads": "PPPPPPPPPPPPPPPPP",
};
const racyAfter = { "k.auto.signaled": "PFPPPPPPP", "k.auto.threads": "PFPPFFFPP" };

test("a program that is flaky on the baseline, too, blames nobody for one more case", concludes, {
  what: "",
  request: request({}, {}, { baseline: rerun(racyBefore), patched: rerun(racyAfter) }),
  verdict: "no-regression",
  blames: [],
  exit: 0,
});

test("... but where programs are not known, a case is judged alone", concludes, {
  what: "",
  request: request({}, {}, { baseline: rerun(racyBefore, []), patched: rerun(racyAfter, []) }),
  verdict: "flaky",
  blames: ["series"],
  exit: 1,
});

test("... and so it is in another program, whose name begins alike", concludes, {
  what: "",
  request: request(
    {},
    {},
    {
      baseline: rerun({ "k.au.x": "PFPPPPPPP", "k.auto.threads": "PPPPPPPPP" }, ["k.au", "k.auto"]),
      patched: rerun({ "k.au.x": "PPPPPPPPP", "k.auto.threads": "PFPPFFFPP" }, ["k.au", "k.auto"]),
    },
  ),
  verdict: "flaky",
  blames: ["series"],
  exit: 1,
});

test(
  "a program that is a little flaky on the baseline and very much so on the patched kernel",
  concludes,
  {
    what: "",
    request: request(
      {},
      {},
      {
        baseline: rerun({ "k.auto.signaled": "PPPPFPPPP", "k.auto.threads": "PPPPPPPPP" }),
        patched: rerun({ "k.auto.signaled": "PPPPPPPPP", "k.auto.threads": "FFPFFFFPF" }),
      },
    ),
    verdict: "flaky",
    blames: ["series"],
    exit: 1,
  },
);

test("a case that never passes on the baseline excuses nothing", concludes, {
  what: "",
  request: request(
    {},
    {},
    {
      baseline: rerun({
        "k.auto.a": "PPPPFPPPP",
        "k.auto.b": "SSSSSSSSS",
        "k.auto.c": "PPPPPPPPP",
      }),
      patched: rerun({ "k.auto.a": "PPPPPPPPP", "k.auto.b": "SPSPSPSPS", "k.auto.c": "FFPFFFFPF" }),
    },
  ),
  verdict: "flaky",
  blames: ["series"],
  exit: 1,
});

test("without a case that is flaky on the baseline nothing is said of the program", (t) => {
  const [before, after] = [{ "k.auto.threads": "PPP" }, { "k.auto.threads": "PFP" }];
  const { cases } = compare(request({}, {}, { baseline: rerun(before), patched: rerun(after) }));
  t.deepEqual(
    cases.map(({ transition, program }) => [transition, program]),
    [["flaky", undefined]],
  );
});

test("a comparison says in how many repeats such a program failed", (t) => {
  const { cases } = compare(
    request({}, {}, { baseline: rerun(racyBefore), patched: rerun(racyAfter) }),
  );
  const counts = { baseline: { fails: 4, boots: 17 }, patched: { fails: 4, boots: 9 } };
  t.deepEqual(
    cases.map(({ name, program }) => ({ name, program })),
    [
      { name: "k.auto.signaled", program: counts },
      { name: "k.auto.threads", program: counts },
    ],
  );
});

test("a case that a repeat of its program did not report failed there", (t) => {
  const before = rerun({ "k.auto.signaled": "PFP", "k.auto.threads": "PPP" });
  const after = rerun({ "k.auto.signaled": "PPP", "k.auto.threads": "P-P" });
  const { cases } = compare(request({}, {}, { baseline: before, patched: after }));
  const once = { fails: 1, boots: 3 };
  t.deepEqual(
    cases.map(({ program }) => program),
    [
      { baseline: once, patched: once },
      { baseline: once, patched: once },
    ],
  );
});

test("a repeat of a run knows the programs of all its boots", (t) => {
  const boot = (repeat: number, programs: Record<string, number>) => ({
    ...{ repeat, console: "", ktap: [], splats: [], cases: [] },
    programSeconds: programs,
  });
  const kernel: KernelRecord = {
    ...{ label: "baseline", fingerprint: "", release: "", cached: true, buildSeconds: 0 },
    ...{ config: "", buildLog: "" },
    boots: [boot(0, { "w.a": 1, "w.b": 1 }), boot(0, { "w.c": 1 }), boot(1, { "w.a": 1 })],
  };
  t.deepEqual(
    repeatsOf(kernel).map(({ programs }) => programs),
    [["w.a", "w.b", "w.c"], ["w.a"]],
  );
});
