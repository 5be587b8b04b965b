import test from "ava";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { temporaryDir } from "../testing/tree.ts";
import { installUapiHeaders } from "./uapi-headers.ts";

/** A make that writes what is lacking, and counts that; nothing but asm/ is the architecture's own. */
function fakeMake(arch: string, written: string[]) {
  return async (objects: string) => {
    for (const name of ["linux/wait.h", "asm/unistd.h"]) {
      const file = path.join(objects, "usr/include", name);
      if (existsSync(file)) continue;
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, name.startsWith("asm/") ? arch : "for all");
      written.push(`${arch} ${name}`);
    }
  };
}

test.serial("headers are made once for all architectures, but for asm/", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  process.env["XDG_CACHE_HOME"] = dir;
  const written: string[] = [];
  const install = async (arch: string, patch?: string) => {
    const objects = path.join(dir, `${arch}-${patch ?? "none"}`);
    const make = fakeMake(arch, written);
    const identity = ["tree", patch];
    await installUapiHeaders({ identity, target: "headers", make, notice: t.log }, objects);
    return readFile(path.join(objects, "usr/include/asm/unistd.h"), "utf8");
  };
  t.is(await install("arm64"), "arm64");
  t.deepEqual(written.splice(0), [
    "arm64 linux/wait.h",
    "arm64 asm/unistd.h",
    "arm64 asm/unistd.h",
  ]);
  t.is(await install("s390"), "s390");
  t.deepEqual(written.splice(0), ["s390 asm/unistd.h"]);
  t.is(await install("s390", "wait6"), "s390");
  t.deepEqual(written.length, 3, "a patched tree has its own");
});

test.serial("headers that cannot be made are not kept", async (t) => {
  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  process.env["XDG_CACHE_HOME"] = dir;
  const written: string[] = [];
  const headers = { identity: ["tree"], target: "headers", notice: t.log };
  const make = async (objects: string) => {
    await fakeMake("arm", [])(objects);
    throw new Error("make failed");
  };
  const objects = path.join(dir, "obj");
  await t.throwsAsync(installUapiHeaders({ ...headers, make }, objects), {
    message: "make failed",
  });
  await installUapiHeaders({ ...headers, make: fakeMake("arm", written) }, objects);
  t.is(written[0], "arm linux/wait.h");
});
