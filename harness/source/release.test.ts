import test from "ava";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { resolveSource, type SourceOptions } from "../source.ts";
import { fakeApt, packLinuxSource } from "../testing/fake-apt.ts";
import { Mirror } from "../testing/mirror.ts";
import { makeKernelTree, packTarXz, temporaryDir } from "../testing/tree.ts";

// Every test has a cache and a PATH of its own, which are of the whole process.
const hostPath = process.env["PATH"] ?? "";
const serial = test.serial;

async function setUp(version = "5.3.0", name = "linux-5.3.tar.xz") {
  const dir = await temporaryDir();
  const bin = path.join(dir, "bin");
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  process.env["PATH"] = `${bin}:${hostPath}`;
  // No test asks the real mirrors.
  await fakeApt(bin, [], true);
  const tree = await makeKernelTree(path.join(dir, "linux-5.3"), version);
  const tarball = path.join(dir, name);
  await packTarXz(tree, tarball);
  const mirror = await Mirror.start();
  const bytes = await readFile(tarball);
  const put = (content: Buffer, announced = content) => {
    mirror.files.set(`/pub/v5.x/${name}`, content);
    mirror.files.set("/pub/v5.x/sha256sums.asc", Buffer.from(sums(announced, name)));
  };
  put(bytes);
  const events: Event[] = [];
  const options: SourceOptions = {
    emit: (event) => events.push(event),
    kernelOrg: `${mirror.address}/pub/`,
  };
  const notices = () => events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
  const inCache = (kind: string) =>
    readdir(path.join(dir, "cache", "harness", kind)).catch(() => []);
  return { dir, bin, mirror, bytes, put, options, events, notices, inCache };
}

function sums(content: Buffer, name: string): string {
  const digest = createHash("sha256").update(content).digest("hex");
  return `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

${"0".repeat(64)}  linux-5.3.tar.gz
${"1".repeat(64)}  linux-5.2.21.tar.xz
${digest}  ${name}
${"2".repeat(64)}  linux-5.3.18.tar.xz
-----BEGIN PGP SIGNATURE-----

iQEzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
`;
}

serial("a release is downloaded, verified and unpacked, once for all runs", async (t) => {
  const { mirror, options, events } = await setUp();
  const resolved = await resolveSource("release:5.3", options);
  t.deepEqual(resolved.version, { major: 5, minor: 3, patch: 0, extra: "" });
  t.regex(resolved.identity, /^sha256:[0-9a-f]{64}$/);
  t.is(mirror.seen.length, 1);
  const tree = await resolved.tree();
  t.regex(await readFile(path.join(tree.dir, "Makefile"), "utf8"), /^VERSION = 5$/m);
  t.is(mirror.seen.length, 2);
  // From here on nothing is asked of anybody.
  await mirror[Symbol.asyncDispose]();
  const again = await resolveSource("5.3", options);
  t.is(again.identity, resolved.identity);
  t.is((await again.tree()).dir, tree.dir);
  t.is(mirror.seen.length, 2);
  const finished = events.flatMap((event) => (event.type === "step-finished" ? [event] : []));
  t.deepEqual(
    finished.map(({ id, outcome }) => `${id} ${outcome}`),
    ["source:resolve done", "source done", "source:resolve done", "source cached"],
  );
});

serial("callers at the same time share one unpacking", async (t) => {
  const { mirror, options } = await setUp();
  await using _mirror = mirror;
  const resolved = await resolveSource("5.3", options);
  const [a, b] = await Promise.all([resolved.tree(), resolved.tree()]);
  t.is(a, b);
  t.is(mirror.seen.length, 2);
});

serial("the mirror's address is also taken from the environment", async (t) => {
  const { mirror, options } = await setUp();
  await using _mirror = mirror;
  process.env["HARNESS_KERNEL_ORG"] = `${mirror.address}/pub`;
  try {
    const resolved = await resolveSource("5.3", { emit: options.emit });
    t.is(resolved.description, "Linux 5.3 (kernel.org's linux-5.3.tar.xz)");
  } finally {
    delete process.env["HARNESS_KERNEL_ORG"];
  }
});

serial("a tarball that is not the one of the checksum list is refused and deleted", async (t) => {
  const { mirror, bytes, put, options, inCache } = await setUp();
  await using _mirror = mirror;
  put(Buffer.concat([bytes, Buffer.from("x")]), bytes);
  const resolved = await resolveSource("5.3", options);
  const failure = await t.throwsAsync(resolved.tree(), { instanceOf: Failure });
  t.is(failure.reason, "checksum-mismatch");
  t.is(failure.blame, "infra");
  const left = (await inCache("downloads")).filter((name) =>
    name.includes(resolved.identity.slice(7)),
  );
  t.deepEqual(left, []);
  // The same command works once the mirror does.
  put(bytes);
  t.true(existsSync((await (await resolveSource("5.3", options)).tree()).dir));
});

