import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256File } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";

export interface DownloadRequest {
  readonly url: string;
  /** Where the whole, verified file goes. */
  readonly file: string;
  /** Its sha256 (hex), known from elsewhere. */
  readonly sha256: string;
  /** Where the part that has arrived is kept, over runs too; a note about it lies beside it (.json). */
  readonly partial: string;
  readonly signal?: AbortSignal | undefined;
  /** Told about once a second, such as "45 % of 139 MB". */
  readonly progress?: (text: string) => void;
  /** Attempts in a row that bring not one byte before it gives up; 5 unless told. */
  readonly attempts?: number;
  /** A connection that is silent for so long counts as cut; 30 unless told. */
  readonly stallSeconds?: number;
  /** Pause before the second attempt, doubled for each further one; 1 unless told. */
  readonly retrySeconds?: number;
}

/** What is known of a part: which file of which server it is the beginning of. */
interface PartNote {
  readonly url: string;
  /** A strong ETag or a Last-Modified, for If-Range. */
  readonly validator: string | undefined;
}

/**
 * Downloads a file over HTTP: takes up what an earlier attempt or run left, verifies the whole,
 * and only then gives it its name.
 * Throws Failure infra "download-failed" (the part is kept) and "checksum-mismatch" (nothing is
 * kept); errors of the file system, such as a full disk, as they are.
 */
export async function download(request: DownloadRequest): Promise<void> {
  await mkdir(path.dirname(request.partial), { recursive: true });
  let taken = await fetchAll(request);
  let found = await sha256File(request.partial);
  if (found !== request.sha256 && taken.resumed) {
    // The file may have changed on the server between the two halves.
    await discard(request.partial);
    taken = await fetchAll(request);
    found = await sha256File(request.partial);
  }
  if (found !== request.sha256) {
    await discard(request.partial);
    throw new Failure({
      reason: "checksum-mismatch",
      blame: "infra",
      what: `${request.url} is not the file it should be; what was downloaded has been deleted`,
      evidence: `sha256 expected ${request.sha256}\n       received ${found} (${taken.size} bytes)`,
      hint: "try again; if it stays so, the server or something on the way alters the file: use another mirror",
    });
  }
  await rename(request.partial, request.file);
  await rm(noteOf(request.partial), { force: true });
}

async function fetchAll(request: DownloadRequest): Promise<{ resumed: boolean; size: number }> {
  const limit = request.attempts ?? 5;
  let resumed = false;
  for (let fruitless = 0; ;) {
    const before = await sizeOf(request.partial);
    const attempt = await fetchOnce(request, before);
    const after = await sizeOf(request.partial);
    resumed ||= attempt.resumed;
    if (attempt.outcome === "complete") return { resumed, size: after };
    fruitless = after > before ? 0 : fruitless + 1;
    if (attempt.outcome === "refused" || fruitless >= limit) {
      throw new Failure({
        reason: "download-failed",
        blame: "infra",
        what: `${request.url} could not be downloaded`,
        evidence: `${attempt.why}; ${after} bytes have arrived`,
        hint: "check the network and run it again: the download goes on where it stopped",
      });
    }
    request.progress?.(`interrupted (${attempt.why}), trying again`);
    await sleep((request.retrySeconds ?? 1) * 2 ** (fruitless - 1) * 1000, undefined, {
      ...(request.signal ? { signal: request.signal } : {}),
    });
  }
}

type Attempt =
  | { readonly outcome: "complete"; readonly resumed: boolean }
  | { readonly outcome: "cut" | "refused"; readonly resumed: boolean; readonly why: string };

