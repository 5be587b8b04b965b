import { generateKeyPairSync, randomBytes } from "node:crypto";

/** An ed25519 key pair, raw (RFC 8032): 32 bytes each. */
export interface KeyPair {
  readonly seed: Buffer;
  readonly publicKey: Buffer;
}

const keyType = "ssh-ed25519";

/**
 * A fresh key pair. Not ssh2's generateKeyPairSync: in 1.17 that drops the first byte of a public
 * key that begins with a zero, and one guest in a few hundred could not be logged in to.
 */
export function freshKeyPair(): KeyPair {
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  if (d === undefined || x === undefined) throw new Error("an ed25519 key without its parts");
  return { seed: Buffer.from(d, "base64url"), publicKey: Buffer.from(x, "base64url") };
}

/** An ed25519 public key in ssh's wire format (RFC 8709 section 4). */
export function publicKeyBlob(publicKey: Uint8Array): Buffer {
  return Buffer.concat([string(keyType), string(publicKey)]);
}

/** A line of authorized_keys. */
export function publicKeyLine(publicKey: Uint8Array): string {
  return `${keyType} ${publicKeyBlob(publicKey).toString("base64")} harness`;
}

/** An ed25519 key as dropbear keeps it in a file: name, then seed and public key as one string. */
export function dropbearPrivateKey({ seed, publicKey }: KeyPair): Buffer {
  return Buffer.concat([string(keyType), string(Buffer.concat([seed, publicKey]))]);
}

/** An ed25519 key as ssh-keygen writes it (openssh/PROTOCOL.key), which is what ssh and ssh2 read. */
export function openSshPrivateKey({ seed, publicKey }: KeyPair): string {
  const check = randomBytes(4);
  const body = Buffer.concat([
    ...[check, check, string(keyType), string(publicKey)],
    ...[string(Buffer.concat([seed, publicKey])), string("harness")],
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, i) => i + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...[string("none"), string("none"), string(""), Buffer.from([0, 0, 0, 1])],
    ...[string(publicKeyBlob(publicKey)), string(Buffer.concat([body, padding]))],
  ]);
  const lines = file.toString("base64").replace(/.{70}/g, "$&\n").trimEnd();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** A string of ssh's wire format (RFC 4251 section 5). */
function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
