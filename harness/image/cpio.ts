/**
 * A writer for the cpio "newc" archives that Linux takes as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Device nodes need no root here, and the
 * same entries always give the same bytes: sorted by path, owner 0, time 0, no inode of this machine.
 */
export type CpioEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly mode: number;
      readonly data: Uint8Array;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | {
      readonly kind: "character-device";
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const typeBits = {
  directory: 0o040000,
  file: 0o100000,
  symlink: 0o120000,
  "character-device": 0o020000,
} as const;

/** cpio's own block size; the kernel skips the zeros between concatenated archives. */
const blockSize = 512;

/**
 * The archive of these entries. Paths are absolute in the guest ("/bin/sh"); folders that are
 * not listed are added with mode 0755. Throws Error when a path is listed twice or is not absolute.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const byPath = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const name = normal(entry.path);
    if (byPath.has(name)) throw new Error(`${entry.path} is twice in the archive`);
    byPath.set(name, entry);
  }
  for (const name of [...byPath.keys()]) {
    for (let end = name.indexOf("/"); end > 0; end = name.indexOf("/", end + 1)) {
      const parent = name.slice(0, end);
      const known = byPath.get(parent);
      if (known === undefined) byPath.set(parent, { kind: "directory", path: parent, mode: 0o755 });
      // The kernel would follow the link or drop the entry without a word.
      else if (known.kind !== "directory")
        throw new Error(`/${parent} is no folder, but has /${name}`);
    }
  }
  const parts: Buffer[] = [];
  // Sorted by bytes a folder always comes before what is in it.
  const names = [...byPath.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  names.forEach((name, index) => {
    const entry = byPath.get(name);
    if (entry) parts.push(...record(name, entry, index + 1));
  });
  parts.push(...record("TRAILER!!!", undefined, 0));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(Buffer.alloc(padding(size, blockSize)));
  return Buffer.concat(parts);
}

function normal(path: string): string {
  const name = path.replace(/^\//, "");
  const broken = name.split("/").some((part) => part === "" || part === "." || part === "..");
  if (!path.startsWith("/") || broken || name.includes("\0"))
    throw new Error(`"${path}" is not a path for an archive`);
  return name;
}

function record(name: string, entry: CpioEntry | undefined, inode: number): Buffer[] {
  const data =
    entry?.kind === "file"
      ? Buffer.from(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength)
      : Buffer.from(entry?.kind === "symlink" ? entry.target : "");
  const permissions = entry === undefined ? 0 : entry.kind === "symlink" ? 0o777 : entry.mode;
  const device = entry?.kind === "character-device" ? entry : { major: 0, minor: 0 };
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [
    inode,
    (entry ? typeBits[entry.kind] : 0) | (permissions & 0o7777),
    0, // owner
    0, // group
    entry?.kind === "directory" ? 2 : 1, // links
    0, // modification time
    data.length,
    0, // major and minor number of the file system it came from
    0,
    device.major,
    device.minor,
    nameBytes.length,
    0, // checksum, of another format
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const head = Buffer.concat([Buffer.from(header), nameBytes]);
  return [head, Buffer.alloc(padding(head.length, 4)), data, Buffer.alloc(padding(data.length, 4))];
}

function padding(length: number, unit: number): number {
  return (unit - (length % unit)) % unit;
}
