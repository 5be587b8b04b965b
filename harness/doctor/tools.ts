import path from "node:path";
import { compilerOf, type Abi, type Arch } from "../arch.ts";
import type { Check, Finding } from "./check.ts";
import { exec, findProgram } from "../exec.ts";
import { isNewEnough } from "../tool-version.ts";

type Tool = Pick<Check, "group" | "name" | "purpose" | "packages"> & {
  readonly importance?: Check["importance"];
  /** The program looked for on PATH; the name unless told. */
  readonly program?: string;
  /** How it tells its version; "--version" unless told. */
  readonly versionArgument?: string;
};

/** Programs that every architecture needs. */
const tools: readonly Tool[] = [
  {
    group: "kernel build",
    name: "make",
    purpose: "builds kernels and suites",
    packages: ["make"],
  },
  {
    group: "kernel build",
    name: "flex",
    purpose: "the kernel's Kconfig parser",
    packages: ["flex"],
  },
  {
    group: "kernel build",
    name: "bison",
    purpose: "the kernel's Kconfig parser",
    packages: ["bison"],
  },
  {
    group: "kernel build",
    name: "bc",
    purpose: "the kernel's time constants",
    packages: ["bc"],
  },
  {
    group: "kernel build",
    name: "perl",
    purpose: "scripts of the kernel's build",
    packages: ["perl"],
  },
  {
    group: "kernel build",
    name: "python3",
    purpose: "scripts of newer kernels' build",
    packages: ["python3"],
  },
  {
    group: "kernel build",
    name: "rsync",
    purpose: "make headers_install, for the tree's own kselftests",
    packages: ["rsync"],
  },
  {
    group: "kernel build",
    name: "git",
    purpose: "applies patch series, reads git: sources",
    packages: ["git"],
  },
  { group: "kernel build", name: "tar", purpose: "unpacks sources", packages: ["tar"] },
  { group: "kernel build", name: "xz", purpose: "unpacks sources", packages: ["xz-utils"] },
  { group: "kernel build", name: "bzip2", purpose: "unpacks sources", packages: ["bzip2"] },
  {
    group: "kernel build",
    name: "ccache",
    purpose: "makes later kernel builds about twice as fast",
    packages: ["ccache"],
    importance: "recommended",
  },
  {
    group: "kernel build",
    name: "b4",
    purpose: "--patch with a message-id or a link to lore.kernel.org",
    packages: ["b4"],
    importance: "optional",
  },
  {
    group: "compilers",
    name: "clang",
    purpose: "--toolchain clang",
    packages: ["clang", "lld", "llvm"],
    importance: "optional",
  },
  {
    group: "guests",
    name: "setpriv",
    purpose: "ends all commands with the harness, even when it is killed",
    packages: ["util-linux"],
  },
];

/** Libraries by a header that the kernel's own build tools include. */
const headers: readonly (Pick<Check, "name" | "purpose" | "packages"> & { header: string })[] = [
  {
    name: "libelf",
    purpose: "objtool, which the x86 kernel's build runs",
    packages: ["libelf-dev"],
    header: "gelf.h",
  },
  {
    name: "libssl",
    purpose: "kernels with module signatures or keyrings",
    packages: ["libssl-dev"],
    header: "openssl/ssl.h",
  },
  {
    name: "libcap",
    purpose: "the kernel's own seccomp and clone3 selftests",
    packages: ["libcap-dev"],
    header: "sys/capability.h",
  },
];

/** The checks for programs and libraries that every architecture needs. */
export function toolChecks(): Check[] {
  return [programCheck(hostCompiler), ...tools.map(programCheck), ...headers.map(headerCheck)];
}

/** The checks of one architecture: its compilers and its QEMU. */
export function archChecks(arch: Arch): Check[] {
  const compiler: Tool = {
    group: "compilers",
    name: `${arch.crossCompile}gcc`,
    purpose: `compiles ${arch.name} kernels`,
    packages: arch.packages,
  };
  const compilers = [programCheck(compiler), ...arch.abis.map(abiCheck)];
  const checks = [...compilers.map((each) => orFetched(each, arch)), qemuCheck(arch)];
  return checks.filter(({ name }) => name !== hostCompiler.name);
}

