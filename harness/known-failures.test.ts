import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { expiredFailure, readKnownFailures } from "./known-failures.ts";
import { exitStatusFor, Failure } from "./model/failure.ts";
import { knownFailuresFor, type KnownFailure } from "./model/known-failures.ts";
import { temporaryDir } from "./testing/tree.ts";
import { kernelVersion } from "./testing/versions.ts";

const entry: KnownFailure = {
  case: "kselftest.ptrace.*",
  reason: "it fails",
  link: "https://lore.kernel.org/r/1",
  expires: "2026-06-30",
};

function concerning(more: Partial<KnownFailure>, kernel: string, arch = "x86_64") {
  const now = new Date("2026-06-30T23:59:00Z");
  const { live, expired } = knownFailuresFor([{ ...entry, ...more }], {
    arch,
    version: kernelVersion(kernel),
    now,
  });
  return `${live.length} ${expired.length}`;
}

test("an entry concerns its architectures and kernels, until its day has ended", (t) => {
  t.is(concerning({}, "6.12"), "1 0");
  t.is(concerning({ arch: ["arm64"] }, "6.12"), "0 0");
  t.is(concerning({ arch: ["arm64", "x86_64"] }, "6.12"), "1 0");
  t.is(concerning({ from: "6.12" }, "6.12.117"), "1 0");
  t.is(concerning({ from: "6.13" }, "6.12.117"), "0 0");
  t.is(concerning({ before: "6.12" }, "6.12.117"), "0 0");
  t.is(concerning({ before: "6.13" }, "6.13-rc1"), "1 0");
  t.is(concerning({ expires: "2026-06-29" }, "6.12"), "0 1");
  // What has expired elsewhere does not fail this cell.
  t.is(concerning({ expires: "2026-06-29", arch: ["arm64"] }, "6.12"), "0 0");
});

test("an expired entry fails a run, and the series is not to blame", (t) => {
  t.is(exitStatusFor([expiredFailure(entry).blame]), 3);
});

test("the project's own list can be read", async (t) => {
  t.true(Array.isArray(await readKnownFailures()));
});

test("a list that is wrong is refused with what is wrong", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const file = path.join(dir, "known.json");
  const evidence = async (content: unknown) => {
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    const failure = await t.throwsAsync(readKnownFailures(file), { instanceOf: Failure });
    t.is(failure.reason, "bad-known-failures");
    return failure.evidence ?? "";
  };
  t.regex(await evidence("["), /SyntaxError/);
  t.regex(await evidence([{ ...entry, expires: undefined }]), /0\.expires/);
  t.regex(await evidence([{ ...entry, expires: "next week" }]), /0\.expires/);
  t.regex(await evidence([{ ...entry, link: "none" }]), /0\.link/);
  t.regex(await evidence([{ ...entry, reason: "" }]), /0\.reason/);
  t.regex(await evidence([{ ...entry, from: "old" }]), /0\.from: is no kernel version/);
  t.regex(await evidence([{ ...entry, expire: "2026-01-01" }]), /expire/);
  await rm(file);
  t.regex(await evidence(JSON.stringify({})), /expected array/);
});
