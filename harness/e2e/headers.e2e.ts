import test from "ava";
import { mkdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { exec } from "../exec.ts";
import { execSandboxed } from "../sandbox.ts";
import { resolveSource } from "../source.ts";
import { installUapiHeaders } from "../suite/uapi-headers.ts";
import { temporaryDir, useOwnCache } from "../testing/tree.ts";

const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";

test.serial("headers that another architecture left are those that make makes anew", async (t) => {
  const { dir: tree } = await (await resolveSource(kernel, { emit: () => undefined })).tree();
  const dir = await temporaryDir();
  // Nothing that an earlier run kept.
  useOwnCache(t, dir);
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const makeFor = (arch: string) => async (objects: string) => {
    const words = ["-s", "-C", "/mnt/src", "O=/mnt/obj", `ARCH=${arch}`];
    const result = await execSandboxed("make", [...words, `-j${os.cpus().length}`, "headers"], {
      readOnly: { [tree]: "/mnt/src" },
      writable: { [objects]: "/mnt/obj" },
      insideCwd: "/mnt/obj",
    });
    t.is(result.exitCode, 0, result.output);
  };
  const [kept, anew] = [path.join(dir, "kept"), path.join(dir, "anew")];
  // s390 exports kvm.h, parisc does not.
  for (const [arch, objects] of [
    ["s390", path.join(dir, "first")],
    ["parisc", kept],
  ] as const) {
    const headers = { identity: [kernel], target: "headers", notice: t.log };
    await installUapiHeaders({ ...headers, make: makeFor(arch) }, objects);
  }
  await mkdir(anew);
  await makeFor("parisc")(anew);
  const include = "usr/include";
  // Of a header that was taken away make leaves its notes.
  const words = ["-r", "-x", "*.cmd", path.join(kept, include), path.join(anew, include)];
  const diff = await exec("diff", words);
  t.is(diff.output, "");
  t.is(diff.exitCode, 0);
});
