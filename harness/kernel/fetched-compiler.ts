import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Arch } from "../arch.ts";
import { cached } from "../cache.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Emit } from "../model/event.ts";
import { openApt } from "../source/apt.ts";
import { unpackDeb } from "../source/unpack.ts";

/** The folder in an entry with the command; what goes on PATH. */
const commands = "bin";

/**
 * A gcc of another release of the host's distribution, in the cache: nothing is installed. It comes
 * with the C library that it was linked with, for the host's may be older. Assembler and linker stay
 * the host's. Gives the folder, and in it the command, named as on PATH.
 * Throws Failure infra "apt-no-package", and what apt.ts and unpack.ts throw.
 */
export async function fetchCompiler(
  name: string,
  arch: Arch,
  options: { readonly emit: Emit; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly dir: string; readonly command: string }> {
  const notice = (text: string) => {
    options.emit({ type: "notice", text });
  };
  const { signal } = options;
  // gcc-10, gcc-10-aarch64-linux-gnu: package names know no underscore.
  const target = arch.crossCompile.replace(/-$/, "").replaceAll("_", "-");
  const pkg = target === "" ? name : `${name}-${target}`;
  const apt = await openApt({ suites: "all", kind: "deb", notice, signal });
  const files = await apt.withDependencies(pkg);
  const command = `${arch.crossCompile}${name}`;
  const entry = await cached(
    {
      kind: "toolchains",
      fingerprint: fingerprint({
        // The packages, and ...
        files,
        // ... what wrapAll() makes of them: another number when that changes.
        command,
        recipe: 1,
      }),
      verify: "listing",
      notice,
      signal,
    },
    async (dir) => {
      notice(`${command} is not installed: taking ${pkg} of the mirror's releases into the cache`);
      const scratch = await mkdtemp(path.join(os.tmpdir(), "harness-compiler-"));
      try {
        const debs = await apt.downloadWithDependencies(pkg, scratch, { signal });
        for (const deb of debs) await unpackDeb(deb, dir, signal);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
      await wrapAll(dir, command);
    },
  );
  return { dir: entry.dir, command: path.join(entry.dir, commands, command) };
}

/**
 * Puts a script before each program of the compiler, which starts it by the loader that came with
 * it, and one into bin/. Paths are relative to the script: the folder is renamed afterwards.
 */
export async function wrapAll(root: string, command: string): Promise<void> {
  const all = await readdir(root, { recursive: true });
  const loader = all.find((file) => /(^|\/)lib\/.*ld-linux[^/]*\.so\.\d$/.test(file));
  if (loader === undefined) throw new Error(`no loader among ${all.length} files of ${command}`);
  const internals = /^usr\/lib(exec)?\/gcc(-cross)?\/[^/]+\/\d+\/(cc1|collect2|lto1|lto-wrapper)$/;
  for (const file of all.filter((each) => internals.test(each))) {
    await rename(path.join(root, file), path.join(root, `${file}.program`));
    await wrap({ root, file, program: `${file}.program`, loader, command });
  }
  const driver = path.join("usr/bin", command);
  await mkdir(path.join(root, commands));
  await wrap({ root, file: path.join(commands, command), program: driver, loader, command });
}

/** A script `file` that starts `program`; all paths are below `root`. */
async function wrap(paths: {
  readonly root: string;
  readonly file: string;
  readonly program: string;
  readonly loader: string;
  readonly command: string;
}): Promise<void> {
  const { root, file, program, loader, command } = paths;
  const up = path.relative(path.dirname(file), "");
  const inRoot = (inside: string) => `$here/${path.join(up, inside)}`;
  // Debian's older releases have some libraries in /lib, which is usr/lib now.
  const multiarch = path.basename(path.dirname(loader));
  const libraries = [`usr/lib/${multiarch}`, `lib/${multiarch}`].map(inRoot).join(":");
  const start = `exec "${inRoot(loader)}" --library-path "${libraries}" "${inRoot(program)}"`;
  // Where gcc looks for its parts: gcc's manual, "Environment Variables".
  const cross = existsSync(path.join(root, "usr/lib/gcc-cross")) ? "gcc-cross" : "gcc";
  const lines =
    path.dirname(file) === commands
      ? [
          `export GCC_EXEC_PREFIX="${inRoot(`usr/lib/${cross}`)}/"`,
          // The host's linker cannot load a plugin that was made for another C library.
          `${start} -fno-use-linker-plugin "$@"`,
        ]
      : [`${start} "$@"`];
  const script = [
    "#!/bin/sh",
    `# ${command}, started by the loader and with the libraries that came with it.`,
    'here="${0%/*}"',
    ...lines,
    "",
  ];
  await writeFile(path.join(root, file), script.join("\n"));
  await chmod(path.join(root, file), 0o755);
}
