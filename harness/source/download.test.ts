import test from "ava";
import { createHash } from "node:crypto";
import { existsSync, statSync, symlinkSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { Mirror } from "../testing/mirror.ts";
import { temporaryDir } from "../testing/tree.ts";
import { download, type DownloadRequest } from "./download.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3));
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

async function setUp(more: Partial<DownloadRequest> = {}) {
  const dir = await temporaryDir();
  const mirror = await Mirror.start();
  mirror.files.set("/linux.tar.xz", content);
  const request: DownloadRequest = {
    url: `${mirror.address}/linux.tar.xz`,
    file: path.join(dir, "linux.tar.xz"),
    sha256: digest(content),
    partial: path.join(dir, "parts", "linux.part"),
    retrySeconds: 0.01,
    ...more,
  };
  mirror.received = () => statSync(request.partial, { throwIfNoEntry: false })?.size ?? 0;
  const received = async () => content.equals(await readFile(request.file));
  return { dir, mirror, request, received };
}

test("a file arrives whole, and its part and note are gone", async (t) => {
  const { dir, mirror, request, received } = await setUp();
  await using _mirror = mirror;
  await download(request);
  t.true(await received());
  t.deepEqual(await readdir(path.join(dir, "parts")), []);
  t.is(mirror.seen.length, 1);
});

test("a cut download goes on where it stopped", async (t) => {
  const { mirror, request, received } = await setUp();
  await using _mirror = mirror;
  mirror.behaviours.push({ cutAfter: 100_000 }, { cutAfter: 50_000 });
  await download(request);
  t.true(await received());
  t.is(mirror.seen.length, 3);
  t.is(mirror.seen[0]?.range, undefined);
  t.is(mirror.seen[1]?.range, "bytes=100000-");
  t.is(mirror.seen[2]?.range, "bytes=150000-");
  t.truthy(mirror.seen[1]?.ifRange);
});

test("a later run takes up what an earlier one left", async (t) => {
  const { mirror, request, received } = await setUp({ attempts: 1 });
  await using _mirror = mirror;
  mirror.behaviours.push({ cutAfter: 100_000 }, { status: 503 });
  const failure = await t.throwsAsync(download(request), { instanceOf: Failure });
  t.is(failure.reason, "download-failed");
  t.is(failure.blame, "infra");
  t.regex(failure.evidence ?? "", /HTTP 503.*100000 bytes/);
  t.false(existsSync(request.file));
  await download(request);
  t.is(mirror.seen.at(-1)?.range, "bytes=100000-");
  t.true(await received());
});

test("a server that ignores Range is read from the beginning", async (t) => {
  const { mirror, request, received } = await setUp();
  await using _mirror = mirror;
  mirror.behaviours.push({ cutAfter: 100_000 }, { ignoreRange: true });
  await download(request);
  t.true(await received());
  t.is(mirror.seen.length, 2);
});

test("a part of another file is not continued: by ETag, and by checksum where the server lies", async (t) => {
  for (const behaviour of [{}, { ignoreIfRange: true }]) {
    const { mirror, request, received } = await setUp();
    await using _mirror = mirror;
    const old = Buffer.alloc(300_000, "old");
    mirror.files.set("/linux.tar.xz", old);
    mirror.behaviours.push({ cutAfter: 1000 }, { status: 404 });
    await t.throwsAsync(download(request));
    mirror.files.set("/linux.tar.xz", content);
    mirror.behaviours.push(behaviour);
    await download(request);
    t.true(await received());
  }
});

test("wrong bytes are refused and deleted, and it is infra's fault", async (t) => {
  const { dir, mirror, request } = await setUp();
  await using _mirror = mirror;
  const wrong = Buffer.from(content);
  wrong[1234] = (wrong[1234] ?? 0) ^ 1;
  mirror.files.set("/linux.tar.xz", wrong);
  const failure = await t.throwsAsync(download(request), { instanceOf: Failure });
  t.is(failure.reason, "checksum-mismatch");
  t.is(failure.blame, "infra");
  t.true(failure.evidence?.includes(digest(content)));
  t.true(failure.evidence?.includes(digest(wrong)));
  t.false(existsSync(request.file));
  t.deepEqual(await readdir(path.join(dir, "parts")), []);
});

test("a missing file is not asked for again and again; a busy server is", async (t) => {
  const { mirror, request, received } = await setUp();
  await using _mirror = mirror;
  mirror.behaviours.push({ status: 404 });
  const failure = await t.throwsAsync(download(request), { instanceOf: Failure });
  t.regex(failure.evidence ?? "", /HTTP 404/);
  t.is(mirror.seen.length, 1);
  mirror.behaviours.push({ status: 503 }, { status: 429 });
  await download(request);
  t.is(mirror.seen.length, 4);
  t.true(await received());
});

test("a silent connection counts as cut", async (t) => {
  const { mirror, request, received } = await setUp({ stallSeconds: 0.3 });
  await using _mirror = mirror;
  mirror.behaviours.push({ stallAfter: 70_000 });
  const told: string[] = [];
  await download({ ...request, progress: (text) => told.push(text) });
  t.true(await received());
  t.true(told.some((text) => text.includes("nothing came for 0.3 s")));
});

test("a part that is whole already is verified and taken", async (t) => {
  const { mirror, request, received } = await setUp();
  await using _mirror = mirror;
  mirror.behaviours.push({ cutAfter: 100_000 }, { status: 404 });
  await t.throwsAsync(download(request));
  await writeFile(request.partial, content);
  await download(request);
  t.true(await received());
});

test("a server that is not there: infra, with the network's own words", async (t) => {
  const { mirror, request } = await setUp({ attempts: 2 });
  await mirror[Symbol.asyncDispose]();
  const failure = await t.throwsAsync(download(request), { instanceOf: Failure });
  t.is(failure.reason, "download-failed");
  t.regex(failure.evidence ?? "", /ECONNREFUSED/);
});

test("a full disk is told as such, and not taken for the network", async (t) => {
  const { dir, mirror, request } = await setUp();
  await using _mirror = mirror;
  const full = path.join(dir, "full");
  symlinkSync("/dev/full", full);
  const thrown = await t.throwsAsync(download({ ...request, partial: full }));
  t.is((thrown as NodeJS.ErrnoException).code, "ENOSPC");
  t.is(mirror.seen.length, 1);
});

test("an abort ends the download, and keeps the part", async (t) => {
  const { mirror, request } = await setUp();
  await using _mirror = mirror;
  mirror.behaviours.push({ stallAfter: 70_000 });
  const controller = new AbortController();
  const progress = () => {
    controller.abort();
  };
  await t.throwsAsync(download({ ...request, progress, signal: controller.signal }), {
    name: "AbortError",
    any: true,
  });
  t.true((await readFile(request.partial)).length > 0);
  t.false(existsSync(request.file));
});
