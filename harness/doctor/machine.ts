import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, rm, statfs } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Event } from "../model/event.ts";
import { findArch } from "../arch.ts";
import { Failure, failureDetails } from "../model/failure.ts";
import type { Check, DoctorOptions, Finding } from "./check.ts";
import { cacheDir } from "../paths.ts";
import { execSandboxed } from "../sandbox.ts";
import { hugePagesLibrary } from "../sandbox/huge-pages.ts";
import { versionIn } from "./tools.ts";
import { exec, findProgram } from "../exec.ts";
import type { Accelerator } from "../vm.ts";
import { chooseAccelerator } from "../vm/accel.ts";

const GiB = 2 ** 30;

/** Checks of what no package alone brings: the sandbox, KVM, memory, disks, apt's sources. */
export function machineChecks(options: DoctorOptions): Check[] {
  const machine = { group: "machine", importance: "needed", packages: [] } as const;
  return [
    {
      group: "guests",
      importance: "needed",
      packages: ["bubblewrap"],
      name: "bubblewrap",
      purpose: "keeps builds of untrusted patches away from the network and the rest of the disk",
      probe: probeSandbox,
    },
    {
      ...machine,
      importance: "optional",
      name: "KVM",
      purpose: "runs x86 guests many times faster than emulation (TCG)",
      probe: () => probeKvm(),
    },
    {
      ...machine,
      name: "memory",
      purpose: "two guests beside a compiler, or four guests",
      probe: probeMemory,
    },
    {
      ...machine,
      importance: "optional",
      name: "huge pages",
      purpose: "compilers spend less time on first touches of memory",
      probe: () => probeHugePages(),
    },
    {
      ...machine,
      name: "disk for the cache",
      purpose: "sources, object trees and kernels that need not be made again",
      probe: () => probeDisk(cacheDir(), cacheSpace),
    },
    {
      ...machine,
      name: "disk for results",
      purpose: "consoles, logs and reports of runs",
      probe: () => probeDisk(options.resultsDir, resultsSpace),
    },
    {
      ...machine,
      importance: "recommended",
      name: "apt sources",
      purpose:
        "kernels of the distribution (--kernel apt:6.1); others come from release:, git:, dir:",
      probe: (full) => probeApt(full, options.signal),
    },
  ];
}

/** Asks apt through the harness's own private state, as `harness run` does. */
async function probeApt(full: boolean, signal: AbortSignal | undefined): Promise<Finding> {
  if (!full) return { state: "ok", detail: "" };
  const notices: string[] = [];
  // Loaded only when asked: set-up calls doctor each time, and this brings half the program.
  const { aptSeries } = await import("../source/debian.ts");
  try {
    const emit = (event: Event) => {
      if (event.type === "notice") notices.push(event.text.split("\n")[0] ?? "");
    };
    const series = await aptSeries({ emit, signal });
    const hint = notices.length > 0 ? { hint: notices.join("; ") } : {};
    if (series.length > 0)
      return { state: "ok", detail: `kernel sources ${series.join(", ")}`, ...hint };
    return { state: "broken", detail: "apt offers no linux-source package", ...hint };
  } catch (thrown) {
    const { what, hint } = failureDetails(thrown);
    return { state: "broken", detail: what, ...(hint === undefined ? {} : { hint }) };
  }
}

/** Runs a real command in the very sandbox that builds get: only that shows that it works here. */
async function probeSandbox(full: boolean): Promise<Finding> {
  if (findProgram("bwrap") === undefined)
    return { state: "missing", detail: "bwrap is not on PATH" };
  const result = await execSandboxed("true", [], { insideCwd: "/mnt", timeoutSeconds: 30 });
  if (result.exitCode === 0) {
    const version = full ? versionIn((await exec("bwrap", ["--version"])).output) : "";
    return { state: "ok", detail: [version, "works"].filter(Boolean).join(", ") };
  }
  const said = result.output.trim().split("\n").at(-1) ?? "";
  const broken = { state: "broken", detail: `bwrap is there but does not work: ${said}` } as const;
  return { ...broken, ...(await explainSandbox(process.getuid?.() ?? 0)) };
}

const apparmorProfile = "bwrap-userns-restrict";

