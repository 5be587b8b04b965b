import test, { type ExecutionContext } from "ava";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Diagnosis } from "./doctor.ts";
import { explainSandbox, probeHugePages, probeKvm } from "./doctor/machine.ts";
import { versionIn } from "./doctor/tools.ts";
import { exec, findProgram } from "./exec.ts";
import { projectDir } from "./paths.ts";

/** What each package brings: programs, or a mark that the fake gcc looks at. */
const packages: Readonly<Record<string, readonly string[]>> = {
  gcc: ["gcc"],
  "libc6-dev": [],
  "gcc-i686-linux-gnu": ["i686-linux-gnu-gcc"],
  "libc6-dev-i386-cross": [],
  "gcc-x86-64-linux-gnux32": ["x86_64-linux-gnux32-gcc"],
  "libc6-dev-x32-cross": [],
  "libelf-dev": [],
  "libssl-dev": [],
  "libcap-dev": [],
  "qemu-system-x86": ["qemu-system-x86_64"],
  bubblewrap: ["bwrap"],
  "xz-utils": ["xz"],
  ...Object.fromEntries(
    [
      "make",
      "flex",
      "bison",
      "bc",
      "perl",
      "python3",
      "rsync",
      "git",
      "tar",
      "bzip2",
      "ccache",
    ].map((name) => [name, [name]]),
  ),
};

const programs: Readonly<Record<string, string>> = {
  gcc: compiler("libc6-dev"),
  "i686-linux-gnu-gcc": compiler("libc6-dev-i386-cross"),
  "x86_64-linux-gnux32-gcc": compiler("libc6-dev-x32-cross"),
  "qemu-system-x86_64": `case "$*" in
    "-M help") echo "Supported machines are:"; cat $S/machines 2>/dev/null || echo "q35  Standard PC" ;;
    *) echo "QEMU emulator version 1.2.3" ;;
    esac`,
};

function compiler(libc: string): string {
  return `case "$*" in
    -print-file-name=libc.a) if [ -e $S/has/${libc} ]; then echo /lib/libc.a; else echo libc.a; fi ;;
    *gelf.h*) [ -e $S/has/libelf-dev ] ;;
    *openssl*) [ -e $S/has/libssl-dev ] ;;
    *capability*) [ -e $S/has/libcap-dev ] ;;
    *) echo "gcc (Fake) 1.2.3" ;;
    esac`;
}

/** Installs what it is told from $S/packages, once it has lists; $S/apt-fails makes it fail. */
const aptGet = `echo "apt-get $*" >>$S/log
case "$*" in
*update*) : >$S/lists; rm -f $S/apt-fails; exit 0 ;;
esac
[ -e $S/lists ] || { echo "E: Unable to locate package $*"; exit 100; }
case "$*" in
*--simulate*) exit 0 ;;
esac
[ "$DEBIAN_FRONTEND" = noninteractive ] || { echo "E: apt asks"; exit 100; }
[ -e $S/apt-fails ] && { cat $S/apt-fails; exit 100; }
for p in "$@"; do
  [ -d $S/packages/$p ] || continue
  : >$S/has/$p
  for f in $S/packages/$p/*; do [ -e "$f" ] && cp $f $S/bin/; done
done
:`;

interface FakeMachine {
  /** Runs `harness doctor` with PATH set to the fake programs, as this user id. */
  doctor(uid: number, ...args: string[]): Promise<{ status: number | undefined; said: string }>;
  /** A program of its own. */
  program(name: string, script: string): void;
  remove(name: string): void;
  /** A file of the fakes' state folder. */
  state(name: string, text?: string): void;
  /** The apt-get and sudo command lines so far. */
  log(): string[];
}

