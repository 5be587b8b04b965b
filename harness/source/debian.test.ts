import test from "ava";
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { aptKernels, resolveSource } from "../source.ts";
import { fakeApt, fakeTool, packLinuxSource } from "../testing/fake-apt.ts";
import { makeKernelTree, temporaryDir } from "../testing/tree.ts";
import { debianKernelVersion } from "./debian.ts";

const hostPath = process.env["PATH"] ?? "";
const serial = test.serial;
const options = { emit: () => undefined };

async function setUp() {
  const dir = await temporaryDir();
  const bin = path.join(dir, "bin");
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  process.env["PATH"] = `${bin}:${hostPath}`;
  const pack = async (series: string, version: string, content: string) =>
    packLinuxSource(
      await makeKernelTree(path.join(dir, `linux-source-${series}`), content),
      dir,
      series,
      version,
    );
  const packages = [
    await pack("6.1", "6.1.192-2", "6.1.192"),
    await pack("7.2", "7.2.13-1", "7.2.13"),
    await pack("6.12", "6.12.117-1", "6.12.117"),
  ];
  await fakeApt(bin, packages);
  const calls = async () => (await readFile(path.join(bin, "log"), "utf8")).split("\n");
  const inCache = (kind: string) =>
    readdir(path.join(dir, "cache", "harness", kind)).catch(() => []);
  return { dir, bin, packages, calls, inCache };
}

serial("a series is known by its package's checksum before anything is downloaded", async (t) => {
  const { packages, calls } = await setUp();
  const resolved = await resolveSource("apt:6.1", options);
  t.is(resolved.identity, `sha256:${packages[0]?.sha256 ?? ""}`);
  t.is(
    resolved.description,
    "6.1.192 with Debian's patches (linux-source-6.1 6.1.192-2), not vanilla 6.1.192",
  );
  t.false((await calls()).some((call) => call.includes("download")));
  const tree = await resolved.tree();
  t.regex(await readFile(path.join(tree.dir, "Makefile"), "utf8"), /^SUBLEVEL = 192$/m);
  t.deepEqual((await readdir(path.dirname(tree.dir))).sort(), ["linux", "source.json"]);
  await (await resolveSource("apt:6.1", options)).tree();
  t.is((await calls()).filter((call) => call.includes("download")).length, 1);
});

serial("newest is the newest kernel, not the last name", async (t) => {
  await setUp();
  t.is((await resolveSource("apt:newest", options)).version.major, 7);
  t.is((await resolveSource("apt", options)).version.major, 7);
  t.deepEqual(
    (await aptKernels(options)).map(({ series }) => series),
    ["6.1", "6.12", "7.2"],
  );
});

serial("a series that apt has not is the user's fault, with what it has", async (t) => {
  await setUp();
  const failure = await t.throwsAsync(resolveSource("apt:6.2", options), { instanceOf: Failure });
  t.is(failure.reason, "unknown-kernel");
  t.is(failure.blame, "usage");
  t.regex(failure.hint ?? "", /apt:6\.1, apt:6\.12, apt:7\.2, apt:newest/);
});

serial("a damaged package is infra's fault, and is downloaded afresh", async (t) => {
  const { packages, inCache } = await setUp();
  const deb = packages[0]?.deb ?? "";
  const whole = await readFile(deb);
  await writeFile(deb, whole.subarray(0, whole.length / 2));
  const failure = await t.throwsAsync((await resolveSource("apt:6.1", options)).tree(), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "corrupt-tarball");
  t.is(failure.blame, "infra");
  t.deepEqual(await inCache("sources"), []);
  await writeFile(deb, whole);
  t.is((await (await resolveSource("apt:6.1", options)).tree()).version.patch, 192);
});

serial("a full disk and a killed tar are told apart from a damaged package", async (t) => {
  const { bin, inCache } = await setUp();
  await fakeTool(bin, "tar", "echo 'tar: a: Cannot write: No space left on device' >&2; exit 2");
  const full = await t.throwsAsync((await resolveSource("apt:6.1", options)).tree(), {
    instanceOf: Failure,
  });
  t.is(full.reason, "disk-full");
  t.is(full.blame, "infra");
  await fakeTool(bin, "tar", "kill -KILL $$");
  const killed = await t.throwsAsync((await resolveSource("apt:6.1", options)).tree(), {
    instanceOf: Failure,
  });
  t.is(killed.reason, "unpack-killed");
  t.is(killed.blame, "infra");
  t.deepEqual(await inCache("sources"), []);
  // The download was sound and is not thrown away for it.
  t.true((await inCache("downloads")).length > 0);
});

serial("versions of packages are read as kernel versions", (t) => {
  t.deepEqual(debianKernelVersion("6.1.192-2"), { major: 6, minor: 1, patch: 192, extra: "" });
  t.deepEqual(debianKernelVersion("7.2~rc4-1~exp1"), {
    major: 7,
    minor: 2,
    patch: 0,
    extra: "-rc4",
  });
  t.deepEqual(debianKernelVersion("6.8.0-50.51"), { major: 6, minor: 8, patch: 0, extra: "" });
});