/** A compiler of another release is taken where the host's is older than the architecture needs. */
function orFetched(check: Check, { crossCompile, gccAtLeast }: Arch): Check {
  if (!gccAtLeast) return check;
  const { version, because } = gccAtLeast;
  const probe = async (full: boolean): Promise<Finding> =>
    (await isNewEnough(`${crossCompile}gcc`, version))
      ? check.probe(full)
      : { state: "note", detail: `gcc ${version} or newer is fetched when needed: ${because}` };
  return { ...check, probe };
}

/** QEMU, and whether it is new enough to have the machine. */
function qemuCheck({ name, qemu }: Arch): Check {
  const check = programCheck({
    group: "guests",
    name: qemu.binary,
    purpose: `runs ${name} guests`,
    packages: [qemu.package],
  });
  const probe = async (full: boolean): Promise<Finding> => {
    const found = await check.probe(full);
    const { atLeast } = qemu;
    if (atLeast && found.state === "missing") {
      const detail = `one of ${atLeast.version} or newer is fetched when needed: ${atLeast.because}`;
      return { state: "note", detail };
    }
    if (atLeast && found.state === "ok" && !(await isNewEnough(qemu.binary, atLeast.version))) {
      const detail = `${found.detail}; for ${name} one of ${atLeast.version} or newer is fetched: ${atLeast.because}`;
      return { ...found, detail };
    }
    const at = qemu.machine.indexOf("-M");
    const machine = at < 0 ? undefined : qemu.machine[at + 1]?.split(",")[0];
    if (found.state !== "ok" || !full || machine === undefined) return found;
    const help = await exec(qemu.binary, ["-M", "help"], { timeoutSeconds: 20 });
    const isListed = help.stdout.split("\n").some((line) => line.split(" ")[0] === machine);
    if (isListed || !help.stdout.startsWith("Supported machines")) return found;
    return {
      state: "broken",
      detail: `${found.detail} has no machine ${machine}`,
      hint: `a newer QEMU may have it; see harness/arch/${name}.ts`,
    };
  };
  return { ...check, probe };
}

const hostCompiler: Tool = {
  group: "compilers",
  name: "gcc",
  purpose: "compiles the kernel's own build tools",
  packages: ["gcc", "libc6-dev"],
};

function programCheck(tool: Tool): Check {
  const { group, name, purpose, packages, importance = "needed" } = tool;
  const program = tool.program ?? name;
  return {
    group,
    name,
    purpose,
    packages,
    importance,
    probe: async (full) => {
      if (findProgram(program) === undefined) return missing(`${program} is not on PATH`);
      if (!full) return ok("");
      const { output } = await exec(program, [tool.versionArgument ?? "--version"], {
        timeoutSeconds: 20,
      });
      return ok(versionIn(output));
    },
  };
}

/** A compiler is of use only with a static libc for its ABI, or what the harness builds one with. */
function abiCheck(abi: Abi): Check {
  const { musl } = abi;
  const [compiler, ...flags] = musl ? musl.libgcc : compilerOf(abi);
  const library = musl ? "libgcc.a" : "libc.a";
  return {
    group: "compilers",
    name: `${abi.name} programs`,
    purpose: `compiles the suites' ${abi.name} programs (${abi.compiler}, ${musl ? "musl, built when needed" : "static libc"})`,
    packages: abi.packages,
    importance: "needed",
    probe: async (full) => {
      for (const program of [abi.compiler, compiler])
        if (findProgram(program) === undefined) return missing(`no ${program} on PATH`);
      const found = await exec(compiler, [...flags, `-print-file-name=${library}`]);
      // Without one the compiler says the bare name again.
      if (!path.isAbsolute(found.stdout.trim())) return missing(`${compiler} has no ${library}`);
      if (!full) return ok("");
      const { stdout } = await exec(abi.compiler, ["-dumpfullversion"]);
      return ok(`${abi.compiler} ${stdout.trim()}`);
    },
  };
}

function headerCheck({ header, ...rest }: (typeof headers)[number]): Check {
  return {
    group: "kernel build",
    importance: "needed",
    ...rest,
    probe: async () => {
      const found = await exec("gcc", ["-E", "-x", "c", "-include", header, "/dev/null"]);
      return found.exitCode === 0 ? ok("") : missing(`gcc finds no ${header}`);
    },
  };
}

/** The first thing that looks like a version in what a program says of itself. */
export function versionIn(text: string): string {
  return /\d+(?:\.\d+)+[\w.~+-]*/.exec(text)?.[0].replace(/\.$/, "") ?? "";
}

function ok(detail: string): Finding {
  return { state: "ok", detail };
}

function missing(detail: string): Finding {
  return { state: "missing", detail };
}
