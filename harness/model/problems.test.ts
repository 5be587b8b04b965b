import test from "ava";
import { runRecord } from "../testing/records.ts";
import { tracerProblems } from "../suite.ts";
import { problemsMarkdown } from "../report/problems.ts";
import { problemTable, type Problem } from "./problems.ts";

const problem: Problem = {
  problem: 1,
  title: "entry or exit",
  shownBy: ["tracer.stops.a.legacy", "tracer.stops.b.legacy"],
  solvedBy: ["tracer.stops.a.syscall_info"],
  solution: "PTRACE_GET_SYSCALL_INFO",
};
const unsolvable: Problem = { ...problem, problem: 2, solvedBy: [] };
const shown = { "tracer.stops.a.legacy": "pass", "tracer.stops.b.legacy": "fail" } as const;

test("a problem is shown where its cases pass, and solved where the solution's do", (t) => {
  const run = runRecord({
    day: 1,
    arch: "x86_64",
    baseline: { ...shown, "tracer.stops.a.syscall_info": "pass" },
    series: { one: { ...shown, "tracer.stops.a.syscall_info": "skip" } },
  });
  const { columns, rows } = problemTable([run], [problem, unsolvable]);
  t.deepEqual(
    columns.map(({ series }) => series),
    [undefined, "one"],
  );
  t.deepEqual(rows[0]?.cells, [
    { shown: { passed: 1, of: 2 }, solved: { passed: 1, of: 1 } },
    { shown: { passed: 1, of: 2 }, solved: { passed: 0, of: 0 } },
  ]);
  const text = problemsMarkdown({ columns, rows }, (id) => id);
  t.regex(text, /^\| kernel \| 1 \| 2 \|$/m);
  t.regex(text, /x86\\_64\S* \| shown 1\/2, solved 1\/1 \| shown 1\/2 \|$/m);
  t.regex(text, /with one\S* \| shown 1\/2, not solved \| shown 1\/2 \|$/m);
  t.regex(text, /^1\. entry or exit; solution: PTRACE/m);
});

test("the newest run of a kernel counts, and one without the suite says nothing", (t) => {
  const old = runRecord({ day: 1, arch: "x86_64", baseline: shown });
  const newer = runRecord({
    day: 2,
    arch: "x86_64",
    baseline: { ...shown, "tracer.stops.b.legacy": "pass" },
  });
  const other = runRecord({ day: 3, arch: "x86_64", baseline: { "wait6.a.b": "pass" } });
  const { columns, rows } = problemTable([other, newer, old], [problem]);
  t.deepEqual(
    columns.map(({ run }) => run),
    [newer.id],
  );
  t.deepEqual(rows[0]?.cells[0]?.shown, { passed: 2, of: 2 });
  t.deepEqual(problemTable([other], [problem]).columns, []);
});

test("the eight problems that ship are numbered, and each has what shows it or says who solves it", (t) => {
  const all = tracerProblems();
  t.deepEqual(
    all.map(({ problem: number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});
