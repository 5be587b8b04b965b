import { rm } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { exec } from "./exec.ts";
import { Github, postRun, type PostRequest } from "./github.ts";
import { Failure } from "./model/failure.ts";
import type { RegressionReport } from "./model/posting.ts";
import { projectDir } from "./paths.ts";
import { FakeGithub, token, type Fault } from "./testing/github-server.ts";
import { runRecord, writeRun } from "./testing/records.ts";
import { temporaryDir } from "./testing/tree.ts";

async function fake(t: ExecutionContext): Promise<FakeGithub> {
  const server = await FakeGithub.start();
  t.teardown(() => {
    server.stop();
  });
  return server;
}

/** A second lasts 5 ms. */
function client(server: FakeGithub, notices: string[] = [], timeoutMs = 60_000): Github {
  return new Github({
    env: server.env,
    notice: (text) => notices.push(text),
    second: 5,
    timeoutMs,
  });
}

function regression(name: string, cells: Readonly<Record<string, boolean>>, run = "r1") {
  const sightings = Object.entries(cells).map(([cell, regresses]) => ({
    cell,
    regresses,
    run,
    why: regresses ? "it fails" : "",
  }));
  return { key: `wait6: ${name}`, series: "wait6", case: name, sightings };
}

function request(more: Partial<PostRequest> = {}): PostRequest {
  return {
    owner: "o",
    repo: "r",
    checks: [],
    regressions: [],
    text: (report, cells) => ({
      title: `Regression: ${report.case}`,
      body: cells.map(({ cell }) => cell).join("\n"),
    }),
    ...more,
  };
}

const check = {
  name: "harness: x86_64 apt:6.12",
  run: "r1",
  conclusion: "failure",
  title: "one regression",
  summary: "text",
  annotations: Array.from({ length: 120 }, (_, index) => ({
    path: "patches/wait6/6.12/0001-wait.patch",
    title: `number ${index}`,
    message: "m",
  })),
} as const;

test("a check with all its annotations, fifty a request; the same run twice is one check", async (t) => {
  const server = await fake(t);
  const once = request({ commit: "c0ffee", checks: [check] });
  await postRun(client(server), once);
  await postRun(client(server), once);
  t.is(server.checks.length, 1);
  t.is(server.checks[0]?.annotations.length, 120);
  t.like(server.checks[0], { conclusion: "failure", head_sha: "c0ffee" });
  await postRun(client(server), request({ commit: "c0ffee", checks: [{ ...check, run: "r2" }] }));
  t.is(server.checks.length, 2);
});

test("one comment of a pull request, found among hundreds and updated in place", async (t) => {
  const server = await fake(t);
  for (let id = 1; id <= 250; id++) server.comments.push({ id: -id, issue: 7, body: `talk ${id}` });
  await postRun(client(server), request({ pull: 7, comment: "first" }));
  await postRun(client(server), request({ pull: 7, comment: "second" }));
  const ours = server.comments.filter(({ body }) => body.includes("kernel-api-harness"));
  t.deepEqual(
    ours.map(({ body }) => body.split("\n")[1]),
    ["second"],
  );
});

test("an issue is opened, updated, closed when no cell is left, and opened again: never a second one", async (t) => {
  const server = await fake(t);
  const post = (...regressions: RegressionReport[]) =>
    postRun(client(server), request({ regressions }));
  t.deepEqual((await post(regression("s.a", { "x86_64 6.12": true }))).opened, [1]);
  t.deepEqual((await post(regression("s.a", { "arm64 6.12": true }, "r2"))).updated, [1]);
  t.regex(server.issues[0]?.body ?? "", /^arm64 6\.12\nx86_64 6\.12\n/);
  // Nothing new: nothing is written.
  t.deepEqual((await post(regression("s.a", { "arm64 6.12": true }, "r2"))).updated, []);
  // Seen to pass on one of the two.
  t.deepEqual((await post(regression("s.a", { "arm64 6.12": false }, "r3"))).updated, [1]);
  // An older run does not bring it back.
  await post(regression("s.a", { "x86_64 6.12": false }, "r0"));
  t.is(server.issues[0]?.state, "open");
  t.deepEqual((await post(regression("s.a", { "x86_64 6.12": false }, "r4"))).closed, [1]);
  t.is(server.issues[0]?.state, "closed");
  t.deepEqual((await post(regression("s.a", { "x86_64 6.12": false }, "r5"))).closed, []);
  t.deepEqual((await post(regression("s.a", { "x86_64 6.12": true }, "r6"))).updated, [1]);
  t.like(server.issues[0], { state: "open" });
  t.is(server.issues.length, 1);
});

