import test from "ava";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { cacheDir } from "../paths.ts";
import { openApt } from "../source/apt.ts";

/** Small, in every release of Debian and Ubuntu, and needs the C library. */
const program = "hostname";

test("programs are fetched side by side, as the cells of a matrix do that need some", async (t) => {
  await mkdir(cacheDir(), { recursive: true });
  const dir = await mkdtemp(path.join(cacheDir(), "e2e-apt-"));
  t.teardown(() => rm(dir, { recursive: true }));
  const apt = await openApt({ suites: "host", kind: "deb" });
  const each = ["one", "two", "three"].map(async (name) => {
    const into = path.join(dir, name);
    await mkdir(into);
    const files = await apt.downloadWithDependencies([program], into);
    return files.map((file) => path.basename(file));
  });
  const [first, ...others] = await Promise.all(each);
  t.true(first?.some((file) => file.startsWith(`${program}_`)));
  t.true(first?.some((file) => file.startsWith("libc6_")));
  for (const other of others) t.deepEqual(other, first);
});