/** A machine with these packages, apt-get without lists, and nothing else. */
async function machine(t: ExecutionContext, installed: readonly string[]): Promise<FakeMachine> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-doctor-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const write = (file: string, script: string) => {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), `#!/bin/sh\nS=${dir}\n${script}\n`);
    chmodSync(path.join(dir, file), 0o755);
  };
  mkdirSync(path.join(dir, "has"));
  for (const [name, files] of Object.entries(packages)) {
    mkdirSync(path.join(dir, "packages", name), { recursive: true });
    for (const file of files) {
      const script = programs[file] ?? `echo "${file} 1.2.3"`;
      write(path.join("packages", name, file), script);
      if (installed.includes(name)) write(path.join("bin", file), script);
    }
    if (installed.includes(name)) writeFileSync(path.join(dir, "has", name), "");
  }
  write("bin/apt-get", aptGet);
  for (const real of ["setpriv", "env", "sh", "cat", "cp", "rm", "true"])
    symlinkSync(findProgram(real) ?? real, path.join(dir, "bin", real));
  const bwrap = findProgram("bwrap") ?? "bwrap";
  const bin = path.join(projectDir, "build/harness/bin.js");
  return {
    doctor: async (uid, ...args) => {
      // Being another user needs no root in a user namespace; the file permissions stay our own.
      const asUser = ["--dev-bind", "/", "/", "--unshare-user", "--uid", String(uid), "--"];
      const { exitCode, output } = await exec(
        bwrap,
        [...asUser, process.execPath, bin, "doctor", ...args],
        { env: { PATH: path.join(dir, "bin"), XDG_CACHE_HOME: path.join(dir, "cache") } },
      );
      return { status: exitCode, said: output };
    },
    program: (name, script) => {
      write(path.join("bin", name), script);
    },
    remove: (name) => {
      unlinkSync(path.join(dir, "bin", name));
    },
    state: (name, text = "") => {
      writeFileSync(path.join(dir, name), text);
    },
    log: () => {
      try {
        return readFileSync(path.join(dir, "log"), "utf8").trim().split("\n");
      } catch {
        return [];
      }
    },
  };
}

const all = Object.keys(packages);
const without = (...names: string[]) => all.filter((name) => !names.includes(name));

test("a machine with everything is ready; --quiet says nothing", async (t) => {
  const fake = await machine(t, all);
  const loud = await fake.doctor(0);
  t.is(loud.status, 0, loud.said);
  t.regex(loud.said, /ok +i386 programs/);
  t.regex(loud.said, /ok +flex +1\.2\.3/);
  t.regex(loud.said, /ready for x86_64/);
  t.deepEqual(await fake.doctor(0, "--quiet", "--install"), { status: 0, said: "" });
  t.deepEqual(fake.log(), []);
});

test("each missing piece is named with what it is for, its package and one command for all", async (t) => {
  const fake = await machine(t, without("bison", "libelf-dev", "libc6-dev-x32-cross"));
  const { status, said } = await fake.doctor(1000);
  t.is(status, 3);
  t.regex(
    said,
    /missing bison +bison is not on PATH\n +for: the kernel's Kconfig parser \(bison\)/,
  );
  t.regex(said, /missing libelf/);
  t.regex(said, /missing x32 programs +x86_64-linux-gnux32-gcc has no libc\.a/);
  t.regex(
    said,
    /\n {2}sudo apt-get install -y --no-install-recommends gcc-x86-64-linux-gnux32 libc6-dev-x32-cross bison libelf-dev\n/,
  );
  t.deepEqual(fake.log(), []);
});

test("a QEMU without the architecture's machine is too old", async (t) => {
  const fake = await machine(t, all);
  fake.state("machines", "pc  Standard PC\n");
  const { status, said } = await fake.doctor(0);
  t.is(status, 3);
  t.regex(said, /broken +qemu-system-x86_64 +1\.2\.3 has no machine q35/);
});

test("--arch all: each architecture is told, and one command for what the rest lacks", async (t) => {
  const fake = await machine(t, all);
  const { status, said } = await fake.doctor(1000, "--arch", "all");
  t.is(status, 3);
  t.regex(said, /ok +x86_64\n/);
  t.regex(said, /not +s390x +.*s390x-linux-gnu-gcc is not on PATH/);
  t.regex(said, /\nready for loongarch64, x86_64\n/);
  t.regex(said, /not ready for alpha, arm,/);
  const [, command = ""] = /\n {2}(sudo apt-get install .*)\n/.exec(said) ?? [];
  for (const name of ["gcc-s390x-linux-gnu", "qemu-system-misc", "libc6-dev-arm64-cross"])
    t.is(command.split(" ").filter((each) => each === name).length, 1, name);
});

test("--json says the same for programs", async (t) => {
  const fake = await machine(t, without("bison"));
  const { status, said } = await fake.doctor(0, "--json");
  t.is(status, 3);
  const diagnosis = JSON.parse(said) as Diagnosis & { install: { packages: string[] } };
  t.false(diagnosis.ready);
  t.deepEqual(
    diagnosis.pieces.flatMap((piece) => (piece.state === "missing" ? [piece.name] : [])).sort(),
    ["b4", "bison", "clang"],
  );
  t.deepEqual(diagnosis.install.packages, ["bison"]);
});

