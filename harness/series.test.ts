import test from "ava";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { Failure } from "./model/failure.ts";
import { loadSeries } from "./series.ts";
import { seriesName } from "./series/given.ts";
import { parseSubject } from "./series/mail.ts";
import { commits } from "./testing/commits.ts";
import { temporaryDir } from "./testing/tree.ts";
import { kernelVersion } from "./testing/versions.ts";

async function load(given: string) {
  const notices: string[] = [];
  const [series] = await loadSeries({ given: [given], notice: (text) => notices.push(text) });
  if (!series) throw new Error("no series");
  const set = await series.patchesFor(kernelVersion("6.12"));
  return { series, set, notices };
}

const failing = (given: string) => loadSeries({ given: [given], notice: () => undefined });

test("a mailbox: its patches in order, named by the cover letter", async (t) => {
  const { dir, format, cover } = await commits();
  const mbox = path.join(dir, "v3.mbox");
  const text = cover(await format("-v3", "--stdout"));
  // A mailbox has its mails in the order in which they arrived.
  const mails = text.split(/^(?=From [0-9a-f]{40} )/m);
  await writeFile(mbox, mails.reverse().join(""));
  const { series, set, notices } = await load(mbox);
  t.is(series.name, "kernel-news-of-three-kinds");
  t.is(series.title, "kernel: news of three kinds");
  t.is(series.revision, 3);
  t.false(series.control);
  t.deepEqual(
    set.patches.map(({ subject, files }) => `${subject}: ${files.join()}`),
    [1, 2, 3].map((n) => `kernel: add new${n}, with an ü: kernel/new${n}.c`),
  );
  t.deepEqual(notices, []);
});

test("the same series as folder, mailbox, gzip and encoded mails is the same series", async (t) => {
  const { dir, format, cover } = await commits();
  await format("-o", path.join(dir, "folder"));
  const plain = cover(await format("--stdout"));
  await writeFile(path.join(dir, "plain.mbox"), plain);
  await writeFile(path.join(dir, "crlf.mbox"), plain.replaceAll("\n", "\r\n"));
  await writeFile(path.join(dir, "t.mbox.gz"), gzipSync(plain));
  for (const encoding of ["base64", "quoted-printable"]) {
    const encoded = plain.split(/^(?=From [0-9a-f]{40} )/m).map((mail) => encode(mail, encoding));
    await writeFile(path.join(dir, `${encoding}.mbox`), encoded.join(""));
  }
  const names = [
    "folder",
    "plain.mbox",
    "crlf.mbox",
    "t.mbox.gz",
    "base64.mbox",
    "quoted-printable.mbox",
  ];
  for (const name of names) {
    const { set } = await load(path.join(dir, name));
    t.is(set.patches.length, 3, name);
    t.is(set.fingerprint, (await load(path.join(dir, "plain.mbox"))).set.fingerprint, name);
  }
});

/** A mail with its body in a transfer encoding, as many mail servers turn them. */
function encode(mail: string, encoding: string): string {
  const cut = mail.indexOf("\n\n");
  const headers = mail.slice(0, cut).replace(/^(MIME-Version|Content-[^:]*): .*\n?/gm, "");
  const body = Buffer.from(mail.slice(cut + 2));
  const text =
    encoding === "base64"
      ? (body.toString("base64").match(/.{1,76}/g) ?? []).join("\n")
      : [...body]
          .map((byte) =>
            byte === 0x3d || byte > 0x7e
              ? `=${byte.toString(16).toUpperCase().padStart(2, "0")}`
              : String.fromCharCode(byte),
          )
          .join("")
          .replace(/ $/gm, "=20");
  return `${headers.trimEnd()}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n\n${text}\n\n`;
}

test("one patch: a mail by its subject, a bare diff by its file's name", async (t) => {
  const { dir, git, format } = await commits();
  await format("-o", dir);
  const mail = await load(path.join(dir, "0002-kernel-add-new2-with-an.patch"));
  t.is(mail.series.title, "kernel: add new2, with an ü");
  t.deepEqual(mail.notices.length, 1);
  t.regex(mail.notices[0] ?? "", /is patch 2 of 3; it is applied alone/);
  const file = path.join(dir, "My fix.diff");
  await writeFile(file, await git("diff", "HEAD~1"));
  const bare = await load(file);
  t.is(bare.series.name, "my-fix");
  t.deepEqual(bare.set.patches[0]?.files, ["kernel/new3.c"]);
});

test("only diffs and their order make the fingerprint", async (t) => {
  const { dir, format } = await commits();
  const folder = path.join(dir, "folder");
  await format("-o", folder);
  const first = (await load(folder)).set.fingerprint;
  const file = path.join(folder, "0001-kernel-add-new1-with-an.patch");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("kernel: add", "kernel: really add"));
  t.is((await load(folder)).set.fingerprint, first);
  await writeFile(file, text.replace("+int new1", "+int NEW1"));
  t.not((await load(folder)).set.fingerprint, first);
});

test("a thread's mailbox: replies and older versions are not applied", async (t) => {
  const { dir, format } = await commits();
  const v1 = await format("--stdout", "--no-cover-letter");
  const v2 = await format("--stdout", "--no-cover-letter", "-v2");
  const reply =
    v1.split(/^(?=From [0-9a-f]{40} )/m)[1]?.replace("Subject: [", "Subject: Re: [") ?? "";
  const mbox = path.join(dir, "thread.mbox");
  await writeFile(mbox, v1 + reply + v2);
  const { series, set, notices } = await load(mbox);
  t.is(set.patches.length, 3);
  t.is(series.revision, 2);
  t.deepEqual(notices, [`${mbox}: 3 patches of older versions are left out, v2 is taken`]);
});