test("its issue is found behind hundreds of others; strangers' texts are not taken for ours", async (t) => {
  const server = await fake(t);
  await postRun(client(server), request({ regressions: [regression("s.a", { x: true })] }));
  const [ours] = server.issues;
  for (let number = 100; number < 350; number++) {
    server.issues.push({
      number,
      title: "",
      body: number % 2 ? (ours?.body ?? "") : "<!-- harness-regression bm9uc2Vuc2U= -->",
      state: "open",
      labels: number % 2 ? ["bug"] : ["harness-regression"],
    });
  }
  const { updated, opened } = await postRun(
    client(server),
    request({ regressions: [regression("s.a", { y: true }, "r2")] }),
  );
  t.deepEqual([updated, opened], [[1], []]);
});

test("many regressions at once open a few issues; the others are counted", async (t) => {
  const server = await fake(t);
  // Issues are paced, three seconds each, as GitHub advises: a few are enough to see it.
  const regressions = [1, 2, 3].map((number) => regression(`s.${number}`, { x: true }));
  const posted = await postRun(client(server), request({ regressions, mostNewIssues: 2 }));
  t.is(posted.opened.length, 2);
  t.is(posted.leftOut, 1);
  t.is(server.issues.length, 2);
});

test("a request that was carried out but not answered makes no second one", async (t) => {
  const server = await fake(t);
  for (const what of ["POST /repos/o/r/issues", "POST /repos/o/r/check-runs"]) {
    let lost = false;
    server.fault = (each) => {
      if (each !== what || lost) return undefined;
      lost = true;
      return "lose";
    };
    await postRun(
      client(server),
      request({
        regressions: [regression("s.a", { x: true })],
        commit: "c0ffee",
        checks: [{ ...check, run: what, annotations: [] }],
      }),
    );
    t.true(lost, what);
  }
  t.is(server.issues.length, 1);
  t.is(server.checks.length, 2);
  let lost = false;
  server.fault = (each) => {
    if (lost || !each.startsWith("POST")) return undefined;
    lost = true;
    return "lose";
  };
  await postRun(client(server), request({ pull: 7, comment: "c" }));
  t.true(lost);
  t.is(server.comments.length, 1);
});

test("two posts at the same time leave one issue open", async (t) => {
  const server = await fake(t);
  const both = request({ regressions: [regression("s.a", { x: true })] });
  await Promise.all([postRun(client(server), both), postRun(client(server), both)]);
  t.is(server.issues.filter(({ state }) => state === "open").length, 1);
});

const comments = "GET /repos/o/r/issues/7/comments";

/** Posts a comment while the server has a fault; gives the failure, or undefined. */
async function failing(
  t: ExecutionContext,
  fault: (count: number) => Fault,
  timeoutMs?: number,
): Promise<{ failure: Failure | undefined; notices: string[]; tries: number }> {
  const server = await fake(t);
  server.fault = (what, count) => (what === comments ? fault(count) : undefined);
  const notices: string[] = [];
  let failure: Failure | undefined;
  try {
    await postRun(client(server, notices, timeoutMs), request({ pull: 7, comment: "text" }));
    t.is(server.comments.length, 1);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    failure = thrown;
    t.false(JSON.stringify(failure.details).includes(token));
  }
  return { failure, notices, tries: server.requests.filter((each) => each === comments).length };
}

const message = (text: string) => ({ message: `${text} ${token}` });
const secondary = { message: "You have exceeded a secondary rate limit." };

test("errors that a retry does not mend are told at once, with what to do", async (t) => {
  for (const [status, reason, blame] of [
    [401, "github-unauthorized", "usage"],
    [403, "github-forbidden", "usage"],
    [404, "github-not-found", "usage"],
    [422, "github-refused", "usage"],
  ] as const) {
    const { failure, tries } = await failing(t, () => ({ status, body: message("no") }));
    t.like(failure, { reason, blame });
    t.truthy(failure?.hint);
    t.is(tries, 1, String(status));
  }
});

