import { shellQuoted } from "../model/escape.ts";
import type { RunFolder } from "../store.ts";
import type { Vm } from "../vm.ts";

/** A guest that is kept running after its suites, and what its ssh needs. */
interface Held {
  readonly label: string;
  readonly vm: Vm;
  readonly keyFile: string;
}

/** Collects guests for --keep-vm. */
export function holdGuests(folder: RunFolder) {
  const held: Held[] = [];
  return {
    hold: async (label: string, vm: Vm, privateKey: string): Promise<void> => {
      held.push({ label, vm, keyFile: await folder.writeKey(label, privateKey) });
    },
    /** Says how to get into each guest, waits for Ctrl-C, ends them. */
    untilAborted: async (signal: AbortSignal, say: (text: string) => void): Promise<void> => {
      for (const each of held) say(`${each.label}: ${sshCommand(each)}`);
      if (held.length && !signal.aborted) {
        say("the guests run until Ctrl-C");
        await new Promise<void>((resolve) => {
          signal.addEventListener(
            "abort",
            () => {
              resolve();
            },
            { once: true },
          );
        });
      }
      await Promise.all(held.map(({ vm }) => vm.stop()));
    },
  };
}

/** The host key is not checked here: it is this run's own guest, on the loopback. */
function sshCommand({ vm, keyFile }: Held): string {
  const port = vm.state.id === "running" ? vm.state.sshPort : 0;
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  return [
    ...["ssh", "-i", shellQuoted(keyFile), "-p", String(port)],
    ...options.flatMap((option) => ["-o", option]),
    "root@127.0.0.1",
  ].join(" ");
}
