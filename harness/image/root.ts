import { readdir, readFile, readlink, stat } from "node:fs/promises";
import path from "node:path";
import type { CpioEntry } from "./cpio.ts";

/** The programs that the userland is made of. */
export interface UserlandFiles {
  readonly init: Uint8Array;
  readonly busybox: Uint8Array;
  readonly dropbear: Uint8Array;
  /** Names of busybox' applets: each becomes a link in /bin. */
  readonly applets: readonly string[];
}

/** Mount points and folders that programs expect; the rest comes with the files in it. */
const folders: Readonly<Record<string, number>> = {
  "/dev": 0o755,
  "/etc": 0o755,
  "/mnt": 0o755,
  "/proc": 0o555,
  "/run": 0o755,
  "/sys": 0o555,
  "/tmp": 0o1777,
  "/var/tmp": 0o1777,
};

/** One place for programs, whatever path a test has built in. */
const links: Readonly<Record<string, string>> = {
  "/sbin": "bin",
  "/usr/bin": "../bin",
  "/usr/sbin": "../bin",
  "/var/run": "../run",
  "/etc/mtab": "../proc/self/mounts",
};

/** What a command in the guest begins with that is to run as nobody (busybox takes no ":" before the user). */
export const asNobody = "chpst -u 65534:65534";

/** As little of /etc as the C library and the ssh server look up. */
const files: Readonly<Record<string, string>> = {
  "/etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n",
  "/etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
  "/etc/hosts": "127.0.0.1 localhost\n",
  "/etc/shells": "/bin/sh\n",
};

/** The guest's root folder but for suites and keys. */
export function rootEntries(userland: UserlandFiles): CpioEntry[] {
  const program = (name: string, data: Uint8Array): CpioEntry => ({
    kind: "file",
    path: name,
    mode: 0o755,
    data,
  });
  return [
    program("/init", userland.init),
    program("/bin/busybox", userland.busybox),
    program("/bin/dropbear", userland.dropbear),
    ...userland.applets.map((name): CpioEntry => ({
      kind: "symlink",
      path: `/bin/${name}`,
      target: "busybox",
    })),
    ...Object.entries(folders).map(([name, mode]): CpioEntry => ({
      kind: "directory",
      path: name,
      mode,
    })),
    ...Object.entries(links).map(([name, target]): CpioEntry => ({
      kind: "symlink",
      path: name,
      target,
    })),
    ...Object.entries(files).map(([name, text]): CpioEntry => ({
      kind: "file",
      path: name,
      mode: 0o644,
      data: Buffer.from(text),
    })),
    // The kernel opens the console for init before init can mount anything.
    { kind: "character-device", path: "/dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "character-device", path: "/dev/null", mode: 0o666, major: 1, minor: 3 },
  ];
}

/** A host folder with all that is in it, to lie at `guestPath`. Owner and times are not kept. */
export async function folderEntries(dir: string, guestPath: string): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [{ kind: "directory", path: guestPath, mode: 0o755 }];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const host = path.join(dir, entry.name);
    const guest = `${guestPath}/${entry.name}`;
    if (entry.isDirectory()) entries.push(...(await folderEntries(host, guest)));
    else if (entry.isSymbolicLink())
      entries.push({ kind: "symlink", path: guest, target: await readlink(host) });
    else if (entry.isFile()) {
      const executable = ((await stat(host)).mode & 0o111) !== 0;
      const mode = executable ? 0o755 : 0o644;
      entries.push({ kind: "file", path: guest, mode, data: await readFile(host) });
    }
  }
  return entries;
}