async function fetchOnce(request: DownloadRequest, have: number): Promise<Attempt> {
  const note = have > 0 ? await readNote(request.partial) : undefined;
  if (have > 0 && note?.url !== request.url) {
    await discard(request.partial);
    have = 0;
  }
  using stall = new StallTimer((request.stallSeconds ?? 30) * 1000);
  const signal = request.signal ? AbortSignal.any([request.signal, stall.signal]) : stall.signal;
  // A compressed transfer would make the byte ranges those of something else.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (have > 0) {
    headers["range"] = `bytes=${have}-`;
    if (note?.validator !== undefined) headers["if-range"] = note.validator;
  }
  let resumed = false;
  try {
    const response = await fetch(request.url, { headers, signal });
    stall.tick();
    const range = parseContentRange(response.headers.get("content-range"));
    if (response.status === 416) {
      await response.body?.cancel();
      if (range?.total === have) return { outcome: "complete", resumed: true };
      await discard(request.partial);
      return { outcome: "cut", resumed, why: "the server has a shorter file now" };
    }
    if (response.status === 206 && range?.start === have && have > 0) resumed = true;
    else if (response.status !== 200) {
      await response.body?.cancel();
      const why = `HTTP ${response.status} ${response.statusText}`.trim();
      const passing = response.status >= 500 || [206, 408, 425, 429].includes(response.status);
      if (response.status === 206) await discard(request.partial);
      return { outcome: passing ? "cut" : "refused", resumed, why };
    }
    const length = Number(response.headers.get("content-length") ?? NaN);
    const total = resumed ? (range?.total ?? have + length) : length;
    await writeNote(request.partial, { url: request.url, validator: validatorOf(response) });
    const size = await receive(request, response, resumed ? have : 0, total, stall);
    // fetch itself notices a body that ends early, unless the server does not say how long it is.
    if (Number.isFinite(total) && size < total)
      return { outcome: "cut", resumed, why: `only ${size} of ${total} bytes came` };
    return { outcome: "complete", resumed };
  } catch (thrown) {
    request.signal?.throwIfAborted();
    if (isFileSystemError(thrown)) throw thrown;
    return { outcome: "cut", resumed, why: stall.why ?? networkError(thrown) };
  }
}

async function receive(
  request: DownloadRequest,
  response: Response,
  from: number,
  total: number,
  stall: StallTimer,
): Promise<number> {
  let size = from;
  let told = -Infinity;
  const out = await open(request.partial, from > 0 ? "a" : "w");
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      stall.tick();
      await out.appendFile(chunk);
      size += chunk.length;
      if (performance.now() - told > 1000) {
        told = performance.now();
        request.progress?.(
          Number.isFinite(total)
            ? `${Math.floor((size / total) * 100)} % of ${Math.round(total / 1e6)} MB`
            : `${Math.round(size / 1e6)} MB`,
        );
      }
    }
    return size;
  } finally {
    await out.close();
  }
}

/** Aborts when nothing arrives for too long. */
class StallTimer implements Disposable {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout;
  why: string | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  tick(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.why = `nothing came for ${this.#milliseconds / 1000} s`;
      this.#controller.abort();
    }, this.#milliseconds);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** What lies behind fetch's "fetch failed", in one line. */
export function networkError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause;
  if (cause instanceof AggregateError && cause.errors.length > 0)
    return networkError(cause.errors[0]);
  return cause instanceof Error ? cause.message : thrown.message;
}

/** fetch wraps what the network does into a TypeError; a bare system error is the disk's. */
function isFileSystemError(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    !(thrown instanceof TypeError) &&
    typeof (thrown as NodeJS.ErrnoException).syscall === "string"
  );
}

function parseContentRange(
  text: string | null,
): { start: number | undefined; total: number | undefined } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(text ?? "");
  if (!match) return undefined;
  return {
    start: match[1] === undefined ? undefined : Number(match[1]),
    total: match[2] === "*" ? undefined : Number(match[2]),
  };
}

/** If-Range takes strong validators only (RFC 9110, 13.1.5). */
function validatorOf(response: Response): string | undefined {
  const etag = response.headers.get("etag");
  if (etag?.startsWith('"')) return etag;
  return response.headers.get("last-modified") ?? undefined;
}

function noteOf(partial: string): string {
  return `${partial}.json`;
}

async function readNote(partial: string): Promise<PartNote | undefined> {
  try {
    return JSON.parse(await readFile(noteOf(partial), "utf8")) as PartNote;
  } catch {
    return undefined;
  }
}

async function writeNote(partial: string, note: PartNote): Promise<void> {
  await writeFile(noteOf(partial), JSON.stringify(note));
}

async function discard(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(noteOf(partial), { force: true });
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