test("a mailbox that lacks a patch, or has two for one number, is refused", async (t) => {
  const { dir, format } = await commits();
  const mails = (await format("--stdout")).split(/^(?=From [0-9a-f]{40} )/m);
  const mbox = path.join(dir, "a.mbox");
  await writeFile(mbox, [mails[0], mails[1], mails[3]].join(""));
  const missing = await t.throwsAsync(failing(mbox), { instanceOf: Failure });
  t.is(missing.reason, "patch-incomplete");
  t.is(missing.blame, "usage");
  t.regex(missing.what, /patch 2\/3 is missing/);
  await writeFile(mbox, [...mails, mails[2]?.replace("+int new2", "+int other")].join(""));
  const twice = await t.throwsAsync(failing(mbox), { instanceOf: Failure });
  t.regex(twice.what, /two different patches 2\/3/);
});

test("what is no patch is the user's fault, and is described", async (t) => {
  const dir = await temporaryDir();
  const cases: Record<string, [content: string | Buffer, reason: string, evidence: RegExp]> = {
    "empty.patch": ["", "patch-empty", /0 bytes/],
    "blank.patch": ["\n \n\t\n", "patch-empty", /nothing but white space/],
    "letter.txt": [
      "Dear all,\n\nplease find it attached.\n",
      "not-a-patch",
      /text without a diff.*\n.*Dear all/,
    ],
    "binary.patch": [
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]),
      "not-a-patch",
      /binary data[^]*ELF/,
    ],
    "mail.mbox": [
      "From a@example.org Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH 0/2] wait\n\nNo diff here.\n",
      "not-a-patch",
      /1 mail\(s\) without a diff to apply: "wait"/,
    ],
    "cut.patch": [
      "diff --git a/kernel/exit.c b/kernel/exit.c\n--- a/kernel/exit.c\n+++ b/kernel/exit.c\n@@ -1,5 +1,5 @@\n line 1;\n",
      "not-a-patch",
      /corrupt patch/,
    ],
    "html.patch": ["<!DOCTYPE html>\n<html>--- a\n+++ b\n", "not-a-patch", /DOCTYPE/],
  };
  for (const [name, [content, reason, evidence]] of Object.entries(cases)) {
    const file = path.join(dir, name);
    await writeFile(file, content);
    const failure = await t.throwsAsync(failing(file), { instanceOf: Failure }, name);
    t.is(failure.reason, reason, name);
    t.is(failure.blame, "usage", name);
    t.regex(failure.evidence ?? "", evidence, name);
    t.truthy(failure.hint);
  }
  const none = await t.throwsAsync(failing(path.join(dir, "none")), { instanceOf: Failure });
  t.is(none.reason, "no-such-patch");
  await mkdir(path.join(dir, "folder"));
  await writeFile(path.join(dir, "folder", "README"), "");
  const folder = await t.throwsAsync(failing(path.join(dir, "folder")), { instanceOf: Failure });
  t.is(folder.reason, "patch-empty");
  t.regex(folder.evidence ?? "", /README/);
});

test("series of one title get names of their own; none is called baseline", async (t) => {
  const { dir, format } = await commits();
  await format("-o", dir);
  await format("-o", path.join(dir, "again"));
  const names = (
    await loadSeries({
      given: [
        path.join(dir, "0001-kernel-add-new1-with-an.patch"),
        path.join(dir, "again/0001-kernel-add-new1-with-an.patch"),
      ],
      notice: () => undefined,
    })
  ).map(({ name }) => name);
  t.deepEqual(names, ["kernel-add-new1-with-an", "kernel-add-new1-with-an-2"]);
  t.is(seriesName("baseline"), "series-baseline");
  t.is(seriesName("…"), "series");
  t.is(seriesName("../../etc/passwd"), "etc-passwd");
});

test("subjects", (t) => {
  t.deepEqual(parseSubject("[PATCH v3 02/17] wait: add [new] wait6()"), {
    subject: "wait: add [new] wait6()",
    revision: 3,
    number: 2,
    total: 17,
    reply: false,
  });
  t.is(parseSubject("[RFC PATCHv2 net-next] x").revision, 2);
  t.is(parseSubject("[PATCH 6.1.y 1/2] x").number, 1);
  t.is(parseSubject("[PATCH] fix 1/2 of v2").number, undefined);
  t.is(parseSubject("[PATCH] fix 1/2 of v2").revision, 1);
  t.true(parseSubject("Re: [PATCH] x").reply);
});

test("mailboxes with the revisions of one series are told apart by them, others when it is said", async (t) => {
  const { dir, format, cover } = await commits();
  const files: string[] = [];
  for (const revision of ["-v1", "-v2"]) {
    const file = path.join(dir, `${revision}.mbox`);
    await writeFile(file, cover(await format(revision, "--stdout")));
    files.push(file);
  }
  const names = async (request: Parameters<typeof loadSeries>[0]) =>
    (await loadSeries(request)).map(({ name }) => name);
  const notice = () => undefined;
  const title = "kernel-news-of-three-kinds";
  t.deepEqual(await names({ given: files, notice }), [`${title}@v1`, `${title}@v2`]);
  const other = path.join(dir, "other.mbox");
  await writeFile(other, (await format("--stdout")).replace("*** SUBJECT HERE ***", "renamed"));
  t.deepEqual(await names({ given: [files[0] ?? "", other], notice }), [title, "renamed"]);
  t.deepEqual(await names({ given: [files[0] ?? "", other], notice, areRevisions: true }), [
    `${title}@v1`,
    `${title}@v2`,
  ]);
});