test("a server that is ill is asked again, and not for ever", async (t) => {
  const well = await failing(t, (count) => (count < 3 ? { status: 502 } : undefined));
  t.is(well.failure, undefined);
  t.is(well.tries, 3);
  const ill = await failing(t, () => ({ status: 503, body: message("down") }));
  t.like(ill.failure, { reason: "github-failed", blame: "infra" });
  t.is(ill.tries, 4);
});

test("secondary limits are waited for, with and without retry-after; long ones are not", async (t) => {
  for (const headers of [{ "retry-after": "2" }, {}]) {
    const { failure, notices } = await failing(t, (count) =>
      count === 1 ? { status: 403, body: secondary, headers } : undefined,
    );
    t.is(failure, undefined);
    t.regex(notices.join("\n"), /secondary rate limit is reached: waiting (2|60) s/);
  }
  const long = await failing(t, () => ({
    status: 403,
    body: secondary,
    headers: { "retry-after": "3600" },
  }));
  t.like(long.failure, { reason: "github-rate-limited", blame: "infra" });
  t.is(long.tries, 1);
  const endless = await failing(t, () => ({
    status: 429,
    body: secondary,
    headers: { "retry-after": "1" },
  }));
  t.like(endless.failure, { reason: "github-rate-limited" });
});

test("the primary limit is waited for until its reset, if that is soon", async (t) => {
  const limit = (reset: number) => ({
    status: 403,
    body: message("API rate limit exceeded"),
    headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) },
  });
  const now = Math.floor(Date.now() / 1000);
  const soon = await failing(t, (count) => (count === 1 ? limit(now + 1) : undefined));
  t.is(soon.failure, undefined);
  const late = await failing(t, () => limit(now + 3000));
  t.like(late.failure, { reason: "github-rate-limited" });
  t.regex(late.failure?.what ?? "", /until 20\d\d-/);
});

test("a server that hangs up or is too slow is asked again; one that is not there is told of", async (t) => {
  t.is((await failing(t, (count) => (count < 2 ? "drop" : undefined))).failure, undefined);
  // Slow is what takes an hour; the next answer comes at once, or two seconds would be too few.
  const slow = await failing(t, (count) => (count < 2 ? 3_600_000 : undefined), 2000);
  t.is(slow.failure, undefined);
  t.is(slow.tries, 2);
  t.like((await failing(t, () => "drop")).failure, {
    reason: "github-unreachable",
    blame: "infra",
  });
});

test("the command: comment, check and issues of a run; the token is nowhere to be seen", async (t) => {
  const server = await fake(t);
  server.pulls.set(7, { title: "P", commits: 1, patch: "" });
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const record = runRecord({
    baseline: { "wait6.p.a": "pass" },
    series: { wait6: { "wait6.p.a": "fail" } },
    record: { exitStatus: 1 },
  });
  await writeRun(dir, record);
  const bin = path.join(projectDir, "build/harness/bin.js");
  const post = async (...args: string[]) =>
    exec(process.execPath, [bin, "post", "latest", "--github", "o/r", "--output", dir, ...args], {
      env: { GITHUB_API_URL: server.url, GITHUB_TOKEN: token },
    });
  const dry = await post("--pull", "7", "--issues", "--dry-run");
  t.is(dry.exitCode, 0, dry.output);
  t.is(server.requests.length, 0);
  const { exitCode, output } = await post("--pull", "7", "--issues");
  t.is(exitCode, 0, output);
  t.regex(output, /check: https.*\ncomment: https.*\nissues opened: \d+\n/);
  t.false(output.includes(token) || dry.output.includes(token));
  t.like(server.checks[0], { conclusion: "failure", head_sha: "c".repeat(40) });
  t.regex(server.checks[0]?.annotations[0]?.path ?? "", /^patches\/wait6\/6\.12\/0001-.*\.patch$/);
  t.regex(server.comments[0]?.body ?? "", /wait6.*REGRESSION/);
  t.is(server.issues[0]?.title, "Regression on wait6: wait6.p.a");
  const wrong = await exec(
    process.execPath,
    [bin, "post", "latest", "--github", "o/r", "--output", dir, "--pull", "7"],
    { env: { GITHUB_API_URL: server.url, GITHUB_TOKEN: "wrong-token" } },
  );
  t.is(wrong.exitCode, 2);
  t.regex(wrong.output, /GITHUB_TOKEN is wrong/);
  t.false(wrong.output.includes("wrong-token"));
});
