import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { fetchSeries, parsePlace } from "./fetched.ts";
import { readMessages, type Message } from "./mail.ts";
import { patchSet, type Patch, type Series } from "./patch-set.ts";
import { filesOf } from "./reach.ts";

interface GivenOptions {
  /** Told what of the user's input is left out, and why. */
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A series that the user brings: a .patch or .diff file, a mailbox with several patches and their
 * cover letter, a folder of such files, or a place to fetch one from (parsePlace). All of it is read
 * here, so that what is wrong with it shows before anything is built.
 * Throws Failure usage "no-such-patch", "patch-empty", "not-a-patch", "patch-incomplete",
 * "patch-writes-outside", and what fetchSeries throws.
 */
export async function readGivenSeries(given: string, options: GivenOptions): Promise<Series> {
  const place = parsePlace(given);
  // A file of that name is meant rather.
  if (!place || (await isThere(given))) return readFiles(given, await patchFiles(given), options);
  const fetched = await fetchSeries(place, options);
  try {
    const series = await readFiles(given, [fetched.file], options);
    const { title = series.title, baseCommit = series.baseCommit } = fetched;
    if (baseCommit !== undefined) options.notice(`${given} is made for commit ${baseCommit}`);
    const base = baseCommit === undefined ? {} : { baseCommit };
    return { ...series, name: seriesName(title), title, ...base };
  } finally {
    await fetched.remove();
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function readFiles(
  given: string,
  files: readonly string[],
  options: GivenOptions,
): Promise<Series> {
  const found: (Message & { readonly file: string })[] = [];
  for (const file of files) {
    for (const message of await readMessages(file, options.signal))
      found.push({ ...message, file });
  }
  const messages = newestRevision(
    found.filter(({ reply }) => !reply),
    given,
    options,
  );
  const cover =
    messages.find(({ number }) => number === 0) ?? messages.find(({ diff }) => diff === undefined);
  const diffs = messages.filter((each): each is typeof each & { diff: Uint8Array } => {
    return each.diff !== undefined;
  });
  const ordered = files.length > 1 ? diffs : inOrder(diffs, given, options);
  const total = Math.max(0, ...ordered.map((each) => each.total ?? 0));
  if (files.length > 1 && ordered.length < total)
    options.notice(`${given} has ${ordered.length} of the series' ${total} patches`);
  const first = ordered[0];
  if (!first) {
    throw new Failure({
      reason: "not-a-patch",
      blame: "usage",
      what: `${given} is not a patch`,
      evidence: `found: ${found.length} mail(s) without a diff to apply: ${found.map(({ subject }) => JSON.stringify(subject)).join(", ")}`,
      hint: "give the patches themselves; replies (Re: …) are not applied",
    });
  }
  const patches: Patch[] = [];
  for (const { subject, number, total, diff, file } of ordered) {
    const count = number === undefined ? "" : ` (${number}/${total ?? "?"})`;
    const name =
      files.length > 1 || ordered.length === 1 ? path.basename(file) : `${subject}${count}`;
    patches.push({ name, subject, diff, files: await filesOf(diff, name, options.signal) });
  }
  const title =
    [cover?.subject, first.subject].find((subject) => subject !== undefined && subject !== "") ??
    path.basename(given);
  const set = patchSet(patches, given);
  const base = messages.find(({ baseCommit }) => baseCommit !== undefined)?.baseCommit;
  return {
    name: seriesName(title),
    title,
    ...(base === undefined ? {} : { baseCommit: base }),
    ...(first.revision > 1 ? { revision: first.revision } : {}),
    control: false,
    suites: [],
    proves: [],
    patchesFor: () => Promise.resolve(set),
  };
}

/** "wait: add wait6()" becomes "wait-add-wait6": safe as a file's name and in a case's. */
export function seriesName(title: string): string {
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/g, "");
  // "baseline" is what a run calls the kernel without any series.
  return name === "" || name === "baseline" ? `series${name && "-"}${name}` : name;
}

async function patchFiles(given: string): Promise<string[]> {
  const stats = await stat(given).catch((thrown: unknown) => {
    throw new Failure({
      reason: "no-such-patch",
      blame: "usage",
      what: `there is no patch file or folder ${given}`,
      evidence: thrown instanceof Error ? thrown.message : String(thrown),
      hint: "give a .patch or .diff file, a mailbox, or a folder that `git format-patch` wrote",
    });
  });
  if (!stats.isDirectory()) return [given];
  const names = await readdir(given);
  const patches = names
    .filter((name) => /\.(patch|diff|mbox|mbx|eml)$/.test(name))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (patches.length === 0) {
    throw new Failure({
      reason: "patch-empty",
      blame: "usage",
      what: `the folder ${given} has no patches`,
      evidence: `looked for *.patch, *.diff, *.mbox, *.eml; there are: ${names.slice(0, 10).join(", ") || "no files"}`,
      hint: "give the folder that `git format-patch -o` wrote",
    });
  }
  return patches.map((name) => path.join(given, name));
}

/** A thread's mailbox can hold v1 and v2: only the newest is meant. */
function newestRevision<T extends Message>(
  messages: readonly T[],
  given: string,
  { notice }: GivenOptions,
): T[] {
  const newest = Math.max(
    1,
    ...messages.filter(({ diff }) => diff !== undefined).map(({ revision }) => revision),
  );
  const older = messages.filter(({ revision, diff }) => revision !== newest && diff !== undefined);
  if (older.length > 0)
    notice(`${given}: ${older.length} patches of older versions are left out, v${newest} is taken`);
  return messages.filter(({ revision }) => revision === newest);
}

/** The patches of a mailbox in the order of their numbers, none missing, none twice. */
function inOrder<T extends Message & { readonly diff: Uint8Array }>(
  messages: readonly T[],
  given: string,
  { notice }: GivenOptions,
): T[] {
  const numbered = messages.filter(({ number }) => number !== undefined);
  const total = Math.max(0, ...numbered.map((each) => each.total ?? 0));
  if (numbered.length === 0 || messages.length === 1) {
    if (messages.length === 1 && total > 1)
      notice(`${given} is patch ${numbered[0]?.number ?? "?"} of ${total}; it is applied alone`);
    return [...messages];
  }
  for (const { subject } of messages.filter(({ number }) => number === undefined))
    notice(`${given}: "${subject}" has no number in the series and is left out`);
  const byNumber = new Map<number, T>();
  for (const message of numbered) {
    const number = message.number ?? 0;
    const twin = byNumber.get(number);
    if (twin && !Buffer.from(twin.diff).equals(message.diff)) {
      throw incomplete(given, `there are two different patches ${number}/${total}`, [
        twin.subject,
        message.subject,
      ]);
    }
    if (!twin) byNumber.set(number, message);
  }
  const missing = Array.from({ length: total }, (_, index) => index + 1).filter(
    (number) => !byNumber.has(number),
  );
  if (missing.length > 0) {
    throw incomplete(
      given,
      `patch ${missing.map((number) => `${number}/${total}`).join(", ")} is missing`,
      numbered.map(({ subject }) => subject),
    );
  }
  return [...byNumber].sort(([a], [b]) => a - b).map(([, message]) => message);
}

function incomplete(given: string, why: string, subjects: readonly string[]): Failure {
  return new Failure({
    reason: "patch-incomplete",
    blame: "usage",
    what: `${given} is not a whole series: ${why}`,
    evidence: `found: ${subjects.map((subject) => JSON.stringify(subject)).join(", ")}`,
    hint: "get the whole thread; to apply a part on purpose, give a folder with just those patches",
  });
}
