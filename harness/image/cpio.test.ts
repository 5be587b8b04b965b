import test from "ava";
import { mkdtemp, readFile, readlink, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { sha256 } from "../fingerprint.ts";
import { writeCpio, type CpioEntry } from "./cpio.ts";

const entries: CpioEntry[] = [
  { kind: "file", path: "/bin/tool", mode: 0o755, data: Buffer.from("#!/bin/sh\n") },
  { kind: "symlink", path: "/sbin", target: "bin" },
  { kind: "directory", path: "/tmp", mode: 0o1777 },
  { kind: "file", path: "/etc/empty", mode: 0o600, data: Buffer.alloc(0) },
  { kind: "character-device", path: "/dev/console", mode: 0o600, major: 5, minor: 1 },
];

/** A reader of its own, by the format's description, so that writer and reader do not share a mistake. */
function read(archive: Buffer): { name: string; fields: number[]; data: Buffer }[] {
  const records: { name: string; fields: number[]; data: Buffer }[] = [];
  for (let at = 0; ;) {
    if (archive.toString("latin1", at, at + 6) !== "070701") throw new Error(`no magic at ${at}`);
    const fields = Array.from({ length: 13 }, (_, i) =>
      parseInt(archive.toString("latin1", at + 6 + 8 * i, at + 14 + 8 * i), 16),
    );
    const [size = 0, nameSize = 0] = [fields[6], fields[11]];
    const name = archive.toString("utf8", at + 110, at + 110 + nameSize - 1);
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (name === "TRAILER!!!") return records;
    records.push({ name, fields, data: archive.subarray(start, start + size) });
    at = Math.ceil((start + size) / 4) * 4;
  }
}

test("the same entries give the same bytes, in whatever order they come", (t) => {
  const archive = writeCpio(entries);
  t.deepEqual(writeCpio([...entries].reverse()), archive);
  t.is(archive.length % 512, 0);
  // Fails when a byte of the format changes: images of old runs could not be told from new ones.
  t.is(sha256(archive), "46e8447fa3d1d0a0e20b4a6771b87cf428fd53616dd4b2f2b8208351d949fae9");
});

test("types, modes, numbers and contents are where the format wants them", (t) => {
  const byName = new Map(read(writeCpio(entries)).map((record) => [record.name, record]));
  t.deepEqual(
    [...byName.keys()],
    ["bin", "bin/tool", "dev", "dev/console", "etc", "etc/empty", "sbin", "tmp"],
  );
  t.is(byName.get("bin")?.fields[1], 0o040755);
  t.is(byName.get("tmp")?.fields[1], 0o041777);
  t.is(byName.get("bin/tool")?.fields[1], 0o100755);
  t.is(byName.get("bin/tool")?.data.toString(), "#!/bin/sh\n");
  t.is(byName.get("sbin")?.fields[1], 0o120777);
  t.is(byName.get("sbin")?.data.toString(), "bin");
  const console = byName.get("dev/console")?.fields ?? [];
  t.deepEqual([console[1], console[9], console[10]], [0o020600, 5, 1]);
  for (const { name, fields } of byName.values())
    t.deepEqual([fields[2], fields[3], fields[5]], [0, 0, 0], `owner, group and time of ${name}`);
});

test("cpio itself unpacks the archive", async (t) => {
  const tool = (await exec("cpio", ["--version"])).exitCode === 0 ? ["cpio"] : ["busybox", "cpio"];
  if ((await exec(tool[0] ?? "", [...tool.slice(1), "--help"])).spawnError) {
    t.log("neither cpio nor busybox on this machine");
    t.pass();
    return;
  }
  const dir = await mkdtemp(path.join(os.tmpdir(), "cpio-"));
  t.teardown(() => rm(dir, { recursive: true }));
  const files = entries.filter(({ kind }) => kind !== "character-device");
  const result = await exec(tool[0] ?? "", [...tool.slice(1), "-i", "-d"], {
    cwd: dir,
    input: writeCpio(files),
  });
  t.is(result.exitCode, 0, result.output);
  t.is(await readFile(path.join(dir, "bin/tool"), "utf8"), "#!/bin/sh\n");
  t.is((await stat(path.join(dir, "bin/tool"))).mode & 0o777, 0o755);
  t.is(await readlink(path.join(dir, "sbin")), "bin");
  t.is((await stat(path.join(dir, "etc/empty"))).size, 0);
});

test("what the kernel would drop without a word is refused", (t) => {
  const file = (name: string): CpioEntry => ({
    kind: "file",
    path: name,
    mode: 0o644,
    data: Buffer.alloc(1),
  });
  t.throws(() => writeCpio([file("/a"), file("/a")]), { message: /twice/ });
  t.throws(() => writeCpio([file("/a"), file("/a/b")]), { message: /no folder/ });
  t.throws(() => writeCpio([{ kind: "symlink", path: "/sbin", target: "bin" }, file("/sbin/x")]), {
    message: /no folder/,
  });
  for (const name of ["relative", "/a/../b", "/a//b", "/"])
    t.throws(() => writeCpio([file(name)]), { message: /not a path/ }, name);
});
