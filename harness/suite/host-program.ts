import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { start } from "../exec.ts";
import { projectDir } from "../paths.ts";
import type { Syscalls } from "../syscalls.ts";
import type { SuiteProgram } from "../suite.ts";
import type { GuestCommandOptions, GuestCommandResult, Vm } from "../vm.ts";
import { AvaTap } from "./ava-tap.ts";

/** What a host program finds in the file that $HARNESS_GUEST names. */
export interface GuestForTests {
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** Base64. */
  readonly hostKey: string;
  /** Bound for connecting, scaled. */
  readonly timeoutSeconds: number;
  /** The suite's folder in the guest, of the native ABI. */
  readonly dir: string;
  /** How much slower the guest is than the bounds in tests assume. */
  readonly scale: number;
  readonly syscalls: Syscalls;
  /** To be made by a test that lost the guest: its results then say nothing of the kernel. */
  readonly lostFile: string;
}

interface HostRequest {
  readonly env: Readonly<Record<string, string>>;
  readonly syscalls?: (() => Promise<Syscalls>) | undefined;
}

/**
 * Runs AVA tests of a suite here, against a guest; their TAP is the program's output. The same
 * result as of a command in the guest: a guest that dies or is lost meanwhile is told as such.
 */
export async function runOnHost(
  vm: Vm,
  program: SuiteProgram & { readonly host: { readonly tests: string } },
  request: HostRequest,
  options: GuestCommandOptions,
): Promise<GuestCommandResult> {
  const started = performance.now();
  const from = vm.console.offset;
  const scale = Number(request.env["KSFT_TIMEOUT_SCALE"] ?? 1);
  const work = await mkdtemp(path.join(os.tmpdir(), "harness-host-"));
  try {
    const lostFile = path.join(work, "lost");
    const guest: GuestForTests = {
      port: vm.state.id === "running" ? vm.state.sshPort : 0,
      user: vm.access.user,
      privateKey: vm.access.privateKey,
      hostKey: Buffer.from(vm.access.hostKey).toString("base64"),
      timeoutSeconds: 15 * scale,
      dir: program.cwd,
      scale,
      syscalls: (await request.syscalls?.()) ?? { arch: "", abis: [], errors: {}, signals: {} },
      lostFile,
    };
    const guestFile = path.join(work, "guest.json");
    // There is a private key in it.
    await writeFile(guestFile, JSON.stringify(guest), { mode: 0o600 });
    const seconds = (options.timeoutSeconds ?? 45) * scale;
    const end = await runAva(vm, program.host.tests, guestFile, seconds, options);
    return {
      end: existsSync(lostFile) ? await whyLost(vm) : end,
      stdout: Buffer.alloc(0),
      stderr: Buffer.alloc(0),
      seconds: (performance.now() - started) / 1000,
      console: [from, vm.console.offset],
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runAva(
  vm: Vm,
  tests: string,
  guestFile: string,
  seconds: number,
  options: GuestCommandOptions,
): Promise<GuestCommandResult["end"]> {
  const tap = new AvaTap((text) => options.onStdout?.(Buffer.from(text)));
  const ava = start(
    process.execPath,
    [
      path.join(projectDir, "node_modules/ava/entrypoints/cli.mjs"),
      ...["--config", "guest-tests.config.js", "--tap", tests],
    ],
    {
      cwd: projectDir,
      env: { HARNESS_GUEST: guestFile, NODE_OPTIONS: undefined, FORCE_COLOR: "0" },
      timeoutSeconds: seconds,
      signal: options.signal,
      onLine: (line) => {
        tap.line(line);
      },
    },
  );
  let death: Awaited<Vm["died"]> | undefined;
  void vm.died.then(async (how) => {
    death = how;
    await ava.stop();
  });
  const result = await ava.finished;
  tap.end();
  if (death) return { how: "guest-died", death };
  if (options.signal?.aborted) return { how: "aborted" };
  if (result.timedOut) return { how: "timeout", seconds };
  if (result.exitCode === undefined)
    return { how: "signalled", signal: result.killedBy ?? result.spawnError ?? "?" };
  return { how: "exited", code: result.exitCode };
}

async function whyLost(vm: Vm): Promise<GuestCommandResult["end"]> {
  const kernelAnswers = await vm.kernelAnswers();
  if (vm.state.id === "ended") return { how: "guest-died", death: vm.state.death };
  return { how: "connection-lost", kernelAnswers };
}
