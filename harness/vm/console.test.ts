import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import type { Splat } from "../model/verdict.ts";
import { warnText } from "../testing/fake-guest-texts.ts";
import { Console, ConsoleLines } from "./console.ts";

async function open(t: ExecutionContext) {
  const dir = mkdtempSync(path.join(os.tmpdir(), "console-test-"));
  t.teardown(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const splats: Splat[] = [];
  const file = path.join(dir, "below", "console.log");
  return { console: await Console.open(file, (splat) => splats.push(splat)), splats, file };
}

test("lines and their offsets are the same however the bytes are cut", (t) => {
  const lines = fc.array(
    fc.string({ unit: "grapheme" }).map((line) => line.replace(/[\r\n]/g, "")),
  );
  fc.assert(
    fc.property(lines, fc.array(fc.nat(40)), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((line) => `${line}\n`).join(""));
      const seen: [string, number][] = [];
      const splitter = new ConsoleLines((line, start) => seen.push([line, start]));
      let from = 0;
      for (const cut of cuts) {
        splitter.push(bytes.subarray(from, from + cut));
        from = Math.min(bytes.length, from + cut);
      }
      splitter.push(bytes.subarray(from));
      splitter.end();
      let offset = 0;
      const wanted = texts.map((line): [string, number] => {
        const at = offset;
        offset += Buffer.byteLength(line) + 1;
        return [line, at];
      });
      t.deepEqual(seen, wanted);
    }),
  );
});

test("a splat is found however the bytes are cut, with its place in the file", async (t) => {
  const { console, splats, file } = await open(t);
  for (const byte of Buffer.from(`boot\r\n${warnText("do_wait")}after\n`)) {
    console.push(Buffer.from([byte]));
  }
  t.deepEqual(
    splats.map(({ title }) => title),
    ["WARNING in do_wait"],
  );
  t.regex(readFileSync(file, "utf8").slice(splats[0]?.offset), /^\[ +2\.204790\] WARNING: /);
  console.close();
});

test("a line without end comes in pieces", (t) => {
  const sizes: number[] = [];
  const splitter = new ConsoleLines((line) => sizes.push(line.length));
  for (let i = 0; i < 100; i += 1) splitter.push(Buffer.alloc(1000, "x"));
  splitter.end();
  t.is(
    sizes.reduce((a, b) => a + b),
    100_000,
  );
  t.true(Math.max(...sizes) <= ConsoleLines.longest);
});

test("the tail begins with a whole line, and outlives the console", async (t) => {
  const { console } = await open(t);
  console.push(Buffer.from("first line\nsecond line\nthird"));
  t.is(console.tail(), "first line\nsecond line\nthird");
  t.is(console.tail(12), "third");
  console.close();
  console.push(Buffer.from("late"));
  t.is(console.tail(), "first line\nsecond line\nthird");
  t.is(console.offset, 28);
});

test("watchers get whole lines until they leave", async (t) => {
  const { console } = await open(t);
  const seen: string[] = [];
  const leave = console.watch((line) => seen.push(line));
  console.push(Buffer.from("on"));
  console.push(Buffer.from("e\ntwo\n"));
  leave();
  console.push(Buffer.from("three\n"));
  t.deepEqual(seen, ["one", "two"]);
  console.close();
});

test("a kernel that warns without end does not fill the memory", async (t) => {
  const { console } = await open(t);
  for (let i = 0; i < 1500; i += 1) console.push(Buffer.from(warnText("do_wait")));
  console.close();
  t.is(console.splats.length, 1000);
});
