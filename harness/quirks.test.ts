import test from "ava";
import { loadArches } from "./arch.ts";
import { parseKernelVersion } from "./model/kernel-version.ts";
import { quirks, quirksFor, remedyText, whenText, type Quirk } from "./quirks.ts";
import { kernelVersion } from "./testing/versions.ts";

const remedy = { kind: "options-dropped", options: ["CONFIG_X"] } as const;

function quirk(when: Quirk["when"]): Quirk {
  return { name: "q", when, remedy, reason: "a reason", source: "a source" };
}

/** Whether a quirk with this `when` holds, on x86_64 with gcc 12.2.0, binutils 2.40 and QEMU 7.2.22. */
function holds(when: Quirk["when"], kernel: string): boolean {
  const here = {
    kernel: kernelVersion(kernel),
    arch: "x86_64",
    gcc: kernelVersion("12.2.0"),
    binutils: kernelVersion("2.40"),
    qemu: kernelVersion("7.2.22"),
  };
  return quirksFor(here, [quirk(when)]).length === 1;
}

test("a range has its beginning and not its end; each may be open", (t) => {
  const range = { from: "5.3", before: "5.10" };
  for (const [kernel, inside] of [
    ["5.2.1", false],
    ["5.2.99", false],
    ["5.3", true],
    ["5.3-rc1", true],
    ["5.9.16", true],
    ["5.10-rc1", false],
    ["5.10", false],
    ["6.12", false],
  ] as const)
    t.is(holds({ kernel: range }, kernel), inside, kernel);
  t.true(holds({ kernel: { before: "5.10" } }, "4.19"));
  t.true(holds({ kernel: { from: "5.3" } }, "7.2.13"));
  t.true(holds({}, "5.2"));
});

test("everything that a quirk names must hold", (t) => {
  const kernel = { before: "5.17" };
  t.true(holds({ kernel, gcc: { from: "12.0" } }, "5.10.1"));
  t.false(holds({ kernel, gcc: { from: "13.0" } }, "5.10.1"));
  t.false(holds({ kernel, gcc: { from: "12.0" } }, "5.17"));
  t.true(holds({ arches: ["arm64", "x86_64"], qemu: { from: "7.0" } }, "5.2"));
  t.false(holds({ arches: ["arm64"], qemu: { from: "7.0" } }, "5.2"));
  t.false(holds({ binutils: { before: "2.40" } }, "5.2"));
});

test("a quirk of a tool that is not in use does not hold", (t) => {
  t.false(holds({ clang: { from: "1.0" } }, "5.2"));
});

test("the table's rows are whole: names of their own, ranges that are no nonsense, arches that exist", async (t) => {
  const names = quirks.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  const arches = (await loadArches()).map(({ name }) => name);
  for (const each of quirks) {
    const { arches: where = [], ...ranges } = each.when;
    t.true(Object.keys(each.when).length > 0, `${each.name} holds everywhere: no quirk`);
    t.deepEqual(
      where.filter((name) => !arches.includes(name)),
      [],
      each.name,
    );
    for (const range of Object.values(ranges)) {
      const bounds = [range.from, range.before].filter((bound) => bound !== undefined);
      t.true(bounds.length > 0, each.name);
      for (const bound of bounds) t.truthy(parseKernelVersion(bound), each.name);
    }
    t.true(each.reason.length > 0 && each.source.length > 0, each.name);
    t.regex(remedyText(each), /\S/);
  }
});

test("for people, a quirk says where it holds and what is done", (t) => {
  const one = quirk({ kernel: { before: "5.17" }, gcc: { from: "12.0" }, arches: ["x86_64"] });
  t.is(whenText(one), "kernel before 5.17, gcc from 12.0, x86_64");
  t.is(remedyText(one), "CONFIG_X is not asked for");
  const two = { ...one, remedy: { ...remedy, options: ["CONFIG_X", "CONFIG_Y"] } };
  t.is(remedyText(two), "CONFIG_X and CONFIG_Y are not asked for");
});
