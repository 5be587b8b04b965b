import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { exec } from "../exec.ts";
import { Failure } from "../model/failure.ts";
import { gitMissing, plainGit } from "./reach.ts";

/** One message of a mailbox, or a bare diff. */
export interface Message {
  /** Without "[PATCH …]"; of a bare diff its file's name. */
  readonly subject: string;
  /** 3 of "[PATCH v3 2/7]"; 1 where the subject says none. */
  readonly revision: number;
  /** 2 and 7 of "[PATCH v3 2/7]". */
  readonly number: number | undefined;
  readonly total: number | undefined;
  /** "Re: …": what it holds is talk about the patch. */
  readonly reply: boolean;
  /** Undefined where there is none: a cover letter. */
  readonly diff: Uint8Array | undefined;
  /** The commit that the series is made for, where the mail says so (git format-patch --base). */
  readonly baseCommit?: string;
}

/** A series in one file is never so large; what is, is not read into memory. */
const sizeLimit = 256 << 20;

/**
 * Reads a .patch, .diff, mail or mailbox (gzip too, as lore gives it): split and decoded by git, as
 * `git am` would. Throws Failure usage "patch-empty", "not-a-patch".
 */
export async function readMessages(file: string, signal?: AbortSignal): Promise<Message[]> {
  const bytes = await readBounded(file);
  if (bytes.every((byte) => byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09)) {
    throw new Failure({
      reason: "patch-empty",
      blame: "usage",
      what: `${file} is empty`,
      evidence: `${bytes.length} bytes, nothing but white space`,
      hint: "did `git format-patch` find no commits in the range it was given?",
    });
  }
  if (bytes.subarray(0, 8192).includes(0)) throw notAPatch(file, bytes, "binary data");
  const head = bytes.subarray(0, 65536).toString("latin1");
  if (!isMail(head)) {
    if (!hasDiff(bytes)) throw notAPatch(file, bytes, "text without a diff");
    const subject = path.basename(file).replace(/\.(patch|diff|txt)(\.gz)?$/, "");
    return [
      {
        subject,
        revision: 1,
        number: undefined,
        total: undefined,
        reply: false,
        diff: bytes,
      },
    ];
  }
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-mail-"));
  try {
    const mbox = path.join(dir, "mbox");
    await writeFile(mbox, bytes);
    const env = { ...plainGit, GIT_CEILING_DIRECTORIES: os.tmpdir() };
    const split = await exec("git", ["mailsplit", "-b", `-o${dir}`, "--", mbox], {
      cwd: dir,
      env,
      signal,
    });
    signal?.throwIfAborted();
    if (split.spawnError !== undefined) throw gitMissing();
    if (split.exitCode !== 0) throw notAPatch(file, bytes, split.output.trim());
    const mails = (await readdir(dir)).filter((name) => /^\d+$/.test(name)).sort();
    const messages: Message[] = [];
    for (const mail of mails) {
      const [text, patch] = [path.join(dir, `${mail}.text`), path.join(dir, `${mail}.patch`)];
      const info = await exec(
        "git",
        // -k: the subject whole, with its [PATCH v3 2/7].
        ["mailinfo", "-k", "--encoding=UTF-8", "--no-scissors", text, patch],
        { cwd: dir, env, input: await readFile(path.join(dir, mail)), signal },
      );
      signal?.throwIfAborted();
      if (info.exitCode !== 0)
        throw notAPatch(file, bytes, `message ${Number(mail)}: ${info.output.trim()}`);
      const subject = /^Subject: (.*)$/m.exec(info.stdout)?.[1] ?? "";
      const base = baseCommitIn(await readFile(text, "latin1"), await readFile(patch, "latin1"));
      messages.push({ ...parseSubject(subject), diff: await diffIn(patch), ...base });
    }
    return messages;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** "[PATCH v3 2/7] wait: add wait6()" taken apart. */
export function parseSubject(text: string): Omit<Message, "diff" | "baseCommit"> {
  const reply = /^\s*(?:re|aw|sv|fwd?)\s*:/i.test(text);
  let rest = text.replace(/^\s*(?:(?:re|aw|sv|fwd?)\s*:\s*)+/i, "");
  let tags = "";
  for (let match; (match = /^\s*\[([^\]]*)\]\s*/.exec(rest)); rest = rest.slice(match[0].length)) {
    tags += ` ${match[1] ?? ""}`;
  }
  const count = /(?:^|\s)(\d+)\/(\d+)(?:\s|$)/.exec(tags);
  return {
    subject: rest.trim(),
    revision: Number(/(?:^|[\sH])v(\d+)(?:\s|$)/i.exec(tags)?.[1] ?? 1),
    number: count ? Number(count[1]) : undefined,
    total: count ? Number(count[2]) : undefined,
    reply,
  };
}

/** A cover letter has it in its text, a patch without one after the diff. */
function baseCommitIn(text: string, patch: string): { baseCommit?: string } {
  const found = [text, patch].map((part) => /^base-commit: ([0-9a-f]{40,64})\s*$/m.exec(part)?.[1]);
  const baseCommit = found.find((each) => each !== undefined);
  return baseCommit === undefined ? {} : { baseCommit };
}

/** What `git mailinfo` found to be the patch, from its first file on: the diffstat before it says nothing. */
async function diffIn(file: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file);
  if (!hasDiff(bytes)) return undefined;
  const text = bytes.toString("latin1");
  const start = text.search(/^diff --git /m);
  return start > 0 ? bytes.subarray(start) : bytes;
}

function hasDiff(bytes: Buffer): boolean {
  return /^(?:diff --git \S|--- \S.*\r?\n\+\+\+ \S)/m.test(bytes.toString("latin1"));
}

/** An mbox's "From " line, or a header block with a sender or a subject. */
function isMail(head: string): boolean {
  if (/^From \S+ .*\d/.test(head)) return true;
  const headers = head.split(/\r?\n\r?\n/, 1)[0] ?? "";
  const lines = headers.split(/\r?\n/);
  return (
    lines.every((line) => /^(?:[!-9;-~]+:|[ \t])/.test(line)) &&
    lines.some((line) => /^(?:From|Subject|Message-Id):/i.test(line))
  );
}

async function readBounded(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  if (bytes.length > sizeLimit) throw notAPatch(file, bytes, `${bytes.length} bytes`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: sizeLimit });
  } catch (thrown) {
    throw notAPatch(file, bytes, `gzip data that cannot be unpacked: ${String(thrown)}`);
  }
}

function notAPatch(file: string, bytes: Buffer, found: string): Failure {
  const beginning = bytes.subarray(0, 160).toString("latin1").split(/\r?\n/).slice(0, 3);
  return new Failure({
    reason: "not-a-patch",
    blame: "usage",
    what: `${file} is not a patch`,
    evidence: `found: ${found}\nit begins with: ${JSON.stringify(beginning.join("\n"))}`,
    hint: "give a .patch or .diff file, a mailbox, or a folder that `git format-patch` wrote",
  });
}
