import { chmodSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import s390x from "../arch/s390x.ts";
import x86 from "../arch/x86_64.ts";
import { exec } from "../exec.ts";
import { temporaryDir } from "../testing/tree.ts";
import { factorOf, storeMeasured, withMeasuredSlowdown, workload } from "./slowdown.ts";

let cache: string;
test.before(async () => {
  cache = await temporaryDir();
  process.env["XDG_CACHE_HOME"] = cache;
});
test.after.always(async () => {
  await rm(cache, { recursive: true, force: true });
});

const measured = (guestSeconds: number) => ({ guestSeconds, hostSeconds: 0.5, bootSeconds: 1 });

test.serial(
  "what was measured counts where it is the larger; the last measurement stands",
  async (t) => {
    t.deepEqual((await withMeasuredSlowdown(s390x)).slowdown, s390x.slowdown);
    await storeMeasured(s390x, "tcg", measured(30.2));
    t.deepEqual((await withMeasuredSlowdown(s390x)).slowdown, { ...s390x.slowdown, tcg: 61 });
    t.deepEqual((await withMeasuredSlowdown(x86)).slowdown, x86.slowdown);
    await storeMeasured(s390x, "tcg", measured(1));
    t.deepEqual((await withMeasuredSlowdown(s390x)).slowdown, s390x.slowdown);
  },
);

test("a guest is never taken for faster than its host", (t) => {
  t.is(factorOf(measured(0.1)), 1);
  t.is(factorOf(measured(5)), 10);
});

test.serial("the workload is a shell's, and each of its parts runs", async (t) => {
  const busybox = path.join(cache, "busybox");
  writeFileSync(busybox, `#!/bin/sh\necho "$1" >>${cache}/log\nexec "$@"\n`);
  chmodSync(busybox, 0o755);
  const { exitCode, output } = await exec("sh", ["-c", workload(busybox)]);
  t.is(exitCode, 0, output);
  t.is(output, "");
  const { stdout } = await exec("sort", ["-u", path.join(cache, "log")]);
  t.deepEqual(stdout.trim().split("\n"), ["dd", "sh", "true"]);
});
