import { readFileSync } from "node:fs";
import type { RunProcess } from "../model/run.ts";

/** How a record names the process that writes it. */
export function thisProcess(): RunProcess {
  return { pid: process.pid, startTicks: startTicks(process.pid) ?? "", bootId: bootId() };
}

/** Whether the process that began a record is still there to go on with it. */
export function isAlive(writer: RunProcess): boolean {
  return writer.bootId === bootId() && startTicks(writer.pid) === writer.startTicks;
}

function startTicks(pid: number): string | undefined {
  try {
    // The second field is a name in parentheses, which may hold spaces and parentheses itself.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
