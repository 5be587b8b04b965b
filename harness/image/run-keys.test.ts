import test from "ava";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import ssh2 from "ssh2";
import { runKeys } from "./run-keys.ts";
import { dropbearPrivateKey, openSshPrivateKey, publicKeyBlob, publicKeyLine } from "./ssh-key.ts";

/** The file of that name in an archive of runKeys(). */
function fileIn(archive: Buffer, name: string): Buffer {
  const at = archive.indexOf(`${name}\0`) - 110;
  const size = parseInt(archive.toString("latin1", at + 54, at + 62), 16);
  const start = Math.ceil((at + 110 + name.length + 1) / 4) * 4;
  return archive.subarray(start, start + size);
}

test("the guest's key file is in dropbear's format and belongs to the pinned public key", (t) => {
  const { archive, hostPublicKey } = runKeys();
  const file = fileIn(archive, "run/harness/hostkey");
  t.is(file.toString("latin1", 0, 15), "\0\0\0\x0bssh-ed25519");
  t.is(file.readUInt32BE(15), 64);
  t.is(file.length, 4 + 11 + 4 + 64);
  const [seed, publicKey] = [file.subarray(19, 51), file.subarray(51)];
  t.deepEqual(hostPublicKey, publicKeyBlob(publicKey));
  // A signature by the file's seed must hold under the pinned key: the two halves belong together.
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const x = publicKey.toString("base64url");
  const pinned = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  t.true(verify(null, Buffer.from("hello"), pinned, sign(null, Buffer.from("hello"), privateKey)));
});

test("ssh2 takes the client's key, and the guest will let it in", (t) => {
  const { archive, clientPrivateKey } = runKeys();
  const key = ssh2.utils.parseKey(clientPrivateKey);
  if (key instanceof Error) throw key;
  const [type, blob] = fileIn(archive, "root/.ssh/authorized_keys").toString().split(" ");
  t.is(type, "ssh-ed25519");
  t.is(blob, key.getPublicSSH().toString("base64"));
});

test("each run has keys of its own", (t) => {
  const [one, two] = [runKeys(), runKeys()];
  t.notDeepEqual(one.hostPublicKey, two.hostPublicKey);
  t.not(one.clientPrivateKey, two.clientPrivateKey);
  const seed = ({ archive }: { archive: Buffer }) => fileIn(archive, "run/harness/seed");
  t.is(seed(one).length, 64);
  t.notDeepEqual(seed(one), seed(two));
});

/** A key pair whose public half begins with a zero byte, as one in 256 does. */
function zeroKeyPair() {
  for (;;) {
    const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
    const publicKey = Buffer.from(x ?? "", "base64url");
    if (publicKey[0] === 0) return { seed: Buffer.from(d ?? "", "base64url"), publicKey };
  }
}

test("a public key that begins with a zero is a key like any other", (t) => {
  const pair = zeroKeyPair();
  const key = ssh2.utils.parseKey(openSshPrivateKey(pair));
  if (key instanceof Error) throw key;
  t.deepEqual(key.getPublicSSH(), publicKeyBlob(pair.publicKey));
  const line = ssh2.utils.parseKey(publicKeyLine(pair.publicKey));
  if (line instanceof Error) throw line;
  t.is(line.verify("hello", key.sign("hello")), true);
  t.is(dropbearPrivateKey(pair).length, 83);
});
