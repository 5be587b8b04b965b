import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { compilerOf, programPrefix, type Abi, type Arch } from "../arch.ts";
import { cached } from "../cache.ts";
import { copyTree, removeTree } from "../disk.ts";
import type { ExecResult } from "../exec.ts";
import { fingerprint } from "../fingerprint.ts";
import { asNobody } from "../image/root.ts";
import { parseFragment, type Fragment } from "../kconfig.ts";
import { Failure } from "../model/failure.ts";
import { execSandboxed } from "../sandbox.ts";
import {
  defaultKselftests,
  timeoutOf,
  type BuiltSuite,
  type SuiteProgram,
  type SuiteRequest,
} from "../suite.ts";
import { compilerIdentity } from "./compiler.ts";
import { installUapiHeaders } from "./uapi-headers.ts";

type KselftestRequest = Extract<SuiteRequest, { kind: "kselftest" }>;

/** The tree whose kselftests are built; unpacked only when they are not in the cache. */
export interface KselftestTree {
  readonly identity: string;
  dir(): Promise<string>;
}

export interface KselftestOptions {
  readonly arch: Arch;
  readonly tree: KselftestTree;
  /** A series that changes kselftests or what they include: they are built with it, for both kernels. */
  readonly patch?: KselftestTree;
  /** The make target that leaves the tree's uapi headers in the object tree's usr/include. */
  readonly headersTarget: string;
  readonly jobs: number;
  readonly progress: (text: string) => void;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const inside = { src: "/mnt/src", obj: "/mnt/obj", out: "/mnt/out" } as const;
const selftestsPath = "tools/testing/selftests";
const programsFile = "programs.json";
const guestPath = "/suites/kselftest";

/** What particular programs need to be of use in a small and slow guest. */
const particulars: Readonly<Record<string, Partial<SuiteProgram>>> = {
  // 10,000 rounds of fork and poll by default, more than a minute under TCG.
  "pidfd/pidfd_poll_test": { command: "./pidfd_poll_test 200" },
  // Its recycling case takes id 1000 and forks until that comes again: all of pid_max (32768), minutes
  // under TCG. From 6.14 each pid namespace has a limit of its own (7863ff0bf9a3), which is so high that
  // the case forks as often and then skips; without root it skips at once, and the others pass.
  "pidfd/pidfd_test": {
    command:
      "sh -c 'max=/proc/sys/kernel/pid_max; was=$(cat $max); echo 1200 >$max; " +
      `test "$(unshare -pf cat $max)" = 1200 || nobody="${asNobody}"; ` +
      "$nobody ./pidfd_test; status=$?; echo $was >$max; exit $status'",
    timeoutSeconds: 120,
  },
  "seccomp/seccomp_benchmark": { skip: "a benchmark, whose expectations are about time" },
  "syscall_user_dispatch/sud_benchmark": { skip: "a benchmark, without a verdict" },
};

/** Whether a series changes the kernel's own selftests, or the headers that they are built with. */
export function touchesKselftests(patches: readonly { readonly diff: Uint8Array }[]): boolean {
  const touched =
    /^\+\+\+ b\/(tools\/testing\/selftests|include\/uapi|arch\/[^/]+\/include\/uapi)\//m;
  return patches.some(({ diff }) => touched.test(Buffer.from(diff).toString("latin1")));
}

/**
 * The kernel options that the folders' own config files ask for. Those of the default folders stand
 * in kconfigs/base.config, so that a run of other suites does not need another kernel.
 */
export async function kselftestFragments(
  suite: KselftestRequest,
  arch: Arch,
  tree: KselftestTree,
): Promise<Fragment[]> {
  const defaults: readonly string[] = defaultKselftests;
  const targets = suite.targets.filter((target) => !defaults.includes(target));
  if (targets.length === 0) return [];
  const dir = await tree.dir();
  const fragments: Fragment[] = [];
  for (const target of targets) {
    requireTarget(dir, target);
    for (const name of ["config", `config.${arch.name}`]) {
      const file = path.join(selftestsPath, target, name);
      if (!existsSync(path.join(dir, file))) continue;
      const text = await readFile(path.join(dir, file), "utf8");
      // There are no modules in the guest: what could be one is built in.
      fragments.push(parseFragment(text.replace(/=m$/gm, "=y"), file, "suite"));
    }
  }
  return fragments;
}

/**
 * Builds folders of the tree's tools/testing/selftests, statically and with the tree's own uapi
 * headers (Documentation/dev-tools/kselftest.rst), or takes them from the cache.
 * A program that does not build is named in a notice and left out.
 * Throws Failure: "unknown-suite" (usage), "suite-build-failed" (suite).
 */
export async function buildKselftests(
  suite: KselftestRequest,
  options: KselftestOptions,
): Promise<BuiltSuite> {
  const key = fingerprint({
    // Raised when this file builds kselftests in another way.
    recipe: 6,
    // Tests and headers come from the tree, or from the series on it ...
    tree: options.tree.identity,
    patch: options.patch?.identity,
    targets: suite.targets,
    // ... for this architecture's native ABI, by the compiler that has its C library: a kernel's may have none.
    arch: options.arch.kernelArch,
    compiler: await compilerIdentity(native(options.arch)),
    headersTarget: options.headersTarget,
  });
  const entry = await cached(
    {
      kind: "suites",
      fingerprint: key,
      verify: "content",
      notice: options.notice,
      signal: options.signal,
    },
    (dir) => build(suite, options, dir),
  );
  const { programs, broken, missing } = JSON.parse(
    await readFile(path.join(entry.dir, programsFile), "utf8"),
  ) as BuiltPrograms;
  for (const target of missing)
    options.notice(`this kernel has no ${selftestsPath}/${target}; it is left out`);
  if (broken.length)
    options.notice(`kselftests that do not build here and are left out: ${broken.join(", ")}`);
  return {
    name: suite.name,
    fingerprint: key,
    dir: entry.dir,
    guestPath,
    programs,
    cached: entry.cached,
  };
}

interface BuiltPrograms {
  readonly programs: SuiteProgram[];
  /** "<folder>:<program>" of what did not build. */
  readonly broken: string[];
  /** Folders that the tree has not and that nobody named. */
  readonly missing: string[];
}

async function build(
  suite: KselftestRequest,
  options: KselftestOptions,
  into: string,
): Promise<void> {
  const work = await mkdtemp(`${into}.work-`);
  try {
    const tree = await options.tree.dir();
    const missing = suite.byDefault.filter((target) => !hasTarget(tree, target));
    const targets = suite.targets.filter((target) => !missing.includes(target));
    for (const target of targets) requireTarget(tree, target);
    const source = (await options.patch?.dir()) ?? tree;
    const objects = path.join(work, "obj");
    await mkdir(objects);
    // A copy, because some folders of old kernels (seccomp before 5.4) build in place.
    const selftests = path.join(work, "selftests");
    await copyTree(path.join(source, selftestsPath), selftests);
    const runIn = (objects: string, command: string, args: readonly string[]) =>
      execSandboxed(command, args, {
        readOnly: { [source]: inside.src },
        writable: {
          [objects]: inside.obj,
          [into]: inside.out,
          [selftests]: `${inside.src}/${selftestsPath}`,
        },
        insideCwd: inside.obj,
        env: {
          LC_ALL: "C",
          MAKEFLAGS: undefined,
          ARCH: undefined,
          CROSS_COMPILE: undefined,
          CFLAGS: undefined,
        },
        timeoutSeconds: 1800,
        signal: options.signal,
      });
    const run = (command: string, args: readonly string[]) => runIn(objects, command, args);
    const { arch, jobs, headersTarget } = options;
    const variables = [`O=${inside.obj}`, `ARCH=${arch.kernelArch}`, `-j${jobs}`];
    options.progress("headers");
    await installUapiHeaders(
      {
        ...options,
        identity: [options.tree.identity, options.patch?.identity],
        target: headersTarget,
        make: async (dir) => {
          const made = await runIn(dir, "make", [
            "-s",
            "-C",
            inside.src,
            ...variables,
            headersTarget,
          ]);
          if (made.exitCode !== 0) throw buildFailed("the tree's headers", made);
        },
      },
      objects,
    );
    options.progress(targets.join(" "));
    const install = await run("make", [
      // With -k alone one program that does not build keeps `install` of 5.3 from being made.
      "-i",
      "-s",
      "-C",
      `${inside.src}/${selftestsPath}`,
      ...variables,
      `TARGETS=${targets.join(" ")}`,
      // The one way to static programs that all folders heed: some ignore or override LDFLAGS.
      `CC=${compilerOf(native(arch)).join(" ")} -static`,
      // Some folders look for the tree's headers in the tree itself, and would find the host's.
      `USERCFLAGS=-isystem ${inside.obj}/usr/include`,
      "install",
      `KSFT_INSTALL_PATH=${inside.out}`,
      // The variable's name before 5.7.
      `INSTALL_PATH=${inside.out}`,
    ]);
    await describe(targets, missing, into, install);
    // Half of a static program is debug information, which would cost boot time.
    await run("find", [
      inside.out,
      "-type",
      "f",
      "-perm",
      "-u+x",
      "-exec",
      `${programPrefix(arch)}strip`,
      "--strip-debug",
      "{}",
      "+",
    ]);
  } finally {
    await removeTree(work);
  }
}

function native({ name, abis: [abi] }: Arch): Abi {
  if (abi) return abi;
  throw new Error(`arch/${name}.ts names no ABI`);
}

/** The programs that `make install` says there are. */
async function listPrograms(dir: string): Promise<{ target: string; program: string }[]> {
  const read = (name: string) => readFile(path.join(dir, name), "utf8").catch(() => "");
  const list = await read("kselftest-list.txt");
  if (list !== "") {
    return list
      .split("\n")
      .map((line) => /^(\S+):(\S+)$/.exec(line.trim()))
      .filter((match) => match !== null)
      .map(([, target = "", program = ""]) => ({ target, program }));
  }
  // Before 5.10 there is only a script: "cd ptrace", "run_many \", then each program in quotes.
  const script = await read("run_kselftest.sh");
  return script.split(/^cd (?=[A-Za-z])/m).flatMap((part) => {
    const target = /^\S+/.exec(part)?.[0] ?? "";
    return [...part.matchAll(/^\t"(\S+)"/gm)].map(([, program = ""]) => ({ target, program }));
  });
}

/** Writes down which programs there are. */
async function describe(
  targets: readonly string[],
  missing: string[],
  dir: string,
  install: ExecResult,
): Promise<void> {
  const named = await listPrograms(dir);
  const isThere = ({ target, program }: { target: string; program: string }) =>
    existsSync(path.join(dir, target, program));
  const built: BuiltPrograms = {
    programs: named.filter(isThere).map(({ target, program }) => ({
      name: `${target.replace(/\//g, ".")}.${program}`,
      abi: "",
      cwd: `${guestPath}/${target}`,
      command: `./${program}`,
      timeoutSeconds: timeoutOf(path.join(dir, target)),
      ...particulars[`${target}/${program}`],
    })),
    broken: named
      .filter((each) => !isThere(each))
      .map(({ target, program }) => `${target}:${program}`),
    missing,
  };
  if (built.programs.length === 0) throw buildFailed(`kselftest:${targets.join(",")}`, install);
  await writeFile(path.join(dir, programsFile), JSON.stringify(built));
}

function hasTarget(tree: string, target: string): boolean {
  return existsSync(path.join(tree, selftestsPath, target, "Makefile"));
}

function requireTarget(tree: string, target: string): void {
  if (hasTarget(tree, target)) return;
  throw new Failure({
    reason: "unknown-suite",
    blame: "usage",
    what: `this kernel has no ${selftestsPath}/${target}`,
    hint: `see the folders of ${selftestsPath} in the tree`,
  });
}

function buildFailed(what: string, result: ExecResult): Failure {
  return new Failure({
    reason: "suite-build-failed",
    blame: "suite",
    what: `${what} cannot be built`,
    evidence: result.output.slice(-4000),
    hint: "harness doctor lists what a build needs (libcap-dev among it)",
  });
}
