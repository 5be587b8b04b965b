import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ExecutionContext } from "ava";
import { mustRun, packTarXz, temporaryDir } from "./tree.ts";

/** A kernel source package that the fake apt offers. */
interface FakePackage {
  readonly series: string;
  readonly version: string;
  readonly deb: string;
  readonly sha256: string;
}

/** Puts a script of this name into a folder for PATH. */
export async function fakeTool(bin: string, name: string, script: string): Promise<void> {
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(bin, name), 0o755);
}

/** A folder for a test's tools, first on PATH until it ends; tests of one file that use it must be serial. */
export async function toolsOnPath(t: {
  teardown: (fn: () => Promise<void>) => void;
}): Promise<string> {
  const dir = await temporaryDir();
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `${dir}:${before}`;
  t.teardown(async () => {
    process.env["PATH"] = before;
    await rm(dir, { recursive: true, force: true });
  });
  return dir;
}

/** Packs a kernel tree into a linux-source package, as Debian does. */
export async function packLinuxSource(
  tree: string,
  dir: string,
  series: string,
  version: string,
): Promise<FakePackage> {
  const root = path.join(dir, `package-${series}`);
  const name = `linux-source-${series}`;
  await mkdir(path.join(root, "DEBIAN"), { recursive: true });
  await mkdir(path.join(root, "usr", "src"), { recursive: true });
  await writeFile(
    path.join(root, "DEBIAN", "control"),
    `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: test\n`,
  );
  await packTarXz(tree, path.join(root, "usr", "src", `${name}.tar.xz`));
  const deb = path.join(dir, `${name}_${version}_all.deb`);
  await mustRun("dpkg-deb", ["--root-owner-group", "--build", root, deb]);
  const sum = await mustRun("sha256sum", [deb]);
  return { series, version, deb, sha256: sum.slice(0, 64) };
}

/**
 * For a serial test: an apt without packages, and an empty cache; gives the folder on PATH, which
 * goes with the test.
 */
export async function emptyMirrorOnPath(t: ExecutionContext): Promise<string> {
  const dir = await temporaryDir();
  const bin = path.join(dir, "bin");
  const before = { PATH: process.env["PATH"], XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] };
  t.teardown(async () => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    await rm(dir, { recursive: true });
  });
  await fakeApt(bin, []);
  process.env["PATH"] = `${bin}:${before.PATH ?? ""}`;
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  return bin;
}

/**
 * An apt for PATH, whose mirror has these packages. Each call is written to bin/log.
 * With `broken`, the mirror cannot be reached and there are no lists.
 */
export async function fakeApt(
  bin: string,
  packages: readonly FakePackage[],
  broken = false,
): Promise<void> {
  const sources = path.join(bin, "sources.list");
  await mkdir(bin, { recursive: true });
  // Both distributions' names, because the host's own os-release decides which count.
  const suites = ["bullseye", "bookworm", "trixie", "sid", "jammy", "noble"];
  await writeFile(
    sources,
    suites.map((suite) => `deb http://mirror.invalid/debian ${suite} main\n`).join(""),
  );
  const log = `echo "$(basename "$0") $*" >> '${bin}/log'`;
  await fakeTool(bin, "dpkg", `${log}\necho amd64`);
  await fakeTool(
    bin,
    "apt-config",
    `${log}\nif [ "$1" = shell ]; then echo "LIST='${sources}'"; echo "PARTS='${bin}/none'"; else echo 'Dir "/";'; fi`,
  );
  const names = packages.map(({ series }) => `linux-source-${series}`);
  const madison = packages.map(
    ({ series, version }) =>
      `linux-source-${series} | ${version} | http://mirror.invalid/debian bookworm/main amd64 Packages`,
  );
  const shows = packages.map(
    ({ series, version, sha256 }) =>
      `linux-source-${series}=${version}) printf 'Package: linux-source-${series}\\nSHA256: ${sha256}\\n';;`,
  );
  const heredoc = (lines: readonly string[]) => `cat <<'END'\n${lines.join("\n")}\nEND`;
  await fakeTool(
    bin,
    "apt-cache",
    `${log}
case "$1" in
pkgnames) ${heredoc(names)}
;;
madison) ${heredoc(madison)}
;;
show) case "$2" in
${shows.join("\n")}
esac;;
esac`,
  );
  const downloads = packages.map(
    ({ series, version, deb }) => `linux-source-${series}=${version}) cp '${deb}' .;;`,
  );
  await fakeTool(
    bin,
    "apt-get",
    `${log}
for last; do :; done
case "$*" in
*update*) ${broken ? "echo 'E: could not connect to mirror.invalid'; exit 100" : "echo 'Get:1 http://mirror.invalid/debian bookworm InRelease'"};;
*indextargets*) ${broken ? ":" : `printf '${suites.join("\\n")}\\n'`};;
*download*) case "$last" in
${downloads.join("\n")}
*) echo "E: no such package: $last"; exit 100;;
esac;;
esac`,
  );
}
