import { mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { exec, type ExecOptions, type ExecResult } from "./exec.ts";
import { toolchainsDir } from "./paths.ts";
import { hugePagesLibrary } from "./sandbox/huge-pages.ts";

export interface SandboxOptions extends ExecOptions {
  /** Host folder -> folder inside, readable only. Inside names are below /mnt, or the same as outside. */
  readonly readOnly?: Readonly<Record<string, string>>;
  /** Host folder -> folder inside, writable: nothing else is, but for an empty /tmp. */
  readonly writable?: Readonly<Record<string, string>>;
  /** Folder inside where the command starts. */
  readonly insideCwd: string;
}

/**
 * The bubblewrap arguments for a build: no network, the system readable only, home and /tmp hidden,
 * and /mnt with exactly the folders given. The same inside paths for every tree let make and ccache
 * reuse objects. All of it dies with the harness (--die-with-parent and a PID namespace of its own).
 */
function sandboxArgs(options: SandboxOptions): string[] {
  const hidden = ["/tmp", os.homedir()].filter((dir) => dir !== "/");
  const path_ = (process.env["PATH"] ?? "").split(":").filter((dir) => path.isAbsolute(dir));
  const tools = path_.filter((dir) => hidden.some((top) => dir.startsWith(`${top}/`)));
  const args = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"];
  for (const dir of [...hidden, "/mnt"]) args.push("--tmpfs", dir);
  // Compilers of other releases lie in the cache, often below the home folder.
  for (const dir of [...tools, toolchainsDir()]) args.push("--ro-bind-try", dir, dir);
  for (const [host, inside] of Object.entries(options.readOnly ?? {}))
    args.push("--ro-bind", host, inside);
  for (const [host, inside] of Object.entries(options.writable ?? {})) {
    mkdirSync(host, { recursive: true });
    args.push("--bind", host, inside);
  }
  args.push("--unshare-all", "--die-with-parent", "--new-session", "--chdir", options.insideCwd);
  return args;
}

/**
 * Memory for compilers, in huge pages where the host gives them to those that ask: they begin with 32 MiB
 * of heap (glibc manual, "Memory Allocation Tunables"), and what they map themselves asks, too
 * (huge-pages.c). First touches of pages are what they pay most for on a virtual machine without nested
 * paging. What is built does not depend on it, nor does any fingerprint.
 */
async function memoryArgs(): Promise<string[]> {
  const tunables = "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=33554432";
  const heap = ["--setenv", "GLIBC_TUNABLES", tunables];
  const library = await hugePagesLibrary();
  if (library === undefined) return heap;
  const inside = "/mnt/huge-pages.so";
  return [...heap, "--ro-bind", library, inside, "--setenv", "LD_PRELOAD", inside];
}

/** Runs a build command in the sandbox to its end. */
export async function execSandboxed(
  command: string,
  args: readonly string[],
  options: SandboxOptions,
): Promise<ExecResult> {
  const sandbox = [...sandboxArgs(options), ...(await memoryArgs())];
  return exec("bwrap", [...sandbox, "--", command, ...args], options);
}
