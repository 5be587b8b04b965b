import type { Database } from "node-sqlite3-wasm";
import { Failure } from "./model/failure.ts";
import { matchesGlob } from "./model/glob.ts";
import {
  drift,
  flakiness,
  standing,
  type CaseHistory,
  type Drift,
  type Observation,
  type Subject,
} from "./model/history.ts";
import { similarNames } from "./model/similar.ts";
import { caseVerdicts, isCaseOf, type CaseVerdict } from "./model/verdict.ts";
import { withIndex } from "./history/index-file.ts";
import { rows } from "./history/rows.ts";
import type { Taken } from "./history/take-runs.ts";

/** Limits a question to some subjects; what is undefined limits nothing. */
export interface SubjectFilter {
  readonly arch?: string | undefined;
  /** "6.12", of whatever origin, or "apt:6.12". */
  readonly kernel?: string | undefined;
  /** A series' name, or "baseline". */
  readonly series?: string | undefined;
}

export interface Answer {
  readonly histories: readonly CaseHistory[];
  /** For people: runs that cannot be read, an index that could not be kept. */
  readonly remarks: readonly string[];
}

/** Cases that one question may be about. */
const mostCases = 200;

/**
 * The history of a case: named in full, by its end ("echild" for "wait6.basic.echild"), or by a glob.
 * One entry for each architecture, release and series that has it; none when the filter leaves none.
 * Throws Failure usage "unknown-case", "too-many-cases".
 */
export async function caseHistory(
  resultsDir: string,
  name: string,
  filter: SubjectFilter = {},
): Promise<Answer> {
  return withIndex(resultsDir, ({ database, taken, remark }) => {
    const cases = casesNamed(database, name);
    const subjects = subjectsOf(database, filter);
    const histories = cases.flatMap((each) => historiesOf(database, each, subjects));
    return { histories, remarks: remarks(taken, remark) };
  });
}

/** The cases that contradict themselves: pass in one run and fail in another, or in one boot and not in the next. */
export async function changingCases(
  resultsDir: string,
  filter: SubjectFilter = {},
): Promise<Answer> {
  return withIndex(resultsDir, ({ database, taken, remark }) => {
    const subjects = subjectsOf(database, filter);
    const pass = caseVerdicts.indexOf("pass");
    const failing = ["fail", "crash", "timeout", "missing"] as const;
    const numbers = failing.map((verdict) => caseVerdicts.indexOf(verdict)).join(", ");
    const found = rows<{ case_id: number; subject: number; name: string }>(
      database,
      `select r.case_id, r.subject, c.name from results r join cases c on c.id = r.case_id
       where r.case_id in (select distinct case_id from results where verdict in (${numbers}))
       group by r.case_id, r.subject
       having sum(r.verdict = ${pass}) > 0 and sum(r.verdict in (${numbers})) > 0
       order by c.name`,
    );
    const histories = found.flatMap(({ case_id: id, subject: number, name }) => {
      const subject = subjects.get(number);
      return subject ? historiesOf(database, { id, name }, new Map([[number, subject]])) : [];
    });
    return { histories, remarks: remarks(taken, remark) };
  });
}

/** Makes the index of a results folder anew. Gives what was taken in. */
export async function reindex(resultsDir: string): Promise<{
  readonly runs: number;
  readonly results: number;
  readonly remarks: readonly string[];
}> {
  return withIndex(
    resultsDir,
    ({ taken, remark }) => ({
      runs: taken.read,
      results: taken.results,
      remarks: remarks(taken, remark),
    }),
    { anew: true },
  );
}

function remarks(taken: Taken, remark: string | undefined): string[] {
  const unreadable = taken.unreadable.map((each) => `left out: ${each}`);
  return remark === undefined ? unreadable : [remark, ...unreadable];
}

interface IndexedCase {
  readonly id: number;
  readonly name: string;
}

function casesNamed(database: Database, text: string): IndexedCase[] {
  const all = rows<IndexedCase>(database, "select id, name from cases order by name");
  const exact = all.filter(({ name }) => name === text);
  if (exact.length > 0) return exact;
  const glob = text.includes("*");
  const found = all.filter(({ name }) =>
    glob ? matchesGlob(text, name) : name.endsWith(`.${text}`),
  );
  if (found.length === 0 || found.length > mostCases) {
    const names = all.map(({ name }) => name);
    const near = similarNames(text, names);
    throw new Failure({
      reason: found.length === 0 ? "unknown-case" : "too-many-cases",
      blame: "usage",
      what:
        found.length === 0
          ? `no run has a case "${text}"`
          : `"${text}" means ${found.length} cases; at most ${mostCases} are shown`,
      hint:
        found.length > 0
          ? "say more of the name"
          : near.length > 0
            ? near.join("\n")
            : "`harness show latest` lists what a run tested",
    });
  }
  return found;
}

