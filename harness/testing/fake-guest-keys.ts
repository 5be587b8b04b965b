import { writeFileSync } from "node:fs";
import {
  dropbearPrivateKey,
  freshKeyPair,
  openSshPrivateKey,
  publicKeyBlob,
  publicKeyLine,
} from "../image/ssh-key.ts";
import type { SshAccess } from "../vm.ts";

/** The keys of a guest, as the fake QEMU finds them in the initramfs. */
export interface GuestKeys {
  /** The host's private key in OpenSSH's format. */
  readonly hostKey: string;
  /** Public keys that may log in, as they come over the wire. */
  readonly authorized: readonly Buffer[];
}

/** What comes before the 64 bytes of a dropbear key. */
const marker = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x40");

/**
 * Finds a dropbear host key and authorized_keys lines in an initramfs whose key archive is not
 * compressed. Without a host key a fresh one is made, which no client will know.
 */
export function findKeys(initramfs: Buffer): GuestKeys {
  const at = initramfs.lastIndexOf(marker);
  const parts = initramfs.subarray(at + marker.length, at + marker.length + 64);
  const authorized = [
    ...initramfs.toString("latin1").matchAll(/ssh-ed25519 ([A-Za-z0-9+/=]{60,})/g),
  ].map((match) => Buffer.from(match[1] ?? "", "base64"));
  return {
    hostKey:
      at < 0
        ? freshHostKey()
        : openSshPrivateKey({ seed: parts.subarray(0, 32), publicKey: parts.subarray(32) }),
    authorized,
  };
}

/** A host key that belongs to nobody. */
export function freshHostKey(): string {
  return openSshPrivateKey(freshKeyPair());
}

/**
 * Writes an initramfs that holds nothing but keys, for tests that boot a fake guest; gives what a
 * client needs to log in.
 */
export function writeKeyInitramfs(file: string): SshAccess {
  const [client, host] = [freshKeyPair(), freshKeyPair()];
  writeFileSync(
    file,
    Buffer.concat([
      dropbearPrivateKey(host),
      Buffer.from(`\n${publicKeyLine(client.publicKey)}\n`),
    ]),
  );
  return {
    user: "root",
    privateKey: openSshPrivateKey(client),
    hostKey: publicKeyBlob(host.publicKey),
  };
}
