import { spawn } from "node:child_process";
import type { SshChannel, SshCommandEnd } from "../vm/ssh.ts";

/** A command of this machine, as if it ran in a guest. */
export function localChannel(command: string, args: readonly string[] = []): SshChannel {
  const child = spawn(command, args, { stdio: "pipe" });
  child.stdin.on("error", () => undefined);
  return {
    write: (data) => child.stdin.write(data),
    end: () => child.stdin.end(),
    close: () => {
      child.kill("SIGKILL");
    },
    onStdout: (listener) => child.stdout.on("data", listener),
    onStderr: (listener) => child.stderr.on("data", listener),
    closed: new Promise<SshCommandEnd>((resolve) => {
      child.on("close", (code, signal) => {
        resolve(
          code === null ? { how: "signalled", signal: signal ?? "?" } : { how: "exited", code },
        );
      });
    }),
  };
}