function subjectsOf(database: Database, filter: SubjectFilter): Map<number, Subject> {
  const wantedSeries = filter.series === "baseline" ? "" : filter.series;
  const wanted = ({ arch, kernel, series }: Subject) =>
    (filter.arch === undefined || arch === filter.arch) &&
    (filter.kernel === undefined ||
      kernel === filter.kernel ||
      kernel.endsWith(`:${filter.kernel}`)) &&
    (wantedSeries === undefined || series === wantedSeries);
  return new Map(
    rows<Subject & { id: number }>(
      database,
      "select id, arch, kernel, series from subjects order by arch, kernel, series",
    )
      .filter(wanted)
      .map(({ id, arch, kernel, series }) => [id, { arch, kernel, series }]),
  );
}

function historiesOf(
  database: Database,
  { id, name }: IndexedCase,
  subjects: ReadonlyMap<number, Subject>,
): CaseHistory[] {
  return [...subjects].flatMap(([number, subject]) => {
    const { observations, bootSeconds } = observe(database, id, number);
    const newest = observations.at(-1);
    if (!newest) return [];
    const flaky = flakiness(observations);
    return [
      {
        name,
        subject,
        observations,
        standing: standing(observations),
        ...(flaky ? { flakiness: flaky } : {}),
        drifts: drifts({
          program: programSeconds(database, name, number),
          boot: bootSeconds,
        }),
        absentRuns: rows(
          database,
          "select 1 from kernels k join runs u on u.id = k.run where k.subject = ? and u.name > ?",
          [number, newest.run],
        ).length,
      },
    ];
  });
}

interface ResultRow {
  readonly run: string;
  readonly at: string;
  readonly version: string;
  readonly kernel: number;
  readonly identity: string;
  readonly lost: number;
  readonly boot_seconds: number | null;
  readonly verdict: number;
}

function observe(
  database: Database,
  caseId: number,
  subject: number,
): { observations: Observation[]; bootSeconds: number[] } {
  const results = rows<ResultRow>(
    database,
    `select u.name run, u.at, u.version, k.id kernel, k.identity, k.lost, k.boot_seconds, r.verdict
     from results r join kernels k on k.id = r.kernel join runs u on u.id = k.run
     where r.case_id = ? and r.subject = ? order by u.name, r.nth`,
    [caseId, subject],
  );
  const byKernel = new Map<number, Observation & { verdicts: CaseVerdict[] }>();
  const bootSeconds: number[] = [];
  for (const { run, at, version, kernel, identity, lost, boot_seconds, verdict } of results) {
    const said = caseVerdicts[verdict];
    if (said === undefined) continue;
    const known = byKernel.get(kernel);
    if (known) {
      known.verdicts.push(said);
      continue;
    }
    byKernel.set(kernel, { run, at, version, identity, verdicts: [said], lost: lost === 1 });
    if (boot_seconds !== null) bootSeconds.push(boot_seconds);
  }
  return { observations: [...byKernel.values()], bootSeconds };
}

/** Seconds of the case's program, oldest first. */
function programSeconds(database: Database, caseName: string, subject: number): number[] {
  const [, abi] = /@(\w+)$/.exec(caseName) ?? [];
  const plain = abi === undefined ? caseName : caseName.slice(0, -abi.length - 1);
  const parts = plain.split(".");
  // "<suite>.<program>" is a beginning of the name; of a program with dots, a longer one.
  const beginnings = parts
    .slice(1)
    .map((_, index) => parts.slice(0, index + 2).join("."))
    .map((name) => (abi === undefined ? name : `${name}@${abi}`))
    .filter((program) => isCaseOf(program, caseName));
  if (beginnings.length === 0) return [];
  const marks = beginnings.map(() => "?").join(", ");
  return rows<{ seconds: number }>(
    database,
    `select p.seconds from programs p join kernels k on k.id = p.kernel join runs u on u.id = k.run
     where p.name in (${marks}) and p.subject = ? order by u.name, p.nth`,
    [...beginnings, subject],
  ).map(({ seconds }) => seconds);
}

function drifts(seconds: Readonly<Record<string, readonly number[]>>): Record<string, Drift> {
  return Object.fromEntries(
    Object.entries(seconds).flatMap(([what, values]) => {
      const found = drift(values);
      return found ? [[what, found]] : [];
    }),
  );
}
