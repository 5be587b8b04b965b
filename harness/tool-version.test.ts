import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { fakeTool } from "./testing/fake-apt.ts";
import { temporaryDir } from "./testing/tree.ts";
import { toolVersion } from "./tool-version.ts";

test("a tool is asked once, in English; one that is not there has no status 0", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true }));
  await fakeTool(dir, "fakecc", `echo asked >> ${dir}/log; echo "fakecc 12.2 $LC_ALL"`);
  const tool = path.join(dir, "fakecc");
  const all = await Promise.all([toolVersion(tool), toolVersion(tool)]);
  t.deepEqual(
    [...all, await toolVersion(tool)].map(({ stdout }) => stdout),
    Array.from({ length: 3 }, () => "fakecc 12.2 C\n"),
  );
  t.is(await readFile(path.join(dir, "log"), "utf8"), "asked\n");
  t.not((await toolVersion(path.join(dir, "no-such-tool"))).exitCode, 0);
});
