import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "ava";
import { exec } from "../exec.ts";
import { execSandboxed } from "../sandbox.ts";
import { hugePagesLibrary } from "./huge-pages.ts";

/** Maps 2 MiB and a page less, without and with a file, and says which of them asked for huge pages. */
const program = `
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static int asks(void *memory)
{
	char line[4096];
	unsigned long start, end;
	int here = 0;
	FILE *f = fopen("/proc/self/smaps", "r");

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (unsigned long)memory && (unsigned long)memory < end;
		if (here && !strncmp(line, "VmFlags:", 8))
			return !!strstr(line, " hg");
	}
	return -1;
}

int main(int argc, char **argv)
{
	int rw = PROT_READ | PROT_WRITE, fd = fileno(fopen(argv[0], "r"));
	void *large = mmap(NULL, 2 << 20, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *guard = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *small = mmap(NULL, (2 << 20) - 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *text = mmap(NULL, 2 << 20, PROT_READ, MAP_PRIVATE, fd, 0);

	printf("%d %d %d %d\\n", asks(large), asks(guard), asks(small), asks(text));
	return mmap(NULL, 0, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
`;

test.serial(
  "in a build, what can have a huge page asks for one, and nothing else does",
  async (t) => {
    const dir = await mkdtemp(path.join(os.tmpdir(), "harness-pages-"));
    t.teardown(() => rm(dir, { recursive: true }));
    await writeFile(path.join(dir, "maps.c"), program);
    const built = await exec("gcc", ["-o", "maps", "maps.c"], { cwd: dir });
    t.is(built.exitCode, 0, built.output);
    const asked = existsSync("/sys/kernel/mm/transparent_hugepage") ? "1" : "0";
    const build = { readOnly: { [dir]: "/mnt/test" }, insideCwd: "/mnt/test" };
    for (const [result, said] of [
      [await execSandboxed("./maps", [], build), `${asked} 0 0 0`],
      [await exec("./maps", [], { cwd: dir }), "0 0 0 0"],
    ] as const) {
      t.is(result.exitCode, 0, result.output);
      t.is(result.output.trim(), said);
    }
  },
);

test.serial("a host that cannot make it builds without", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-pages-"));
  const { PATH, XDG_CACHE_HOME } = process.env;
  t.teardown(async () => {
    Object.assign(process.env, { PATH, XDG_CACHE_HOME });
    if (XDG_CACHE_HOME === undefined) delete process.env["XDG_CACHE_HOME"];
    await rm(dir, { recursive: true });
  });
  process.env["XDG_CACHE_HOME"] = dir;
  // A gcc that says it did, and one that fails.
  for (const gcc of ['while [ "$1" != -o ]; do shift; done; echo junk >"$2"', "exit 1"]) {
    await writeFile(path.join(dir, "gcc"), `#!/bin/sh\n${gcc}\n`, { mode: 0o755 });
    process.env["PATH"] = `${dir}:${PATH ?? ""}`;
    t.is(await hugePagesLibrary(), undefined);
  }
  process.env["PATH"] = PATH;
  t.truthy(await hugePagesLibrary());
});
