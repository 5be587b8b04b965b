import test from "ava";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/failure.ts";
import { resolveSource } from "../source.ts";
import { kernelFiles, makeKernelTree, mustRun, temporaryDir, writeFiles } from "../testing/tree.ts";

const serial = test.serial;
const options = { emit: () => undefined };

async function setUp() {
  const dir = await temporaryDir();
  process.env["XDG_CACHE_HOME"] = path.join(dir, "cache");
  const repo = await makeKernelTree(path.join(dir, "linux"), "6.9.0");
  const git = (...args: string[]) => mustRun("git", args, repo);
  await git("init", "-q", "-b", "master");
  await git("add", ".");
  await git("commit", "-qm", "Linux 6.9");
  await git("tag", "v6.9");
  await writeFiles(repo, kernelFiles("6.10.0"));
  await git("commit", "-qam", "Linux 6.10");
  await git("tag", "-a", "-m", "6.10", "v6.10");
  return { dir, repo, git };
}

serial("a revision is written out beside the checkout, which nothing touches", async (t) => {
  const { repo, git } = await setUp();
  await writeFiles(repo, { "kernel/exit.c": "being edited\n", "kernel/junk.c": "" });
  await git("add", "kernel/junk.c");
  const state = async () =>
    mustRun("find", [repo, "-path", "*/.git/objects", "-prune", "-o", "-printf", "%p %T@ %s %m\n"]);
  const before = await state();
  const resolved = await resolveSource(`git:${repo}#v6.9`, options);
  t.is(resolved.version.minor, 9);
  t.is(resolved.identity, `git-tree:${(await git("rev-parse", "v6.9^{tree}")).trim()}`);
  t.regex(resolved.description, /^6\.9 from .* at v6\.9 \(commit [0-9a-f]{12}\)$/);
  const tree = await resolved.tree();
  t.regex(await readFile(path.join(tree.dir, "kernel/exit.c"), "utf8"), /^line 1;/);
  t.deepEqual((await readdir(tree.dir)).sort(), ["Kconfig", "Makefile", "arch", "kernel"]);
  t.deepEqual((await readdir(path.dirname(tree.dir))).sort(), ["linux", "source.json"]);
  t.is(await state(), before);
});

serial("a bare repository, a branch, HEAD and an annotated tag will do", async (t) => {
  const { dir, repo } = await setUp();
  const bare = path.join(dir, "bare.git");
  await mustRun("git", ["clone", "-q", "--bare", repo, bare]);
  const identities = new Set<string>();
  for (const spec of [
    `git:${bare}#master`,
    `git:${bare}#v6.10`,
    `git:${bare}`,
    `git:${repo}#HEAD~0`,
  ])
    identities.add((await resolveSource(spec, options)).identity);
  t.is(identities.size, 1);
  const tree = await (await resolveSource(`git:${bare}#v6.10`, options)).tree();
  t.is(tree.version.minor, 10);
});

serial("an unknown revision is the user's fault, with names like it", async (t) => {
  const { repo } = await setUp();
  const failure = await t.throwsAsync(resolveSource(`git:${repo}#v6.1O`, options), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "unknown-revision");
  t.is(failure.blame, "usage");
  t.regex(failure.hint ?? "", /did you mean v6\.10/);
  const option = await t.throwsAsync(resolveSource(`git:${repo}#--all`, options), {
    instanceOf: Failure,
  });
  t.is(option.reason, "unknown-revision");
});

serial("no repository, no kernel in it, or one elsewhere: the user's fault", async (t) => {
  const { dir, repo, git } = await setUp();
  const none = await t.throwsAsync(resolveSource(`git:${dir}/none#v1`, options), {
    instanceOf: Failure,
  });
  t.is(none.reason, "not-a-repository");
  await git("rm", "-q", "Kconfig");
  await git("commit", "-qm", "no more");
  const empty = await t.throwsAsync(resolveSource(`git:${repo}#master`, options), {
    instanceOf: Failure,
  });
  t.is(empty.reason, "not-a-kernel-tree");
  t.is(empty.evidence, "it has no Kconfig");
  const remote = await t.throwsAsync(resolveSource("git:https://example.org/linux#v6.9", options), {
    instanceOf: Failure,
  });
  t.is(remote.blame, "usage");
  t.regex(remote.hint ?? "", /git clone --bare https:\/\/example\.org\/linux/);
});
