import test from "ava";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { cached, cleanCache, isCached, type CacheRequest } from "./cache.ts";
import { Failure } from "./model/failure.ts";

let home: string;
test.before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), "cache-test-"));
  process.env["XDG_CACHE_HOME"] = home;
});
test.after.always(() => rm(home, { recursive: true, force: true }));

const request = (
  fingerprint: string,
  verify: CacheRequest["verify"] = "content",
): CacheRequest => ({
  kind: "images",
  fingerprint,
  verify,
});

/** Counts how often an entry is made. */
function producer(content = "content") {
  const made = { times: 0 };
  const produce = async (dir: string) => {
    made.times++;
    await writeFile(path.join(dir, "file"), content);
  };
  return { made, produce };
}

test.serial("an entry is made once and then found", async (t) => {
  const { made, produce } = producer();
  t.is(await isCached(request("once")), undefined);
  t.false((await cached(request("once"), produce)).cached);
  const again = await cached(request("once"), produce);
  t.true(again.cached);
  t.is(made.times, 1);
  t.is(await readFile(path.join(again.dir, "file"), "utf8"), "content");
  t.truthy(await isCached(request("once")));
});

test.serial("a damaged entry is made again, and it is said", async (t) => {
  for (const [verify, damage] of [
    ["content", "Content"],
    ["listing", "longer than before"],
  ] as const) {
    const { made, produce } = producer();
    const entry = await cached(request(`damaged-${verify}`, verify), produce);
    await writeFile(path.join(entry.dir, "file"), damage);
    const notices: string[] = [];
    const notice = (text: string) => notices.push(text);
    const repaired = await cached({ ...request(`damaged-${verify}`, verify), notice }, produce);
    t.is(await readFile(path.join(repaired.dir, "file"), "utf8"), "content");
    t.is(made.times, 2);
    t.regex(notices.join(), /damaged/);
  }
});

test.serial("an entry without its manifest was never finished", async (t) => {
  const { made, produce } = producer();
  const { dir } = await cached(request("unfinished"), produce);
  await rm(`${dir}.manifest.json`);
  t.is(await isCached(request("unfinished")), undefined);
  await cached(request("unfinished"), produce);
  t.is(made.times, 2);
});

test.serial("what fails while it is made leaves nothing behind", async (t) => {
  const failing = cached(request("failing"), async (dir) => {
    await writeFile(path.join(dir, "half"), "");
    throw new Error("on purpose");
  });
  await t.throwsAsync(failing, { message: "on purpose" });
  const left = (await readdir(path.join(home, "harness/images"))).filter((name) =>
    name.startsWith("failing"),
  );
  t.deepEqual(left, []);
});

test.serial("a full disk is infra's fault, with what to do", async (t) => {
  const full = cached(request("full"), () =>
    Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })),
  );
  const failure = await t.throwsAsync(full, { instanceOf: Failure });
  t.is(failure.reason, "disk-full");
  t.is(failure.blame, "infra");
  t.regex(failure.hint ?? "", /harness clean/);
});

test.serial("two makers at once: one makes, the other waits and takes", async (t) => {
  let making = 0;
  let most = 0;
  const slow = async (dir: string) => {
    most = Math.max(most, ++making);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writeFile(path.join(dir, "file"), "");
    making--;
  };
  const entries = await Promise.all([1, 2, 3].map(() => cached(request("race"), slow)));
  t.is(most, 1);
  t.deepEqual(entries.map((entry) => entry.cached).sort(), [false, true, true]);
});

test.serial("clean removes what was not used for long enough, and leaves the rest", async (t) => {
  await cached(request("kept"), producer().produce);
  t.deepEqual(await cleanCache({ kinds: ["images"], days: 1, dryRun: false }), []);
  const planned = await cleanCache({ kinds: ["images"], days: 0, dryRun: true });
  t.true(planned.some(({ name }) => name === "images/kept"));
  t.truthy(await isCached(request("kept")));
  await cleanCache({ kinds: ["images"], days: 0, dryRun: false });
  t.is(await isCached(request("kept")), undefined);
});
