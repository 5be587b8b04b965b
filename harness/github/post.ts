import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { CheckReport, RegressionReport, RegressionSighting } from "../model/posting.ts";
import { mayHaveHappened, type Github, type Repository } from "./client.ts";

export interface PostRequest extends Repository {
  /** The commit that checks are of; none are posted without it. */
  readonly commit?: string | undefined;
  /** The pull request that gets the comment. */
  readonly pull?: number | undefined;
  /** With the id of the run that each tells of. */
  readonly checks: readonly (CheckReport & { readonly run: string })[];
  readonly comment?: string | undefined;
  readonly regressions: readonly RegressionReport[];
  /** Title and text of a regression's issue. */
  readonly text: (
    report: RegressionReport,
    cells: readonly RegressionSighting[],
  ) => { readonly title: string; readonly body: string };
  /** Issues that one post opens at the most; more at once are one cause, and nobody reads hundreds. */
  readonly mostNewIssues?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was posted, as links and numbers. */
export interface Posted {
  readonly checks: readonly string[];
  readonly comment?: string;
  /** Numbers of issues. */
  readonly opened: readonly number[];
  readonly updated: readonly number[];
  readonly closed: readonly number[];
  /** Regressions for which no issue was opened, since there were too many at once. */
  readonly leftOut: number;
}

/** GitHub takes so many annotations in one request. */
const annotationBatch = 50;

const label = "harness-regression";
const commentMarker = "<!-- kernel-api-harness -->";

/**
 * Posts what runs found: a check with annotations, one comment of a pull request, an issue for each
 * regression, opened, updated and closed. Can be repeated: what is there is updated, never doubled.
 * Throws what Github.call throws; what was posted before stays.
 */
export async function postRun(github: Github, request: PostRequest): Promise<Posted> {
  const { commit, pull, comment } = request;
  const checks: string[] = [];
  if (commit !== undefined) {
    for (const check of request.checks)
      checks.push(await postCheck(github, request, commit, check));
  }
  const posted =
    pull !== undefined && comment !== undefined
      ? await postComment(github, request, pull, comment)
      : undefined;
  const issues = await postRegressions(github, request);
  return { checks, ...(posted === undefined ? {} : { comment: posted }), ...issues };
}

async function postCheck(
  github: Github,
  { owner, repo, signal }: PostRequest,
  commit: string,
  check: CheckReport & { readonly run: string },
): Promise<string> {
  const { name, conclusion, title, summary, run } = check;
  const annotations = check.annotations.map(({ path, title, message }) => ({
    path,
    title: title.slice(0, 255),
    message,
    start_line: 1,
    end_line: 1,
    annotation_level: "failure" as const,
  }));
  const what = `check "${name}"`;
  const find = async () => {
    const runs = await github.call(what, (octokit) =>
      octokit.paginate(octokit.rest.checks.listForRef, {
        owner,
        repo,
        ref: commit,
        check_name: name,
        per_page: 100,
      }),
    );
    // Annotations are added to a check that is there: the same run is not posted twice.
    return runs.find(({ external_id }) => external_id === run);
  };
  const known = await find();
  if (known) return known.html_url ?? "";
  const made = await createOnce(github, what, signal, find, (octokit) =>
    octokit.rest.checks
      .create({
        owner,
        repo,
        name,
        head_sha: commit,
        external_id: run,
        status: "completed",
        conclusion,
        output: { title, summary, annotations: annotations.slice(0, annotationBatch) },
        request: { retries: 0 },
      })
      .then(({ data }) => data),
  );
  for (let from = annotationBatch; from < annotations.length; from += annotationBatch) {
    await github.call(what, (octokit) =>
      octokit.rest.checks.update({
        owner,
        repo,
        check_run_id: made.id,
        output: { title, summary, annotations: annotations.slice(from, from + annotationBatch) },
      }),
    );
  }
  return made.html_url ?? "";
}

async function postComment(
  github: Github,
  { owner, repo, signal }: PostRequest,
  pull: number,
  text: string,
): Promise<string> {
  const what = `comment on pull request ${pull}`;
  const body = `${commentMarker}\n${text}`;
  const find = async () => {
    const comments = await github.call(what, (octokit) =>
      octokit.paginate(octokit.rest.issues.listComments, {
        owner,
        repo,
        issue_number: pull,
        per_page: 100,
      }),
    );
    return comments.find((each) => each.body?.startsWith(commentMarker));
  };
  const known = await find();
  if (known) {
    const { data } = await github.call(what, (octokit) =>
      octokit.rest.issues.updateComment({ owner, repo, comment_id: known.id, body }),
    );
    return data.html_url;
  }
  const made = await createOnce(github, what, signal, find, (octokit) =>
    octokit.rest.issues
      .createComment({ owner, repo, issue_number: pull, body, request: { retries: 0 } })
      .then(({ data }) => data),
  );
  return made.html_url;
}

/** What an issue remembers in its text: which regression it is of, and where that was seen. */
const stateSchema = z.object({
  key: z.string(),
  cells: z.array(z.object({ cell: z.string(), run: z.string(), why: z.string() })),
});
type IssueState = z.infer<typeof stateSchema>;

interface KnownIssue {
  readonly number: number;
  readonly isOpen: boolean;
  readonly body: string;
  readonly state: IssueState;
}

async function postRegressions(
  github: Github,
  request: PostRequest,
): Promise<Pick<Posted, "opened" | "updated" | "closed" | "leftOut">> {
  const opened: number[] = [];
  const updated: number[] = [];
  const closed: number[] = [];
  let leftOut = 0;
  const { mostNewIssues = 20 } = request;
  if (request.regressions.length === 0) return { opened, updated, closed, leftOut };
  const issues = await knownIssues(github, request);
  for (const report of request.regressions) {
    const known = issues.get(report.key);
    const cells = merged(known?.state.cells ?? [], report.sightings);
    if (!known) {
      if (cells.length === 0) continue;
      if (opened.length >= mostNewIssues) leftOut++;
      else opened.push(await openIssue(github, request, report, cells));
    } else if (cells.length > 0) {
      if (await updateIssue(github, request, report, cells, known)) updated.push(known.number);
    } else if (known.isOpen) {
      await closeIssue(github, request, report, known);
      closed.push(known.number);
    }
  }
  return { opened: await withoutTwins(github, request, opened), updated, closed, leftOut };
}

/** The cells where it regresses now: those known before, and what newer runs saw there. */
function merged(
  before: IssueState["cells"],
  sightings: readonly RegressionSighting[],
): RegressionSighting[] {
  const cells = new Map(
    before.map((each): [string, RegressionSighting] => [each.cell, { ...each, regresses: true }]),
  );
  for (const sighting of [...sightings].sort((a, b) => (a.run < b.run ? -1 : 1))) {
    const known = cells.get(sighting.cell);
    if (known && known.run > sighting.run) continue;
    if (sighting.regresses) cells.set(sighting.cell, sighting);
    else cells.delete(sighting.cell);
  }
  return [...cells.values()].sort((a, b) => (a.cell < b.cell ? -1 : 1));
}

/** All issues of regressions, open and closed, by key; of two of one key the older. */
async function knownIssues(
  github: Github,
  { owner, repo }: Repository,
): Promise<Map<string, KnownIssue>> {
  const found = await github.call("issues of regressions", (octokit) =>
    octokit.paginate(octokit.rest.issues.listForRepo, {
      owner,
      repo,
      // Only who may label can make an issue pass for ours.
      labels: label,
      state: "all",
      per_page: 100,
    }),
  );
  const issues = new Map<string, KnownIssue>();
  for (const { number, state, body, pull_request } of found.sort((a, b) => a.number - b.number)) {
    const remembered = pull_request ? undefined : stateIn(body ?? "");
    if (!remembered || issues.has(remembered.key)) continue;
    const isOpen = state === "open";
    issues.set(remembered.key, { number, isOpen, body: body ?? "", state: remembered });
  }
  return issues;
}

function stateIn(body: string): IssueState | undefined {
  const encoded = /^<!-- harness-regression ([A-Za-z0-9+/=]+) -->$/m.exec(body)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  } catch {
    return undefined;
  }
}

