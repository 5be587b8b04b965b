import { sha256 } from "../fingerprint.ts";
import { caseVerdicts } from "../model/verdict.ts";

/** The index's tables. Whatever is in them comes from run.json files, and only from them. */
const sql = `
create table runs (
  id integer primary key,
  -- The folder's name; ids of runs sort by time.
  name text not null unique,
  -- The stamp of the run.json that was read.
  size integer not null,
  mtime_ms real not null,
  at text not null,
  version text not null,
  -- Why it is in no history: unreadable, or of wrong kernels made on purpose.
  problem text
);
create table subjects (
  id integer primary key,
  arch text not null,
  kernel text not null,
  series text not null,
  unique (arch, kernel, series)
);
create table kernels (
  id integer primary key,
  run integer not null references runs,
  subject integer not null references subjects,
  identity text not null,
  lost integer not null,
  boot_seconds real
);
create index kernels_of_subject on kernels (subject, run);
create index kernels_of_run on kernels (run);
create table cases (id integer primary key, name text not null unique);
create table results (
  case_id integer not null references cases,
  subject integer not null references subjects,
  kernel integer not null references kernels,
  -- Which of the kernel's results for this case: one a boot.
  nth integer not null,
  -- Place in caseVerdicts.
  verdict integer not null,
  primary key (case_id, subject, kernel, nth)
) without rowid;
create table programs (
  name text not null,
  subject integer not null references subjects,
  kernel integer not null references kernels,
  nth integer not null,
  seconds real not null,
  primary key (name, subject, kernel, nth)
) without rowid;
`;

/** Made once all is in: sorting once is cheaper than keeping sorted. */
const indexes = `
create index results_of_kernel on results (kernel);
create index programs_of_kernel on programs (kernel);
`;

/** Changes whenever what an index holds, or how it is read, changes. */
const version = sha256(JSON.stringify([sql, indexes, caseVerdicts, 1])).slice(0, 16);

/** Makes all tables of an empty database. */
export const createTables = `${sql}${indexes}create table meta (version text not null); insert into meta values ('${version}');`;

export { version as tablesVersion };