serial("a corrupt tarball is infra's fault, and is in no cache afterwards", async (t) => {
  const { mirror, bytes, put, options, inCache } = await setUp();
  await using _mirror = mirror;
  put(bytes.subarray(0, bytes.length - 100));
  const resolved = await resolveSource("5.3", options);
  const failure = await t.throwsAsync(resolved.tree(), { instanceOf: Failure });
  t.is(failure.reason, "corrupt-tarball");
  t.is(failure.blame, "infra");
  t.regex(failure.what, /linux-5\.3\.tar\.xz is damaged/);
  t.regex(failure.evidence ?? "", /xz:|tar:/);
  t.deepEqual(await inCache("sources"), []);
  const whole = (await inCache("downloads")).filter((name) => name === resolved.identity.slice(7));
  t.deepEqual(whole, []);
});

serial("a tarball of another kernel is noticed", async (t) => {
  const { mirror, options, inCache } = await setUp("5.4.1");
  await using _mirror = mirror;
  const failure = await t.throwsAsync((await resolveSource("5.3", options)).tree(), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "wrong-source");
  t.regex(failure.evidence ?? "", /expected 5\.3, its Makefile says 5\.4\.1/);
  t.deepEqual(await inCache("sources"), []);
});

serial("an unknown release is the user's fault, with what there is", async (t) => {
  const { mirror, options } = await setUp();
  await using _mirror = mirror;
  const failure = await t.throwsAsync(resolveSource("5.3.99", options), { instanceOf: Failure });
  t.is(failure.reason, "unknown-kernel");
  t.is(failure.blame, "usage");
  t.is(failure.hint, "it has 5.3 to 5.3.18");
  const candidate = await t.throwsAsync(resolveSource("5.4-rc1", options), { instanceOf: Failure });
  t.is(candidate.blame, "usage");
  t.regex(candidate.hint ?? "", /git:<repository>#v5\.4-rc1/);
});

serial("without a list of checksums nothing is used", async (t) => {
  const { mirror, options } = await setUp();
  await using _mirror = mirror;
  mirror.files.delete("/pub/v5.x/sha256sums.asc");
  const failure = await t.throwsAsync(resolveSource("5.3", options), { instanceOf: Failure });
  t.is(failure.reason, "no-checksums");
  t.is(failure.blame, "infra");
});

serial("kernel.org not there: apt's kernel of that series is used, and it says so", async (t) => {
  const { dir, bin, mirror, options, notices } = await setUp();
  await mirror[Symbol.asyncDispose]();
  const tree = await makeKernelTree(path.join(dir, "linux-source-5.3"), "5.3.18");
  await fakeApt(bin, [await packLinuxSource(tree, dir, "5.3", "5.3.18-2")]);
  const resolved = await resolveSource("5.3", options);
  t.is(
    resolved.description,
    "5.3.18 with Debian's patches (linux-source-5.3 5.3.18-2), not vanilla 5.3.18",
  );
  t.is(resolved.spec, "5.3");
  t.is(notices().length, 1);
  t.regex(notices()[0] ?? "", /cannot be reached.*ECONNREFUSED.*not vanilla 5\.3\.18/);
  t.is((await resolved.tree()).version.patch, 18);
  // A point release was meant as such; the one that apt has is as good as any other name for it.
  t.is((await resolveSource("5.3.18", options)).identity, resolved.identity);
  const failure = await t.throwsAsync(resolveSource("5.3.7", options), { instanceOf: Failure });
  t.is(failure.reason, "kernel-org-unreachable");
  t.is(failure.blame, "infra");
  t.regex(failure.hint ?? "", /--kernel apt:5\.3/);
});

serial("kernel.org not there, and apt neither has it nor works", async (t) => {
  const { bin, mirror, options } = await setUp();
  await mirror[Symbol.asyncDispose]();
  const alone = await t.throwsAsync(resolveSource("5.3", options), { instanceOf: Failure });
  t.is(alone.reason, "kernel-org-unreachable");
  t.regex(alone.evidence ?? "", /ECONNREFUSED[^]*apt is no way out/);
  await fakeApt(bin, []);
  const other = await t.throwsAsync(resolveSource("5.3", options), { instanceOf: Failure });
  t.is(other.reason, "kernel-org-unreachable");
  t.regex(other.hint ?? "", /apt offers no kernel source/);
});
