import test from "ava";
import { formatKernelVersion, versionIn } from "./kernel-version.ts";

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
