import test from "ava";
import { kernelVersion } from "../testing/versions.ts";
import { formatKernelVersion, isWithin, versionIn } from "./kernel-version.ts";

test("what a tool says of itself holds its version, whoever built it", (t) => {
  for (const [says, version] of [
    ["gcc (Debian 12.2.0-14+deb12u1) 12.2.0\nCopyright (C) 2022", "12.2"],
    ["gcc-10 (Ubuntu 10.5.0-1ubuntu1~22.04) 10.5.0", "10.5"],
    ["Debian clang version 14.0.6", "14.0.6"],
    ["GNU ld (GNU Binutils for Debian) 2.40", "2.40"],
    ["GNU ld (GNU Binutils for Ubuntu) 2.35.2", "2.35.2"],
    ["QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", "7.2.22"],
  ] as const) {
    const found = versionIn(says);
    t.is(found && formatKernelVersion(found), version, says);
  }
  t.is(versionIn(""), undefined);
  t.is(versionIn("a tool without a version"), undefined);
});

test("a range begins with its first version and ends before the other", (t) => {
  for (const [version, range, within] of [
    ["5.9", { before: "5.9" }, false],
    ["5.8.18", { before: "5.9" }, true],
    ["5.9-rc1", { before: "5.9" }, false],
    ["5.9-rc1", { from: "5.9" }, true],
    ["5.9", { from: "5.9" }, true],
    ["6.12", { from: "5.11", before: "6.12" }, false],
    ["6.11.3", { from: "5.11", before: "6.12" }, true],
    ["5.10", { from: "5.11", before: "6.12" }, false],
    ["4.19", {}, true],
  ] as const)
    t.is(isWithin(kernelVersion(version), range), within, `${version} ${JSON.stringify(range)}`);
  t.throws(() => isWithin(kernelVersion("5.9"), { from: "next" }), {
    message: /"next".*no version/,
  });
});
