import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import ssh2 from "ssh2";
import type { SshAccess } from "../vm.ts";

/** The keys of a guest, as the fake QEMU finds them in the initramfs. */
export interface GuestKeys {
  /** The host's private key in OpenSSH's format. */
  readonly hostKey: string;
  /** Public keys that may log in, as they come over the wire. */
  readonly authorized: readonly Buffer[];
}

const name = Buffer.from("ssh-ed25519");

/**
 * Finds a dropbear host key and authorized_keys lines in an initramfs whose key archive is not
 * compressed. Without a host key a fresh one is made, which no client will know.
 */
export function findKeys(initramfs: Buffer): GuestKeys {
  const marker = Buffer.concat([string(name), Buffer.from([0, 0, 0, 64])]);
  const at = initramfs.lastIndexOf(marker);
  const parts = initramfs.subarray(at + marker.length, at + marker.length + 64);
  const authorized = [
    ...initramfs.toString("latin1").matchAll(/ssh-ed25519 ([A-Za-z0-9+/=]{60,})/g),
  ].map((match) => Buffer.from(match[1] ?? "", "base64"));
  return {
    hostKey: at < 0 ? freshHostKey() : openSshKey(parts.subarray(0, 32), parts.subarray(32)),
    authorized,
  };
}

/** A host key that belongs to nobody. */
export function freshHostKey(): string {
  const { seed, publicKey } = keyPair();
  return openSshKey(seed, publicKey);
}

/**
 * Writes an initramfs that holds nothing but keys, for tests that boot a fake guest; gives what a
 * client needs to log in.
 */
export function writeKeyInitramfs(file: string): SshAccess {
  const client = ssh2.utils.generateKeyPairSync("ed25519");
  const { seed, publicKey } = keyPair();
  writeFileSync(
    file,
    Buffer.concat([
      string(name),
      string(Buffer.concat([seed, publicKey])),
      Buffer.from(`\n${client.public}\n`),
    ]),
  );
  return {
    user: "root",
    privateKey: client.private,
    hostKey: Buffer.concat([string(name), string(publicKey)]),
  };
}

function keyPair(): { seed: Buffer; publicKey: Buffer } {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { seed: Buffer.from(d, "base64url"), publicKey: Buffer.from(x, "base64url") };
}

/** An ed25519 key as ssh-keygen writes it (openssh/PROTOCOL.key), which is what ssh2 reads. */
function openSshKey(seed: Buffer, publicKey: Buffer): string {
  const blob = Buffer.concat([string(name), string(publicKey)]);
  const check = randomBytes(4);
  const body = Buffer.concat([
    ...[check, check, string(name), string(publicKey)],
    ...[string(Buffer.concat([seed, publicKey])), string(Buffer.alloc(0))],
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, i) => i + 1));
  const none = Buffer.from("none");
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...[string(none), string(none), string(Buffer.alloc(0)), Buffer.from([0, 0, 0, 1])],
    ...[string(blob), string(Buffer.concat([body, padding]))],
  ]);
  const lines = file.toString("base64").replace(/.{70}/g, "$&\n").trimEnd();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function string(value: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, value]);
}
