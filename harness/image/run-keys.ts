import { generateKeyPairSync, randomBytes } from "node:crypto";
import ssh2 from "ssh2";
import { writeCpio } from "./cpio.ts";

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
  const client = ssh2.utils.generateKeyPairSync("ed25519", { comment: "harness" });
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = privateKey.export({ format: "jwk" });
  if (d === undefined || x === undefined) throw new Error("an ed25519 key without its parts");
  const host = { seed: Buffer.from(d, "base64url"), publicKey: Buffer.from(x, "base64url") };
  return {
    clientPrivateKey: client.private,
    hostPublicKey: publicKeyBlob(host.publicKey),
    archive: writeCpio([
      { kind: "directory", path: "/root", mode: 0o700 },
      { kind: "directory", path: "/root/.ssh", mode: 0o700 },
      {
        kind: "file",
        path: "/root/.ssh/authorized_keys",
        mode: 0o600,
        data: Buffer.from(`${client.public}\n`),
      },
      { kind: "directory", path: "/run/harness", mode: 0o700 },
      {
        kind: "file",
        path: "/run/harness/hostkey",
        mode: 0o600,
        data: dropbearPrivateKey(host.seed, host.publicKey),
      },
      { kind: "file", path: "/run/harness/seed", mode: 0o600, data: randomBytes(seedBytes) },
    ]),
  };
}

/** An ed25519 public key in ssh's wire format (RFC 8709 section 4). */
export function publicKeyBlob(publicKey: Uint8Array): Buffer {
  return Buffer.concat([string("ssh-ed25519"), string(publicKey)]);
}

/** An ed25519 key as dropbear keeps it in a file: name, then seed and public key as one string. */
export function dropbearPrivateKey(seed: Uint8Array, publicKey: Uint8Array): Buffer {
  return Buffer.concat([string("ssh-ed25519"), string(Buffer.concat([seed, publicKey]))]);
}

function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
