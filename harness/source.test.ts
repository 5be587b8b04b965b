import test from "ava";
import { Failure } from "./model/failure.ts";
import { similarNames } from "./model/similar.ts";
import { parseSourceSpec } from "./source.ts";
import { parseChecksums } from "./source/checksums.ts";
import { parseMakefileVersion } from "./source/tree.ts";

test("what --kernel takes", (t) => {
  const version = { major: 5, minor: 3, patch: 0, extra: "" };
  t.deepEqual(parseSourceSpec("5.3"), { kind: "release", version });
  t.deepEqual(parseSourceSpec("v5.3"), { kind: "release", version });
  t.deepEqual(parseSourceSpec("release:5.3.1"), {
    kind: "release",
    version: { ...version, patch: 1 },
  });
  t.deepEqual(parseSourceSpec("apt:6.1"), { kind: "apt", series: "6.1" });
  t.deepEqual(parseSourceSpec("apt"), { kind: "apt", series: "newest" });
  t.deepEqual(parseSourceSpec("dir:/src/linux"), { kind: "dir", dir: "/src/linux" });
  t.deepEqual(parseSourceSpec("git:/src/a#b.git#v6.1"), {
    kind: "git",
    repository: "/src/a#b.git",
    revision: "v6.1",
  });
  t.deepEqual(parseSourceSpec("git:linux"), {
    kind: "git",
    repository: "linux",
    revision: "HEAD",
  });
});

test("what --kernel does not take is the user's fault, with what it takes", (t) => {
  for (const spec of [
    "",
    "six",
    "5",
    "5.3.",
    "5.3x",
    "svn:x",
    "dir:",
    "git:",
    "git:#v1",
    "release:",
  ]) {
    const failure = t.throws(() => parseSourceSpec(spec), { instanceOf: Failure }, spec);
    t.is(failure.reason, "unknown-kernel");
    t.is(failure.blame, "usage");
    t.regex(failure.hint ?? "", /apt:newest/);
  }
});

test("a Makefile's version", (t) => {
  const makefile = "VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 0\nEXTRAVERSION = -rc4\n";
  t.deepEqual(parseMakefileVersion(makefile), { major: 7, minor: 2, patch: 0, extra: "-rc4" });
  t.deepEqual(parseMakefileVersion(makefile.replace("-rc4", "")), {
    ...{ major: 7, minor: 2, patch: 0, extra: "" },
  });
  t.is(parseMakefileVersion("all:\n"), undefined);
});

test("a list of checksums gives whole lines only", (t) => {
  const digest = "a".repeat(64);
  const sums = parseChecksums(`${digest}  linux-5.3.tar.xz\n${digest}x  b\n- ${digest}  c\n`);
  t.deepEqual([...sums], [["linux-5.3.tar.xz", digest]]);
});

test("similar names, the closest first", (t) => {
  t.deepEqual(similarNames("wiat6", ["wait6", "translate-pid"]), ["wait6"]);
  t.deepEqual(similarNames("v6.1", ["v6.10", "v6.1-rc1", "v5.9"]), ["v6.10", "v5.9", "v6.1-rc1"]);
  t.deepEqual(similarNames("zzz", ["wait6"]), []);
});
