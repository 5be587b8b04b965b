import test, { type ExecutionContext } from "ava";
import { createHash } from "node:crypto";
import { readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import alpha from "../arch/alpha.ts";
import arm64 from "../arch/arm64.ts";
import { exec } from "../exec.ts";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { fakeTool } from "../testing/fake-apt.ts";
import { Mirror } from "../testing/mirror.ts";
import { packTarXz, temporaryDir } from "../testing/tree.ts";
import { findToolchain } from "./toolchain.ts";

/** A mirror with gcc 12.3.0 and 13.2.0 for arm64, of which the second has been altered on the way if told so. */
async function setUp(t: ExecutionContext, altered = false) {
  const dir = await temporaryDir();
  const mirror = await Mirror.start();
  const names = ["XDG_CACHE_HOME", "HARNESS_CROSSTOOL"] as const;
  t.teardown(async () => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
    await mirror[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  process.env["HARNESS_CROSSTOOL"] = `${mirror.address}/bin`;
  const host = process.arch === "arm64" ? "arm64" : "x86_64";
  const links = ["../", "12.3.0/", "9.5.0/", "13.2.0/", "13.1.0/"].map((to) => `<a href="${to}">`);
  mirror.files.set(`/bin/${host}/`, Buffer.from(links.join("\n")));
  for (const version of ["12.3.0", "13.2.0"]) {
    const top = path.join(dir, `gcc-${version}-nolibc`);
    const bin = path.join(top, "aarch64-linux/bin");
    await fakeTool(bin, "aarch64-linux-gcc", `echo "aarch64-linux-gcc (GCC) ${version}"`);
    await fakeTool(bin, "aarch64-linux-ld", 'echo "GNU ld (GNU Binutils) 2.41"');
    const tarball = path.join(dir, `${version}.tar.xz`);
    await packTarXz(top, tarball);
    const content = await readFile(tarball);
    const name = `${host}-gcc-${version}-nolibc-aarch64-linux.tar.xz`;
    const sum = createHash("sha256").update(content).digest("hex");
    const sums = `-----BEGIN PGP SIGNED MESSAGE-----\n\n${sum}  ${name}\n`;
    mirror.files.set(`/bin/${host}/${version}/sha256sums.asc`, Buffer.from(sums));
    mirror.files.set(
      `/bin/${host}/${version}/${name}`,
      altered ? Buffer.concat([content, Buffer.from("x")]) : content,
    );
  }
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const refused = (name: string, arch = arm64) =>
    t.throwsAsync(findToolchain(name, arch, { emit }), { instanceOf: Failure });
  return { dir, mirror, emit, events, refused };
}

test.serial("kernel.org's gcc, the newest of its number or the very one, comes once", async (t) => {
  const { mirror, emit, events } = await setUp(t);
  const newest = await findToolchain("korg-13", arm64, { emit });
  t.is(newest.description, "aarch64-linux-gcc (GCC) 13.2.0");
  t.regex(JSON.stringify(events), /taking \S+-gcc-13\.2\.0-nolibc-aarch64-linux\.tar\.xz/);
  const [, prefix = ""] = /CROSS_COMPILE=(\S+)/.exec(newest.makeVariables.join(" ")) ?? [];
  t.is((await exec(`${prefix}ld`, [])).exitCode, 0);
  t.deepEqual(newest.versions.gcc?.major, 13);
  t.deepEqual((await readdir(path.join(prefix, "../../.."))).sort(), ["aarch64-linux"]);
  const asked = mirror.seen.length;
  t.is((await findToolchain("korg-13.2.0", arm64, { emit })).identity, newest.identity);
  t.is(mirror.seen.length, asked, "the full version of what is there needs no network");
  const older = await findToolchain("korg-12.3.0", arm64, { emit });
  t.not(older.identity, newest.identity);
});

test.serial("a compiler that is not the one of the list of checksums is never used", async (t) => {
  const { dir, refused } = await setUp(t, true);
  const failure = await refused("korg-13.2.0");
  t.is(`${failure.blame} ${failure.reason}`, "infra checksum-mismatch");
  const kept = await readdir(path.join(dir, "cache/harness/toolchains")).catch(() => []);
  t.deepEqual(kept, []);
});

test.serial("versions and targets that are not there are said, with those that are", async (t) => {
  const { mirror, refused } = await setUp(t);
  const none = await refused("korg-99");
  t.is(`${none.blame} ${none.reason}`, "usage unknown-toolchain");
  t.regex(none.evidence ?? "", /12\.3\.0, 9\.5\.0, 13\.2\.0/);
  t.regex((await refused("korg-13.2.0", alpha)).what, /none that compiles for alpha-linux/);
  const { what, blame } = await refused("korg-11.1.0");
  t.is(blame, "infra");
  t.regex(what, /11\.1\.0\/sha256sums\.asc/);
  t.is((await refused("korg-")).reason, "unknown-toolchain");
  mirror.behaviours.push({ status: 503 }, { status: 503 });
  t.is((await refused("korg-13")).reason, "kernel-org-unreachable");
});
