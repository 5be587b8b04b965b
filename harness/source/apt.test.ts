import test from "ava";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { openApt, parseMadison, privateConfiguration } from "./apt.ts";

test("madison's rows become packages, newest first, each version once", (t) => {
  const text = `
linux-source-6.12 | 6.12.94-1 | http://m/debian trixie/main amd64 Packages
linux-source-6.12 | 6.12.117-1~deb12u1 | http://m/s bookworm-security/main amd64 Packages
linux-source-6.12 | 6.12.117-1 | http://m/s trixie-security/main amd64 Packages
linux-source-6.12 | 6.12.94-1 | http://m/s trixie-security/main amd64 Packages
   busybox | 1:1.35.0-4 | http://m/debian bookworm/main Sources
`;
  t.deepEqual(
    parseMadison(text).map(({ name, version, suite }) => [name, version, suite]),
    [
      ["busybox", "1:1.35.0-4", "bookworm"],
      ["linux-source-6.12", "6.12.117-1", "trixie-security"],
      ["linux-source-6.12", "6.12.117-1~deb12u1", "bookworm-security"],
      ["linux-source-6.12", "6.12.94-1", "trixie"],
    ],
  );
});

test("the private configuration keeps proxies and drops what touches the system or loosens a check", (t) => {
  const text = privateConfiguration(
    `Acquire::http::Proxy "http://proxy.example:3128";
Acquire::AllowInsecureRepositories "true";
Acquire::IndexTargets::deb::DEP-11::MetaKey "x";
APT::Update::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";
APT::Get::AllowUnauthenticated "true";
Dir::Etc::trustedparts "trusted.gpg.d";
DPkg::Post-Invoke:: "touch /etc/x";
`,
    "/cache/apt/x",
  );
  t.regex(text, /proxy\.example/);
  t.regex(text, /trustedparts/);
  t.notRegex(text, /Post-Invoke|DEP-11|"true"/);
  t.regex(text, /^Acquire::AllowInsecureRepositories "false";$/m);
  t.regex(text, /^APT::Get::AllowUnauthenticated "false";$/m);
  t.regex(text, /^Dir::State::lists "\/cache\/apt\/x\/lists";$/m);
});

/** Puts an apt on PATH that answers `apt-get update` and `indextargets` as told; the rest is like a host's. */
async function fakeApt(
  t: { teardown: (fn: () => Promise<void>) => void },
  answers: { readonly update: string; readonly indextargets: string },
) {
  const dir = await mkdtemp(path.join(os.tmpdir(), "apt-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const tool = async (name: string, body: string) => {
    await writeFile(path.join(dir, name), `#!/bin/sh\n${body}\n`);
    await chmod(path.join(dir, name), 0o755);
  };
  const release = await readFile("/etc/os-release", "utf8");
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? "sid";
  await mkdir(path.join(dir, "parts"));
  await writeFile(path.join(dir, "list"), `deb http://m.example/a ${codename} main\n`);
  await tool(
    "apt-config",
    `case $1 in dump) echo 'Acquire::Retries "1";';; shell) printf "LIST='${dir}/list'\\nPARTS='${dir}/parts'\\n";; esac`,
  );
  await tool("dpkg", "echo amd64");
  await tool(
    "apt-get",
    `echo "$*" >> ${dir}/calls; case "$*" in *update*) ${answers.update};; *indextargets*) ${answers.indextargets};; esac`,
  );
  process.env["PATH"] = `${dir}:${process.env["PATH"] ?? ""}`;
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  const calls = async (what: string) =>
    (await readFile(path.join(dir, "calls"), "utf8")).split("\n").filter((l) => l.includes(what))
      .length;
  return { dir, codename, calls };
}

test.serial("lists are fetched once, and again only when they are old", async (t) => {
  const { calls } = await fakeApt(t, {
    update: "echo 'Get:1 http://m.example x InRelease'",
    indextargets: "echo x",
  });
  await openApt({ suites: "host", kind: "deb" });
  await openApt({ suites: "host", kind: "deb" });
  t.is(await calls("update"), 1);
  await openApt({ suites: "host", kind: "deb", maxAgeHours: 0 });
  t.is(await calls("update"), 2);
});

test.serial("without network and without lists it says so, with apt's own words", async (t) => {
  await fakeApt(t, {
    update: "echo \"W: Failed to fetch http://m.example  Could not resolve 'm.example'\"",
    indextargets: "true",
  });
  const failure = await t.throwsAsync(openApt({ suites: "host", kind: "deb" }), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "apt-unreachable");
  t.is(failure.blame, "infra");
  t.regex(failure.evidence ?? "", /Could not resolve/);
});

test.serial(
  "without network but with lists it goes on, says so, and asks again next time",
  async (t) => {
    const notices: string[] = [];
    const { codename, calls } = await fakeApt(t, {
      update:
        "echo 'Ign:1 http://m.example x InRelease'; echo 'W: Failed to fetch http://m.example'",
      indextargets: "echo $CODENAME",
    });
    process.env["CODENAME"] = codename;
    const options = {
      suites: "host",
      kind: "deb",
      notice: (text: string) => notices.push(text),
    } as const;
    await openApt(options);
    await openApt(options);
    t.is(await calls("update"), 2);
    t.regex(notices[0] ?? "", /cannot be reached.*lists at hand/);
  },
);

test.serial("a suite that cannot be verified is named and left out", async (t) => {
  const notices: string[] = [];
  const { codename } = await fakeApt(t, {
    update:
      "echo 'Get:1 http://m.example x InRelease'; echo 'E: The repository is not signed.'; exit 100",
    indextargets: "echo other",
  });
  await openApt({ suites: "host", kind: "deb", notice: (text) => notices.push(text) });
  t.regex(notices[0] ?? "", new RegExp(`left out.*${codename}`));
  t.regex(notices[0] ?? "", /not signed/);
});

test.serial("a host without an archive in its sources is told so", async (t) => {
  const { dir } = await fakeApt(t, { update: "true", indextargets: "true" });
  await writeFile(path.join(dir, "list"), "");
  const failure = await t.throwsAsync(openApt({ suites: "host", kind: "deb" }), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "apt-no-mirror");
});

test.serial("no apt on this machine", async (t) => {
  const empty = await mkdtemp(path.join(os.tmpdir(), "no-apt-"));
  t.teardown(() => rm(empty, { recursive: true }));
  const before = process.env["PATH"] ?? "";
  // setpriv starts every command; nothing else is left.
  for (const dir of before.split(":")) {
    const names: string[] = await readdir(dir).catch(() => []);
    if (!names.includes("setpriv")) continue;
    await writeFile(path.join(empty, "setpriv"), `#!/bin/sh\nexec ${dir}/setpriv "$@"\n`, {
      mode: 0o755,
    });
    break;
  }
  process.env["PATH"] = empty;
  try {
    const failure = await t.throwsAsync(openApt({ suites: "host", kind: "deb" }), {
      instanceOf: Failure,
    });
    t.is(failure.reason, "apt-missing");
  } finally {
    process.env["PATH"] = before;
  }
});