function bodyWith(
  { text }: PostRequest,
  report: RegressionReport,
  cells: readonly RegressionSighting[],
): { title: string; body: string } {
  const state: IssueState = {
    key: report.key,
    cells: cells.map(({ cell, run, why }) => ({ cell, run, why: why.slice(0, 200) })),
  };
  const encoded = Buffer.from(JSON.stringify(state)).toString("base64");
  const { title, body } = text(report, cells);
  return { title, body: `${body}\n\n<!-- harness-regression ${encoded} -->` };
}

async function openIssue(
  github: Github,
  request: PostRequest,
  report: RegressionReport,
  cells: readonly RegressionSighting[],
): Promise<number> {
  const { owner, repo } = request;
  const find = async () => (await knownIssues(github, request)).get(report.key);
  const made = await createOnce(
    github,
    `issue for ${report.key}`,
    request.signal,
    find,
    (octokit) =>
      octokit.rest.issues
        .create({
          owner,
          repo,
          ...bodyWith(request, report, cells),
          labels: [label],
          request: { retries: 0 },
        })
        .then(({ data }) => data),
  );
  return made.number;
}

/** False when the issue says it all already. */
async function updateIssue(
  github: Github,
  request: PostRequest,
  report: RegressionReport,
  cells: readonly RegressionSighting[],
  known: KnownIssue,
): Promise<boolean> {
  const { owner, repo } = request;
  const { title, body } = bodyWith(request, report, cells);
  if (known.isOpen && known.body === body) return false;
  await github.call(`issue ${known.number}`, (octokit) =>
    octokit.rest.issues.update({
      owner,
      repo,
      issue_number: known.number,
      title,
      body,
      ...(known.isOpen ? {} : { state: "open" as const }),
    }),
  );
  return true;
}