/** Why a kernel may refuse bwrap its namespaces, as the kernel's own settings tell. */
export async function explainSandbox(
  uid: number,
  settings = "/proc/sys",
): Promise<Pick<Finding, "hint" | "remedy">> {
  const setting = async (name: string) =>
    (await readFile(path.join(settings, name), "utf8").catch(() => "")).trim();
  if (uid !== 0 && (await setting("kernel/apparmor_restrict_unprivileged_userns")) === "1") {
    // Ubuntu 24.04 has the profile in apparmor-profiles but does not load it; 25.04 does.
    return {
      hint: "AppArmor lets only programs with a profile make user namespaces (Ubuntu 23.10 and newer); load Ubuntu's own profile for bwrap",
      remedy: [
        ["apt-get", "install", "-y", "apparmor-profiles"],
        [
          "install",
          "-m",
          "644",
          `/usr/share/apparmor/extra-profiles/${apparmorProfile}`,
          `/etc/apparmor.d/${apparmorProfile}`,
        ],
        ["apparmor_parser", "-r", `/etc/apparmor.d/${apparmorProfile}`],
      ],
    };
  }
  if (uid !== 0 && (await setting("kernel/unprivileged_userns_clone")) === "0") {
    return {
      hint: "this kernel is set to refuse user namespaces to ordinary users",
      remedy: [["sysctl", "-w", "kernel.unprivileged_userns_clone=1"]],
    };
  }
  if ((await setting("user/max_user_namespaces")) === "0")
    return { hint: "user namespaces are switched off: sysctl -w user.max_user_namespaces=10000" };
  return {
    hint: existsSync("/.dockerenv")
      ? "a container's seccomp filter refuses namespaces: start it with --privileged, or with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN"
      : "something on this machine (a container's seccomp filter, a security module) refuses namespaces",
  };
}

/**
 * Whether guests run under KVM: a guest of a few instructions is tried, because hosts exist where
 * the device opens and no guest ever gets anywhere. The answer is remembered (vm/accel.ts).
 */
export async function probeKvm(device = "/dev/kvm", choose = choiceOfRuns): Promise<Finding> {
  if (!existsSync(device))
    return { state: "note", detail: `no ${device}: guests are emulated (TCG), which works` };
  try {
    await (await open(device, "r+")).close();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const denied = code === "EACCES" || code === "EPERM";
    return {
      state: "note",
      detail: `${device} is there but does not open (${code ?? "?"}): guests are emulated (TCG), which works`,
      ...(denied
        ? { hint: `to use it: sudo adduser ${os.userInfo().username} kvm, then log in anew` }
        : {}),
    };
  }
  try {
    const { name, why } = await choose();
    return name === "kvm"
      ? { state: "ok", detail: why }
      : { state: "note", detail: `${why}; guests are emulated (TCG), which works` };
  } catch (thrown) {
    // Without QEMU there is nothing to try with, and its own line says so.
    if (thrown instanceof Failure)
      return { state: "ok", detail: `${device} opens; a guest is tried before it is used` };
    throw thrown;
  }
}

async function choiceOfRuns(): Promise<Accelerator> {
  return chooseAccelerator({ arch: await findArch("x86_64"), wanted: "auto" });
}

async function probeMemory(): Promise<Finding> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kilobytes = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(kilobytes)) return { state: "note", detail: "unknown (no /proc/meminfo)" };
  return judge(kilobytes * 1024, memorySpace, "available", "close other programs");
}

/**
 * Whether compilers get huge pages. With them a kernel build took a quarter less CPU time on a virtual
 * machine without nested paging. Builds ask for them (sandbox/huge-pages.c), which "madvise" wants
 * (Documentation/admin-guide/mm/transhuge.rst).
 */
export async function probeHugePages(
  file = "/sys/kernel/mm/transparent_hugepage/enabled",
): Promise<Finding> {
  const text = await readFile(file, "utf8").catch(() => "");
  const setting = /\[(\w+)\]/.exec(text)?.[1];
  if (setting === undefined) return { state: "note", detail: "this kernel has none" };
  if (setting === "always") return { state: "ok", detail: setting };
  if (setting === "madvise" && (await hugePagesLibrary()) !== undefined)
    return { state: "ok", detail: `${setting}: builds ask for them` };
  return {
    state: "note",
    detail: `${setting}: compilers get none`,
    hint: `kernels may build faster with them: echo always | sudo tee ${file}`,
  };
}

/** What is too little to work with, and what may turn out too little, in bytes. */
interface Space {
  readonly least: number;
  readonly comfortable: number;
}
const memorySpace: Space = { least: 1 * GiB, comfortable: 2 * GiB };
const cacheSpace: Space = { least: 4 * GiB, comfortable: 12 * GiB };
const resultsSpace: Space = { least: 0.25 * GiB, comfortable: 1 * GiB };

async function probeDisk(dir: string, space: Space): Promise<Finding> {
  // The folder may not be there yet; its nearest parent is on the same disk.
  let there = dir;
  while (!existsSync(there)) there = path.dirname(there);
  try {
    await rm(await mkdtemp(path.join(there, ".harness-doctor-")), { recursive: true });
  } catch (thrown) {
    return {
      state: "broken",
      detail: `${dir} cannot be written: ${(thrown as Error).message}`,
      hint: "make it writable, or set XDG_CACHE_HOME (cache) or --output (results)",
    };
  }
  const { bavail, bsize } = await statfs(there);
  return judge(bavail * bsize, space, `free in ${dir}`, "free some space (harness clean)");
}

function judge(bytes: number, { least, comfortable }: Space, what: string, hint: string): Finding {
  const size = (value: number) => `${(value / GiB).toFixed(1)} GiB`;
  const detail = `${size(bytes)} ${what}`;
  if (bytes >= comfortable) return { state: "ok", detail };
  const wanted = `${detail}; a run over all series wants ${size(comfortable)}`;
  return { state: bytes < least ? "broken" : "note", detail: wanted, hint };
}
