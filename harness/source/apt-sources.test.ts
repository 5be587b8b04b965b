import test from "ava";
import {
  archiveRepositories,
  formatRepositories,
  parseDeb822Sources,
  parseOneLineSources,
} from "./apt-sources.ts";

const debian = { id: "debian", codename: "bookworm" };
const mirror = "http://mirror.example/debian";

test("one-line sources are read with their keyring, and comments are not", (t) => {
  const text = `# deb ${mirror} sid main
deb [arch=amd64 signed-by=/k.gpg] ${mirror} bookworm main contrib # why
deb-src ${mirror} bookworm main
deb ${mirror} flat/
`;
  t.deepEqual(parseOneLineSources(text), [
    { uris: [mirror], suites: ["bookworm"], components: ["main", "contrib"], signedBy: "/k.gpg" },
    { uris: [mirror], suites: ["bookworm"], components: ["main"] },
  ]);
});

test("deb822 sources are read: several suites, a comment within, a disabled one, a key in the file", (t) => {
  const text = `Types: deb
# where
URIs: ${mirror}
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: ${mirror}
Suites: sid
Components: main
`;
  const [source, ...rest] = parseDeb822Sources(text);
  t.is(rest.length, 0);
  t.deepEqual(source?.suites, ["bookworm", "bookworm-updates"]);
  t.regex(source?.signedBy ?? "", /BEGIN PGP[^]*\n \.\n abc\n/);
});

test("all of Debian's releases come from the host's own mirror with its keyring", (t) => {
  const sources = parseDeb822Sources(`URIs: ${mirror}
Suites: bookworm bookworm-updates
Components: main non-free
Signed-By: /k.gpg

URIs: http://security.example/s
Suites: bookworm-security
Components: main
`);
  const host = archiveRepositories(sources, debian, "host");
  t.deepEqual(
    host.map(({ suite }) => suite),
    ["bookworm", "bookworm-updates", "bookworm-security"],
  );
  const all = archiveRepositories(sources, debian, "all");
  const sid = all.find(({ suite }) => suite === "sid");
  t.deepEqual(sid, { uri: mirror, suite: "sid", components: ["main"], signedBy: "/k.gpg" });
  const trixie = all.find(({ suite }) => suite === "trixie-security");
  t.is(trixie?.uri, "http://security.example/s");
  t.is(all.length, new Set(all.map(({ suite }) => suite)).size, "each suite once");
});

test("a third party's repository is never taken for the distribution", (t) => {
  const sources = parseOneLineSources(`deb https://ppa.launchpadcontent.net/x/y/ubuntu noble main
deb https://packages.example/apt cloud-sdk main
deb https://download.example/linux noble stable
deb http://archive.example/ubuntu noble main universe
`);
  const found = archiveRepositories(sources, { id: "ubuntu", codename: "noble" }, "all");
  t.deepEqual(found, [
    { uri: "http://archive.example/ubuntu", suite: "noble", components: ["main", "universe"] },
  ]);
});

test("no archive, no repositories", (t) => {
  t.deepEqual(archiveRepositories([], debian, "all"), []);
});

test("what is written can be read again, keyring included", (t) => {
  const repository = { uri: mirror, suite: "sid", components: ["main"], signedBy: "/k.gpg" };
  const text = formatRepositories([repository], "deb-src", "amd64");
  t.regex(text, /^Types: deb-src$/m);
  t.regex(text, /^Architectures: amd64$/m);
  t.deepEqual(parseDeb822Sources(text), [
    { uris: [mirror], suites: ["sid"], components: ["main"], signedBy: "/k.gpg" },
  ]);
});