async function closeIssue(
  github: Github,
  request: PostRequest,
  report: RegressionReport,
  known: KnownIssue,
): Promise<void> {
  const { owner, repo } = request;
  await github.call(`issue ${known.number}`, (octokit) =>
    octokit.rest.issues.update({
      owner,
      repo,
      issue_number: known.number,
      ...bodyWith(request, report, []),
      state: "closed",
      state_reason: "completed",
    }),
  );
}

/** Two posts at the same time may both open an issue: the younger one is closed. */
async function withoutTwins(
  github: Github,
  request: PostRequest,
  opened: readonly number[],
): Promise<number[]> {
  if (opened.length === 0) return [];
  const { owner, repo } = request;
  const kept = new Set(
    [...(await knownIssues(github, request)).values()].map((each) => each.number),
  );
  const found = await github.call("issues of regressions", (octokit) =>
    octokit.paginate(octokit.rest.issues.listForRepo, {
      owner,
      repo,
      labels: label,
      state: "open",
      per_page: 100,
    }),
  );
  const listed = new Set(found.map(({ number }) => number));
  const twins = opened.filter((number) => listed.has(number) && !kept.has(number));
  for (const number of twins) {
    await github.call(`issue ${number}`, (octokit) =>
      octokit.rest.issues.update({
        owner,
        repo,
        issue_number: number,
        state: "closed",
        state_reason: "not_planned",
      }),
    );
  }
  return opened.filter((number) => !twins.includes(number));
}

/**
 * Creates something that must not be there twice. A request that got no answer may have been
 * carried out: before it is sent again, `find` looks.
 */
async function createOnce<T, F>(
  github: Github,
  what: string,
  signal: AbortSignal | undefined,
  find: () => Promise<F | undefined>,
  create: (octokit: Github["octokit"]) => Promise<T>,
): Promise<T | F> {
  for (let attempt = 1; ; attempt++) {
    let failure: unknown;
    try {
      return await github.call(what, async (octokit) => {
        try {
          return await create(octokit);
        } catch (thrown) {
          failure = thrown;
          throw thrown;
        }
      });
    } catch (thrown) {
      if (attempt === 3 || !mayHaveHappened(failure)) throw thrown;
      await sleep(github.second * attempt, undefined, signal ? { signal } : {});
      const found = await find();
      if (found !== undefined) return found;
    }
  }
}