test("root installs everything on a bare machine: lists first, then packages, nothing asked", async (t) => {
  const fake = await machine(t, []);
  const { status, said } = await fake.doctor(0, "--install");
  t.is(status, 0, said);
  t.regex(said, /ready for x86_64/);
  t.deepEqual(
    fake.log().map((line) => /update|simulate|install/.exec(line)?.[0]),
    ["simulate", "update", "simulate", "install"],
  );
  for (const name of all) t.regex(fake.log().at(-1) ?? "", new RegExp(` ${name}( |$)`));
  t.notRegex(fake.log().at(-1) ?? "", /clang/);
});

test("lists that are there are not fetched again", async (t) => {
  const fake = await machine(t, without("bc"));
  fake.state("lists");
  t.is((await fake.doctor(0, "--install", "--quiet")).status, 0);
  t.false(fake.log().some((line) => line.includes("update")));
});

test("old lists are fetched anew when the mirror has no such version any more", async (t) => {
  const fake = await machine(t, without("bc"));
  fake.state("lists");
  fake.state("apt-fails", "E: Failed to fetch bc_1.0_amd64.deb  404  Not Found");
  t.is((await fake.doctor(0, "--install", "--quiet")).status, 0);
  t.is(fake.log().filter((line) => line.includes("update")).length, 1);
});

test("a user without sudo is given the command, and nothing is tried", async (t) => {
  const fake = await machine(t, without("bc", "flex"));
  const { status, said } = await fake.doctor(1000, "--install", "--quiet");
  t.is(status, 3);
  t.regex(said, /fault: this machine/);
  t.regex(said, /try: sudo apt-get install -y --no-install-recommends flex bc\n$/);
  t.deepEqual(fake.log(), []);
});

test("sudo that asks for a password without a terminal is as good as none", async (t) => {
  const fake = await machine(t, without("bc"));
  fake.program("sudo", `echo "sudo $*" >>$S/log; echo "sudo: a password is required"; exit 1`);
  const { status, said } = await fake.doctor(1000, "--install", "--quiet");
  t.is(status, 3);
  t.regex(said, /try: sudo apt-get install -y --no-install-recommends bc\n$/);
  t.deepEqual(fake.log(), ["sudo -n true"]);
});

test("sudo without a password is used", async (t) => {
  const fake = await machine(t, without("bc"));
  fake.program("sudo", `echo "sudo $*" >>$S/log; shift; exec "$@"`);
  const { status, said } = await fake.doctor(1000, "--install", "--quiet");
  t.is(status, 0, said);
  t.regex(
    fake.log().join("\n"),
    /sudo -n env DEBIAN_FRONTEND=noninteractive .*apt-get .*install bc/,
  );
});

test("what is only recommended stops nobody who may not install it", async (t) => {
  const fake = await machine(t, without("ccache"));
  t.is((await fake.doctor(1000, "--install", "--quiet")).status, 0);
  const { status, said } = await fake.doctor(1000);
  t.is(status, 0);
  t.regex(said, /without ccache/);
});

test("a failing installation is shown with what apt said", async (t) => {
  const fake = await machine(t, without("bc"));
  fake.program(
    "apt-get",
    `case "$*" in *simulate*|*update*) exit 0;; esac; echo "E: disk on fire"; exit 100`,
  );
  const { status, said } = await fake.doctor(0, "--install", "--quiet");
  t.is(status, 3);
  t.regex(said, /error: apt-get install failed\n {2}fault: .*\n {2}\| E: disk on fire\n/);
});

test("packages that no archive has are named as apt names them", async (t) => {
  const fake = await machine(t, without("bc"));
  fake.program("apt-get", `echo "E: Unable to locate package bc"; exit 100`);
  const { status, said } = await fake.doctor(0, "--install", "--quiet");
  t.is(status, 3);
  t.regex(said, /apt offers not all packages[^]*\| E: Unable to locate package bc/);
});

test("a package that no archive has keeps none of the others away", async (t) => {
  const fake = await machine(t, without("bc", "git"));
  fake.program(
    "apt-get",
    `case "$*" in *update*) exit 0;; *" bc"*) echo "E: Unable to locate package bc"; exit 100;; *simulate*) exit 0;; esac
cp $S/packages/git/git $S/bin/`,
  );
  const { status, said } = await fake.doctor(0, "--install", "--quiet");
  t.is(status, 3);
  t.regex(said, /apt has not all of them; installing git/);
  t.regex(said, /apt offers not all packages[^]*\| E: Unable to locate package bc/);
  fake.program("bc", "echo bc 1.2.3");
  t.is((await fake.doctor(0, "--quiet")).status, 0, "git is there now");
});

