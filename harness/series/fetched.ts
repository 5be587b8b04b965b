import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { Github, parseRepository } from "../github/client.ts";
import { Failure } from "../model/failure.ts";
import { readMessages } from "./mail.ts";
import { gitMissing } from "./reach.ts";

/** Where a series lies that is not a file here. */
type Place =
  /** `mbox`: a mailbox here that has the thread, instead of lore.kernel.org. */
  | { readonly kind: "lore"; readonly messageId: string; readonly mbox?: string }
  | {
      readonly kind: "pull";
      readonly owner: string;
      readonly repo: string;
      readonly number: number;
    };

/** A series as files, and what its place says of it. */
export interface Fetched {
  /** A mailbox in a folder of its own. */
  readonly file: string;
  readonly title?: string;
  /** The commit that the series is made for. */
  readonly baseCommit?: string;
  /** Removes the folder. */
  readonly remove: () => Promise<void>;
}

interface FetchOptions {
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a --patch argument that names a place: a message-id (`<id@host>`, `lore:id@host`), a link to
 * lore.kernel.org, `lore:FILE#id@host` (the thread in a local mailbox), `github:OWNER/REPO#N` or a
 * link to a pull request. Undefined when it is none of these: then it is a file.
 */
export function parsePlace(given: string): Place | undefined {
  const pull =
    /^github:([^/#]+\/[^/#]+)#(\d+)$/.exec(given) ??
    /^https:\/\/[^/]+\/([^/]+\/[^/]+)\/pull\/(\d+)(?:\/.*)?$/.exec(given);
  const repository = parseRepository(pull?.[1] ?? "");
  if (repository) return { kind: "pull", ...repository, number: Number(pull?.[2]) };
  const link =
    /^https?:\/\/(?:lore\.kernel\.org|lkml\.kernel\.org|patch\.msgid\.link|patchwork\.kernel\.org)\/(?:[^?#]*\/)?([^/?#]*(?:@|%40)[^/?#]+)/.exec(
      given,
    )?.[1];
  const [, mbox, named] = /^lore:(?:(.+)#)?(.*)$/.exec(given) ?? [];
  const text = link === undefined ? (named ?? given) : decodedLink(link);
  // No hyphen in front: b4 would take it for an option.
  const messageId = /^<?([^\s<>@/-][^\s<>@/]*@[^\s<>@/]+)>?$/.exec(text)?.[1];
  if (messageId === undefined) return undefined;
  return { kind: "lore", messageId, ...(mbox === undefined ? {} : { mbox }) };
}

function decodedLink(link: string): string {
  try {
    return decodeURIComponent(link);
  } catch {
    return link;
  }
}

/**
 * Fetches a series into a mailbox. Throws Failure infra "b4-missing", "lore-unreachable",
 * usage "no-such-message", "no-series-there", and GitHub's (Github.call).
 */
export async function fetchSeries(place: Place, options: FetchOptions): Promise<Fetched> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-series-"));
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    const found = await (place.kind === "lore"
      ? fromLore(place, dir, options)
      : fromPullRequest(place, dir, options));
    return { ...found, remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/** b4 finds the thread, takes its newest version, and says whose signatures hold. */
async function fromLore(
  { messageId, mbox }: Place & { kind: "lore" },
  dir: string,
  { notice, signal }: FetchOptions,
): Promise<Omit<Fetched, "remove">> {
  const out = path.join(dir, "out");
  await mkdir(out);
  // b4 asks git for help, which wants a repository to work in.
  const init = await exec("git", ["init", "--quiet", dir], { signal });
  if (init.spawnError !== undefined) throw gitMissing();
  const local = mbox === undefined ? [] : ["--use-local-mbox", path.resolve(mbox)];
  const offline = mbox === undefined ? [] : ["--offline-mode"];
  const b4 = await exec("b4", [...offline, "am", ...local, "-o", out, "-n", "series", messageId], {
    cwd: dir,
    signal,
    env: b4Environment(dir),
    timeoutSeconds: 300,
  });
  signal?.throwIfAborted();
  const files = (await readdir(out)).filter((name) => name.endsWith(".mbx"));
  const [file] = files;
  if (b4.exitCode !== 0 || file === undefined) throw b4Failure(b4, messageId);
  for (const line of attestation(b4.output)) notice(`b4: ${line}`);
  const cover = path.join(out, file.replace(/mbx$/, "cover"));
  const [message] = existsSync(cover) ? await readMessages(cover, signal) : [];
  return {
    file: path.join(out, file),
    ...(message ? { title: message.subject } : {}),
    ...(message?.baseCommit === undefined ? {} : { baseCommit: message.baseCommit }),
  };
}

/** b4 asks git who the user is, though it writes nothing in their name, and ends without a word when git does not know. */
function b4Environment(dir: string): Record<string, string> {
  return {
    GIT_CEILING_DIRECTORIES: path.dirname(dir),
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "user.name",
    GIT_CONFIG_VALUE_0: "harness",
    GIT_CONFIG_KEY_1: "user.email",
    GIT_CONFIG_VALUE_1: "harness@localhost",
    PYTHONIOENCODING: "utf-8",
  };
}

/** What b4 says of signatures, a line a finding. */
function attestation(output: string): string[] {
  const lines = output.split("\n").map((line) => line.trim());
  const found = lines.filter((line) => /^[✓✗]|\b(BADSIG|NOKEY|MISSING SIG|Signed: )/.test(line));
  return found.length > 0 ? found : ["no attestation: nobody's signature vouches for these mails"];
}

function b4Failure(
  {
    spawnError,
    output,
    exitCode,
  }: { spawnError: string | undefined; output: string; exitCode: number | undefined },
  messageId: string,
): Failure {
  if (spawnError !== undefined) {
    return new Failure({
      reason: "b4-missing",
      blame: "infra",
      what: "b4, which fetches series from mailing lists, is not installed",
      hint: "apt-get install b4; or save the thread as a mailbox and give --patch FILE",
    });
  }
  const evidence = output.trim().split("\n").slice(-15).join("\n");
  if (
    /ConnectionError|Name or service not known|Max retries|timed out|Temporary failure/i.test(
      output,
    )
  ) {
    return new Failure({
      reason: "lore-unreachable",
      blame: "infra",
      what: `b4 cannot reach the archive for ${messageId}`,
      evidence,
      hint: "is there a network? a thread saved as a mailbox serves too: --patch lore:FILE#MESSAGE-ID",
    });
  }
  if (/could not find|not found|404|that message-id/i.test(output)) {
    return new Failure({
      reason: "no-such-message",
      blame: "usage",
      what: `b4 finds no message ${messageId}`,
      evidence,
      hint: "see the Message-Id header of one of the series' mails",
    });
  }
  return new Failure({
    reason: "no-series-there",
    blame: "usage",
    what: `b4 makes no series of ${messageId} (exit status ${exitCode ?? "none"})`,
    evidence,
    hint: "is it a mail of the series itself? `b4 am` shows more",
  });
}

/** A pull request's commits as mails, with the commit where its branch left the base. */
async function fromPullRequest(
  { owner, repo, number }: Place & { kind: "pull" },
  dir: string,
  { notice, signal }: FetchOptions,
): Promise<Omit<Fetched, "remove">> {
  const github = new Github({ notice, signal });
  const name = `${owner}/${repo}#${number}`;
  const at = { owner, repo, pull_number: number };
  const pull = await github.call(`pull request ${name}`, (octokit) => octokit.rest.pulls.get(at));
  const { title, commits, base, head } = pull.data;
  const patch = await github.call(`patches of ${name}`, (octokit) =>
    octokit.rest.pulls.get({ ...at, mediaType: { format: "patch" } }),
  );
  const text = patch.data as unknown as string;
  const mails = text.match(/^From [0-9a-f]{40} /gm)?.length ?? 0;
  if (mails < commits) {
    notice(
      `${name}: ${commits - mails} of ${commits} commits have no patch (merges) and are left out`,
    );
  }
  const compared = await github.call(`base of ${name}`, (octokit) =>
    octokit.rest.repos.compareCommitsWithBasehead({
      owner,
      repo,
      basehead: `${base.sha}...${head.sha}`,
      per_page: 1,
    }),
  );
  const file = path.join(dir, `${owner}-${repo}-${number}.patch`);
  await writeFile(file, text);
  return { file, title, baseCommit: compared.data.merge_base_commit.sha };
}
