import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { Failure } from "../model/failure.ts";
import { fakeTool } from "../testing/fake-apt.ts";
import { FakeGithub } from "../testing/github-server.ts";
import { mustRun, temporaryDir, writeFiles } from "../testing/tree.ts";
import { parsePlace } from "./fetched.ts";
import { readGivenSeries } from "./given.ts";

const base = "90240c2dca0fe57d78d480baf70f3c54de65b5f1";

async function temporary(t: ExecutionContext): Promise<string> {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Two commits as format-patch writes them, in one text, with a cover letter in front. */
async function mails(dir: string, ...options: string[]): Promise<string> {
  const repo = path.join(dir, "repo");
  await writeFiles(repo, { f: "1\n" });
  await mustRun("git", ["init", "--quiet", repo]);
  const commit = async (subject: string) => {
    await mustRun("git", ["add", "--all"], repo);
    await mustRun("git", ["commit", "--quiet", "-m", subject], repo);
  };
  await commit("base");
  await writeFiles(repo, { f: "2\n" });
  await commit("f: be 2");
  await writeFiles(repo, { g: "3\n" });
  await commit("g: new");
  return mustRun("git", ["format-patch", "--stdout", ...options, "HEAD~2"], repo);
}

/** Puts a b4 on PATH that writes this mailbox and cover, and says this. */
async function fakeB4(t: ExecutionContext, script: string): Promise<string> {
  const bin = await temporary(t);
  await fakeTool(bin, "b4", `echo "$*" >> '${bin}/log'\n${script}`);
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `${bin}:${before}`;
  t.teardown(() => {
    process.env["PATH"] = before;
  });
  return bin;
}

async function read(given: string) {
  const notices: string[] = [];
  const series = await readGivenSeries(given, { notice: (text) => notices.push(text) });
  return { series, notices: notices.join("\n") };
}

test("what --patch takes for a place, and what for a file", (t) => {
  const id = "20260101.1@example.org";
  for (const given of [
    id,
    `<${id}>`,
    `lore:${id}`,
    `https://lore.kernel.org/all/${id}/`,
    `https://lore.kernel.org/lkml/${id}/T/#u`,
    `https://lore.kernel.org/r/${id}`,
    `https://patch.msgid.link/${id}`,
    `https://lkml.kernel.org/r/${id.replace("@", "%40")}`,
  ]) {
    t.deepEqual(parsePlace(given), { kind: "lore", messageId: id }, given);
  }
  t.deepEqual(parsePlace(`lore:/tmp/a#b.mbox#${id}`), {
    kind: "lore",
    messageId: id,
    mbox: "/tmp/a#b.mbox",
  });
  const pull = { kind: "pull", owner: "o", repo: "linux.git", number: 12 } as const;
  t.deepEqual(parsePlace("github:o/linux.git#12"), pull);
  t.deepEqual(parsePlace("https://github.com/o/linux.git/pull/12/files"), pull);
  for (const given of ["a.patch", "./a@b", "dir/a@b.mbox", "github:o/r", "lore:", "@", "-n@x y"])
    t.is(parsePlace(given), undefined, given);
});

test.serial(
  "b4's series: the newest version, its cover's title and base, whose signatures hold",
  async (t) => {
    const dir = await temporary(t);
    const text = await mails(dir);
    await writeFile(path.join(dir, "mbx"), text);
    const cover = `Subject: [PATCH v3 0/2] Two things\nFrom: A <a@example.org>\n\nWhy.\n\nbase-commit: ${base}\n`;
    await writeFile(path.join(dir, "cover"), cover);
    const bin = await fakeB4(
      t,
      `while [ "$1" != -o ]; do shift; done
cp '${dir}/mbx' "$2/series.mbx"; cp '${dir}/cover' "$2/series.cover"
echo '  ✓ [PATCH v3 1/2] f: be 2'; echo '  ---'; echo '  ✓ Signed: DKIM/example.org'; echo 'noise'`,
    );
    const { series, notices } = await read("https://lore.kernel.org/all/1@example.org/");
    t.is(series.title, "Two things");
    t.is(series.name, "two-things");
    t.is(series.baseCommit, base);
    t.regex(notices, /b4: ✓ Signed: DKIM\/example\.org/);
    t.notRegex(notices, /noise/);
    const { patches } = await series.patchesFor({ major: 6, minor: 12, patch: 0, extra: "" });
    t.deepEqual(
      patches.map(({ subject }) => subject),
      ["f: be 2", "g: new"],
    );
    t.regex(await readFile(path.join(bin, "log"), "utf8"), /^am -o \S+ -n series 1@example\.org$/m);
  },
);

test.serial("a local mailbox is read offline; without signatures that is said", async (t) => {
  const dir = await temporary(t);
  await writeFile(path.join(dir, "mbx"), await mails(dir));
  const bin = await fakeB4(
    t,
    `while [ "$1" != -o ]; do shift; done; cp '${dir}/mbx' "$2/series.mbx"`,
  );
  const { notices } = await read(`lore:${dir}/mbx#1@example.org`);
  t.regex(notices, /no attestation/);
  t.regex(
    await readFile(path.join(bin, "log"), "utf8"),
    /^--offline-mode am --use-local-mbox \S+\/mbx -o/m,
  );
});

test.serial("b4 that is absent, finds nothing, or has no network", async (t) => {
  const failure = async (script?: string) => {
    const before = process.env["PATH"];
    if (script === undefined) {
      const bin = await temporary(t);
      for (const tool of ["git", "setpriv"])
        await fakeTool(bin, tool, `exec "$(PATH='${before ?? ""}' command -v ${tool})" "$@"`);
      process.env["PATH"] = bin;
    } else await fakeB4(t, script);
    try {
      const thrown = await t.throwsAsync(read("1@example.org"), { instanceOf: Failure });
      return `${thrown.blame} ${thrown.reason}`;
    } finally {
      process.env["PATH"] = before;
    }
  };
  t.is(await failure(), "infra b4-missing");
  t.is(
    await failure("echo 'CRITICAL: Could not find 1@example.org in x'; exit 1"),
    "usage no-such-message",
  );
  t.is(
    await failure("echo 'requests.exceptions.ConnectionError: Max retries exceeded'; exit 1"),
    "infra lore-unreachable",
  );
  t.is(await failure("echo 'No patches found.'; exit 1"), "usage no-series-there");
  t.is(await failure("exit 0"), "usage no-series-there");
});

test.serial(
  "a pull request is a series of its commits, made for where its branch left",
  async (t) => {
    const server = await FakeGithub.start();
    t.teardown(() => {
      server.stop();
    });
    const dir = await temporary(t);
    server.pulls.set(3, { title: "My series", commits: 3, patch: await mails(dir) });
    const before = { ...process.env };
    Object.assign(process.env, server.env);
    try {
      const { series, notices } = await read("github:o/r#3");
      t.is(series.title, "My series");
      t.is(series.baseCommit, "b".repeat(40));
      t.regex(notices, /1 of 3 commits have no patch/);
      t.regex(notices, /made for commit bbbb/);
      const missing = await t.throwsAsync(read("github:o/r#4"), { instanceOf: Failure });
      t.is(missing.reason, "github-not-found");
    } finally {
      process.env = before;
    }
  },
);

test("the base commit of a cover letter, of a patch without one, and of none", async (t) => {
  const baseOf = async (...options: string[]) => {
    const dir = await temporary(t);
    const file = path.join(dir, "series.mbox");
    await writeFile(file, await mails(dir, ...options));
    return (await read(file)).series.baseCommit;
  };
  t.regex((await baseOf("--cover-letter", "--base=HEAD~2")) ?? "", /^[0-9a-f]{40}$/);
  t.regex((await baseOf("--base=HEAD~2")) ?? "", /^[0-9a-f]{40}$/);
  t.is(await baseOf(), undefined);
});