test("without apt the Debian names are said", async (t) => {
  const fake = await machine(t, without("bc", "git"));
  fake.remove("apt-get");
  const { status, said } = await fake.doctor(0, "--install", "--quiet");
  t.is(status, 3);
  t.regex(said, /has no apt-get[^]*Debian packages: bc git\n$/);
});

test("a bubblewrap that does not work here is found by trying it, and is no matter for apt", async (t) => {
  const fake = await machine(t, all);
  fake.program("bwrap", `echo "bwrap: setting up uid map: Permission denied" >&2; exit 1`);
  const { status, said } = await fake.doctor(0, "--install");
  t.is(status, 3);
  t.regex(
    said,
    /broken +bubblewrap +bwrap is there but does not work: .*uid map: Permission denied/,
  );
  t.deepEqual(fake.log(), []);
});

test("why namespaces are refused is read from the kernel's settings", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-proc-"));
  t.teardown(() => rm(dir, { recursive: true }));
  mkdirSync(path.join(dir, "kernel"));
  mkdirSync(path.join(dir, "user"));
  t.regex((await explainSandbox(1000, dir)).hint ?? "", /something on this machine|container/);
  writeFileSync(path.join(dir, "user/max_user_namespaces"), "0\n");
  t.regex((await explainSandbox(1000, dir)).hint ?? "", /max_user_namespaces/);
  writeFileSync(path.join(dir, "kernel/unprivileged_userns_clone"), "0\n");
  t.deepEqual((await explainSandbox(1000, dir)).remedy, [
    ["sysctl", "-w", "kernel.unprivileged_userns_clone=1"],
  ]);
  writeFileSync(path.join(dir, "kernel/apparmor_restrict_unprivileged_userns"), "1\n");
  const apparmor = await explainSandbox(1000, dir);
  t.regex(apparmor.hint ?? "", /AppArmor/);
  t.is(apparmor.remedy?.at(-1)?.[0], "apparmor_parser");
  // Root is not restricted by it.
  t.notRegex((await explainSandbox(0, dir)).hint ?? "", /AppArmor/);
});

test("KVM: absent, not to be opened, of use or not as a guest shows", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-kvm-"));
  t.teardown(() => rm(dir, { recursive: true }));
  const device = path.join(dir, "kvm");
  t.is((await probeKvm(device)).state, "note");
  mkdirSync(device);
  t.regex((await probeKvm(device)).detail, /does not open \(EISDIR\)/);
  await rm(device, { recursive: true });
  writeFileSync(device, "");
  const says = (name: "kvm" | "tcg", why: string) => () => Promise.resolve({ name, why });
  t.deepEqual(await probeKvm(device, says("kvm", "a probe guest ran in 0.1 s")), {
    state: "ok",
    detail: "a probe guest ran in 0.1 s",
  });
  const useless = await probeKvm(device, says("tcg", "/dev/kvm is of no use"));
  t.is(useless.state, "note");
  t.regex(useless.detail, /^\/dev\/kvm is of no use; guests are emulated/);
});

test("huge pages: as the kernel sets them; what gives a compiler none is a note", async (t) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "harness-thp-"));
  t.teardown(() => rm(dir, { recursive: true }));
  const file = path.join(dir, "enabled");
  t.deepEqual(await probeHugePages(file), { state: "note", detail: "this kernel has none" });
  writeFileSync(file, "[always] madvise never\n");
  t.deepEqual(await probeHugePages(file), { state: "ok", detail: "always" });
  writeFileSync(file, "always [madvise] never\n");
  t.deepEqual(await probeHugePages(file), { state: "ok", detail: "madvise: builds ask for them" });
  writeFileSync(file, "always madvise [never]\n");
  const none = await probeHugePages(file);
  t.is(none.state, "note");
  t.is(none.detail, "never: compilers get none");
  t.regex(none.hint ?? "", /echo always \| sudo tee .*enabled$/);
});

test("versions in what programs say of themselves", (t) => {
  t.is(versionIn("gcc (Debian 12.2.0-14+deb12u1) 12.2.0\n"), "12.2.0-14+deb12u1");
  t.is(versionIn("git version 2.39.5\n"), "2.39.5");
  t.is(versionIn("This is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64"), "5.36.0");
  t.is(versionIn("no version"), "");
});
