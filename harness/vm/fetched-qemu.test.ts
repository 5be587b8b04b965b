import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import m68k from "../arch/m68k.ts";
import parisc from "../arch/parisc.ts";
import { exec } from "../exec.ts";
import type { Event } from "../model/event.ts";
import { Failure } from "../model/failure.ts";
import { emptyMirrorOnPath, fakeTool } from "../testing/fake-apt.ts";
import { temporaryDir } from "../testing/tree.ts";
import { withQemu, wrapQemu } from "./fetched-qemu.ts";

test("a QEMU that is new enough, or need not be new, stays", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true }));
  await fakeTool(dir, "qemu", "echo 'QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds)'");
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const qemu = { ...parisc.qemu, binary: path.join(dir, "qemu") };
  const because = "7.2 cannot";
  const same = { ...parisc, qemu: { ...qemu, atLeast: { version: "10.0", because } } };
  t.is(await withQemu(same, { emit }), same);
  t.is(await withQemu(m68k, { emit }), m68k);
  t.deepEqual(events, []);
});

test.serial("one that is too old is not taken, whatever the mirror has", async (t) => {
  const bin = await emptyMirrorOnPath(t);
  await fakeTool(bin, "qemu", "echo 'QEMU emulator version 9.2.4'");
  const qemu = { ...parisc.qemu, binary: path.join(bin, "qemu") };
  const failure = await t.throwsAsync(withQemu({ ...parisc, qemu }, { emit: () => undefined }), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "too-old");
});

test("a fetched QEMU is started by its own loader, with its own firmware, wherever the folder went", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true }));
  const made = path.join(dir, "making");
  const libraries = "usr/lib/x86_64-linux-gnu";
  await fakeTool(path.join(made, libraries), "ld-linux-x86-64.so.2", 'echo "$@"');
  await mkdir(path.join(made, "usr/bin"), { recursive: true });
  await wrapQemu(made, "qemu-system-vax");
  const root = path.join(dir, "a folder's name");
  await rename(made, root);
  const { stdout } = await exec(path.join(root, "bin/qemu-system-vax"), ["-M", "a b"]);
  const said = stdout.trim().replaceAll(`${root}/bin/..`, "ROOT");
  const own = `ROOT/${libraries}:ROOT/lib/x86_64-linux-gnu`;
  t.is(said, `--library-path ${own} ROOT/usr/bin/qemu-system-vax -L ROOT/usr/share/qemu -M a b`);
});
