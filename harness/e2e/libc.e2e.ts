import test from "ava";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { findArch, type Abi } from "../arch.ts";
import { exec } from "../exec.ts";
import { dropbearConfigure } from "../image/userland-build.ts";
import { userlandSources } from "../image/userland-source.ts";
import { libcDigest, withLibcs } from "../libc.ts";
import { Failure } from "../model/failure.ts";
import { projectDir } from "../paths.ts";
import { temporaryDir } from "../testing/tree.ts";

/** Of the host's own CPU, so that its programs can be run. */
const abi: Abi = {
  name: "musl",
  compiler: "gcc",
  packages: ["gcc"],
  musl: { cpu: process.arch === "x64" ? "x86_64" : "aarch64", libgcc: ["gcc"] },
};

const program = `
#include <errno.h>
#include <linux/ptrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#error The C library of the host
#endif
int main(int argc, char **argv)
{
	long double x = strtold(argv[1], NULL);

	printf("%.2Lf %s %d\\n", x / 3, strerror(ENOSYS), PTRACE_SYSCALL_INFO_EXIT);
	return argc;
}
`;

test.serial("musl is built, and makes static programs that run", async (t) => {
  const x86 = await findArch("x86_64");
  const said: string[] = [];
  const emit = (event: { type: string; text?: string }) => said.push(event.text ?? "");
  const arch = await withLibcs({ ...x86, abis: [...x86.abis, abi] }, { emit, jobs: 2 });
  t.deepEqual(arch.abis.slice(0, -1), x86.abis, "those with a C library stay as they are");
  const [musl] = arch.abis.slice(-1);
  const compiler = musl?.compiler ?? "";
  t.regex(compiler, /-linux-musl-gcc$/);
  t.not(await libcDigest([compiler]), await libcDigest(["gcc"]));

  const dir = await temporaryDir();
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await writeFile(path.join(dir, "a.c"), program);
  const flags = ["-static", "-O2", "-Wall", "-Werror", "-o", "a", "a.c", "-lpthread", "-lrt"];
  const built = await exec(compiler, flags, { cwd: dir });
  t.is(built.exitCode, 0, built.output);
  const ran = await exec(path.join(dir, "a"), ["7.5"]);
  t.is(ran.output, "2.50 Function not implemented 2\n");
  t.is(ran.exitCode, 2);
  for (const tool of ["ar", "ld", "nm", "strip"])
    t.is((await exec(compiler.replace(/gcc$/, tool), ["--version"])).exitCode, 0, tool);

  said.length = 0;
  const again = await withLibcs({ ...x86, abis: [abi] }, { emit });
  t.deepEqual(again.abis, [musl]);
  t.deepEqual(said, [], "from the cache");
});

test.serial(
  "what musl's programs need and the host has not is named, with the package",
  async (t) => {
    const x86 = await findArch("x86_64");
    const lacking: Abi = {
      ...abi,
      packages: ["gcc-odd-elf"],
      musl: { cpu: "x86_64", libgcc: ["odd-elf-gcc"] },
    };
    const failure = await t.throwsAsync(
      withLibcs({ ...x86, abis: [lacking] }, { emit: () => undefined }),
      { instanceOf: Failure },
    );
    t.is(failure.blame, "infra");
    t.regex(failure.what, /odd-elf-gcc has no crtbegin\.o for musl programs/);
    t.regex(failure.hint ?? "", /gcc-odd-elf/);
  },
);

test.serial("what dropbear's configure is told is what it finds out by itself", async (t) => {
  const recipe = path.join(projectDir, "images/guest");
  const { dropbear } = await userlandSources(recipe);
  const x86 = await findArch("x86_64");
  const { abis } = await withLibcs({ ...x86, abis: [abi] }, { emit: () => undefined, jobs: 2 });
  for (const { compiler = "" } of [{ compiler: "gcc" }, ...abis]) {
    const [configure, ...args] = dropbearConfigure({
      ...x86,
      abis: [{ name: "x86_64", compiler, packages: [] }],
    });
    // A compiler of musl makes static programs only.
    const linked = args.map((word) => (word === "LDFLAGS=-s" ? "LDFLAGS=-s -static" : word));
    const configured = async (site: string) => {
      const dir = await temporaryDir();
      t.teardown(() => rm(dir, { recursive: true, force: true }));
      const tar = ["-x", "--strip-components=1", "-C", dir, "-f", dropbear.file];
      t.is((await exec("tar", tar)).exitCode, 0);
      const result = await exec(configure, linked, { cwd: dir, env: { CONFIG_SITE: site } });
      t.is(result.exitCode, 0, result.output);
      return readFile(path.join(dir, "config.h"), "utf8");
    };
    const [told, found] = await Promise.all([
      configured(path.join(recipe, "dropbear.config.site")),
      configured("/dev/null"),
    ]);
    t.regex(told, /#define HAVE_GETADDRINFO 1/);
    t.is(told, found, compiler);
  }
});
