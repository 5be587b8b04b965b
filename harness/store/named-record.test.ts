import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { temporaryDir, writeFiles } from "../testing/tree.ts";
import { readNamedRecord, type RecordKind } from "./named-record.ts";

const kind: RecordKind<{ n: number }> = {
  file: "thing.json",
  schema: z.object({ n: z.number() }),
  noun: "thing",
  unknownHint: "give another",
  corruptHint: "make it anew",
};

test("a record is read by its id or its folder; what cannot be read says whose fault that is", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true }));
  await mkdir(path.join(dir, "empty"));
  await writeFiles(dir, {
    "good/thing.json": '{ "n": 1 }',
    "cut/thing.json": '{ "n": ',
    "other/thing.json": '{ "m": 1 }',
  });
  const expected = { dir: path.join(dir, "good"), record: { n: 1 } };
  t.deepEqual(await readNamedRecord("good", dir, kind), expected);
  t.deepEqual(await readNamedRecord(path.join(dir, "good"), "/nowhere", kind), expected);
  const failure = async (name: string) => {
    const thrown = await t.throwsAsync(readNamedRecord(name, dir, kind), { instanceOf: Failure });
    return `${thrown.blame} ${thrown.reason}: ${thrown.hint}`;
  };
  for (const name of ["empty", "nobody"])
    t.is(await failure(name), "usage unknown-thing: give another");
  for (const name of ["cut", "other"])
    t.is(await failure(name), "infra thing-record-corrupt: make it anew");
});
