import test from "ava";
import {
  droppedFailure,
  formatConfig,
  mergeFragments,
  missingFrom,
  parseFragment,
  parseSetting,
  type Asker,
  type Fragment,
} from "./kconfig.ts";
import { Failure } from "./model/failure.ts";

function fragment(text: string, file = "base.config", asker: Asker = "project"): Fragment {
  return parseFragment(text, file, asker);
}

const text = `# a comment
CONFIG_SMP=y

# CONFIG_VT is not set
CONFIG_NR_CPUS=8   # as many
CONFIG_LOCALVERSION="-a # b \\" c"
CONFIG_PHYSICAL_START=0x1000000
CONFIG_MODULES=n
CONFIG_X=m
`;

test("a fragment's options are read, each with its line", (t) => {
  const options = fragment(text).options.map(({ name, value, origin }) => [
    name,
    value,
    origin.line,
  ]);
  t.deepEqual(options, [
    ["CONFIG_SMP", "y", 2],
    ["CONFIG_VT", "n", 4],
    ["CONFIG_NR_CPUS", "8", 5],
    ["CONFIG_LOCALVERSION", '"-a # b \\" c"', 6],
    ["CONFIG_PHYSICAL_START", "0x1000000", 7],
    ["CONFIG_MODULES", "n", 8],
    ["CONFIG_X", "m", 9],
  ]);
});

test("what is written is read back the same", (t) => {
  const merged = mergeFragments([fragment(text)]);
  const again = mergeFragments([fragment(formatConfig(merged))]);
  const plain = (m: typeof merged) => [...m.values()].map(({ name, value }) => [name, value]);
  t.deepEqual(plain(again), plain(merged));
  t.regex(formatConfig(merged), /^# CONFIG_MODULES is not set$/m);
});

for (const line of ["SMP=y", "CONFIG_SMP", "CONFIG_SMP=yes", 'CONFIG_A="open', "CONFIG_SMP y"]) {
  test(`"${line}" is no option; the place is named`, (t) => {
    const error = t.throws(() => fragment(`CONFIG_OK=y\n${line}\n`, "my.config", "user"), {
      instanceOf: Failure,
    });
    t.is(error.reason, "kconfig-syntax");
    t.is(error.blame, "usage");
    t.regex(error.what, /^my\.config:2 /);
  });
}

test("a broken fragment is the fault of who wrote it", (t) => {
  const blame = (asker: Asker) =>
    t.throws(() => fragment("nonsense", "x", asker), { instanceOf: Failure }).blame;
  t.deepEqual([blame("user"), blame("suite"), blame("project")], ["usage", "suite", "infra"]);
});

test("an architecture's word outranks the project's and the suites', and the user's outranks all", (t) => {
  const notices: string[] = [];
  const value = (...fragments: Fragment[]) =>
    mergeFragments(fragments, (text) => notices.push(text)).get("CONFIG_SMP");
  const base = fragment("CONFIG_SMP=y\n");
  const suite = fragment("CONFIG_SMP=y\n", "selftests/x/config", "suite");
  const arch = fragment("# CONFIG_SMP is not set\n", "kconfigs/arch/vax.config", "arch");
  const user = fragment("CONFIG_SMP=y\n", "--kconfig CONFIG_SMP=y", "user");
  t.is(value(arch, base, suite)?.value, "n");
  t.deepEqual(notices, []);
  t.is(value(user, arch, base)?.value, "y");
  t.is(notices.length, 1);
  // What the architecture needs too is no mere wish of a suite's, which may be dropped.
  const same = fragment("CONFIG_SMP=y\n", "kconfigs/arch/vax.config", "arch");
  t.is(value(suite, same)?.origin.asker, "arch");
  t.throws(() => value(arch, same), { instanceOf: Failure });
});

test("fragments that contradict each other are an error that names both places", (t) => {
  const a = fragment("CONFIG_NET=y\n", "kconfigs/base.config");
  const b = fragment("\n# CONFIG_NET is not set\n", "selftests/x/config", "suite");
  const error = t.throws(() => mergeFragments([a, b]), { instanceOf: Failure });
  t.is(error.reason, "kconfig-contradiction");
  t.is(error.blame, "usage");
  t.regex(error.evidence ?? "", /kconfigs\/base\.config:1: CONFIG_NET=y/);
  t.regex(error.evidence ?? "", /selftests\/x\/config:2: # CONFIG_NET is not set/);
  t.notThrows(() => mergeFragments([a, fragment("CONFIG_NET=y", "other", "suite")]));
});

test("a fragment may contradict itself too", (t) => {
  t.throws(() => fragment("CONFIG_A=y\nCONFIG_A=n\n"), { instanceOf: Failure });
  t.notThrows(() => fragment("CONFIG_A=n\n# CONFIG_A is not set\n"));
});

test("the user overrides, wherever the fragment stands, and is told so", (t) => {
  const notices: string[] = [];
  const merged = mergeFragments(
    [
      parseSetting("CONFIG_NET=n"),
      fragment("CONFIG_NET=y"),
      fragment("CONFIG_NET=y", "s", "suite"),
    ],
    (notice) => notices.push(notice),
  );
  t.is(merged.get("CONFIG_NET")?.value, "n");
  t.deepEqual(notices, [
    "CONFIG_NET=n (--kconfig CONFIG_NET=n) overrides CONFIG_NET=y (base.config:1)",
  ]);
});

test("two wishes of the user that contradict each other are an error", (t) => {
  const wishes = [parseSetting("CONFIG_NET=n"), parseSetting("CONFIG_NET=y")];
  t.throws(() => mergeFragments(wishes), { instanceOf: Failure, message: /CONFIG_NET/ });
});

test("options that the configuration dropped or changed are found, each with its origin", (t) => {
  const merged = mergeFragments([
    fragment(
      "CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\nCONFIG_D=0x10\nCONFIG_E=m\nCONFIG_F=n\n",
    ),
  ]);
  const config = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=y\nCONFIG_D=16\nCONFIG_E=y\n";
  t.deepEqual(
    missingFrom(merged, config).map(({ wanted, got }) => [wanted.name, wanted.origin.line, got]),
    [
      ["CONFIG_B", 2, "n"],
      ["CONFIG_C", 3, "y"],
      ["CONFIG_E", 5, "y"],
    ],
  );
});

test("a dropped option is the fault of who asked for it; the user's own comes first", (t) => {
  const merged = mergeFragments([
    fragment("CONFIG_A=y"),
    fragment("CONFIG_B=y", "selftests/x/config", "suite"),
    parseSetting("CONFIG_C=y"),
  ]);
  const blame = (config: string) => droppedFailure(missingFrom(merged, config)).blame;
  t.is(blame(""), "usage");
  t.is(blame("CONFIG_C=y\n"), "suite");
  t.is(blame("CONFIG_C=y\nCONFIG_B=y\n"), "infra");
  const failure = droppedFailure(missingFrom(merged, "CONFIG_C=y\n"));
  t.is(failure.reason, "option-dropped");
  t.regex(failure.evidence ?? "", /CONFIG_B: wanted y \(selftests\/x\/config:1\), got n/);
});
