import { randomBytes } from "node:crypto";
import { writeCpio } from "./cpio.ts";
import {
  dropbearPrivateKey,
  freshKeyPair,
  openSshPrivateKey,
  publicKeyBlob,
  publicKeyLine,
} from "./ssh-key.ts";

/** Keys that live for one run and are in no file of the host but the guest's initramfs. */
export interface RunKeys {
  /** OpenSSH's private key format, as ssh2 takes it. */
  readonly clientPrivateKey: string;
  /** The guest's public key as it comes over the wire (RFC 8709): what ssh2's hostVerifier is given. */
  readonly hostPublicKey: Buffer;
  /** A small cpio archive, to come after the image: host key, authorized_keys, a seed of entropy. */
  readonly archive: Buffer;
}

/** Bytes of entropy for the guest: what the kernel's generator asks for (32), with a margin. */
const seedBytes = 64;

/** Fresh keys: the guest's host key is made here, so that it is known before the guest exists. */
export function runKeys(): RunKeys {
  const [client, host] = [freshKeyPair(), freshKeyPair()];
  return {
    clientPrivateKey: openSshPrivateKey(client),
    hostPublicKey: publicKeyBlob(host.publicKey),
    archive: writeCpio([
      { kind: "directory", path: "/root", mode: 0o700 },
      { kind: "directory", path: "/root/.ssh", mode: 0o700 },
      {
        kind: "file",
        path: "/root/.ssh/authorized_keys",
        mode: 0o600,
        data: Buffer.from(`${publicKeyLine(client.publicKey)}\n`),
      },
      { kind: "directory", path: "/run/harness", mode: 0o700 },
      {
        kind: "file",
        path: "/run/harness/hostkey",
        mode: 0o600,
        data: dropbearPrivateKey(host),
      },
      { kind: "file", path: "/run/harness/seed", mode: 0o600, data: randomBytes(seedBytes) },
    ]),
  };
}
