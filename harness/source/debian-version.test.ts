import test from "ava";
import { exec } from "../exec.ts";
import { compareDebianVersions } from "./debian-version.ts";

const versions = [
  "1.0~rc1-1",
  "1.0-1",
  "1.0-1+b1",
  "1.0a-1",
  "1.0+dfsg-1",
  "1.0.1-1~deb12u1",
  "1.0.1-1",
  "6.1.99-1",
  "6.1.176-1~deb11u1",
  "6.1.176-1",
  "6.12.117-1~deb12u1",
  "6.12.117-1",
  "1:0.9-1",
];

test("versions are ordered as dpkg orders them", async (t) => {
  const dpkg = (await exec("dpkg", ["--version"])).exitCode === 0;
  for (const [i, a] of versions.entries()) {
    for (const [j, b] of versions.entries()) {
      t.is(Math.sign(compareDebianVersions(a, b)), Math.sign(i - j), `${a} and ${b}`);
      if (dpkg && i < j)
        t.is((await exec("dpkg", ["--compare-versions", a, "lt", b])).exitCode, 0, `${a} < ${b}`);
    }
  }
});
