import test from "ava";
import { Failure } from "../model/failure.ts";
import { loadSeries } from "../series.ts";
import { kernelVersion } from "../testing/versions.ts";
import { plannedSeries } from "./planned-series.ts";

const names = ["ptrace-get-syscall-info", "wait6"];
const given = await loadSeries({ names, notice: () => undefined });

async function planned(arch: string, version: string, named: readonly string[] = []) {
  const notices: string[] = [];
  const wanted = { named, kernel: kernelVersion(version), arch };
  const found = await plannedSeries(given, wanted, (text) => notices.push(text));
  return { found, names: found.map(({ series }) => series.name), notices };
}

test("a series is left out where it has nothing to say, and that is told", async (t) => {
  const m68k = await planned("m68k", "6.12");
  t.deepEqual(m68k.names, ["wait6"]);
  t.regex(m68k.notices.join("\n"), /ptrace-get-syscall-info is left out: .* not for m68k: .*hooks/);
  t.deepEqual((await planned("x86_64", "6.12")).names, names);
  const old = await planned("x86_64", "4.19");
  t.deepEqual(old.names, []);
  t.is(old.notices.length, 2);
});

test("one that was asked for by name is not left out in silence", async (t) => {
  const failure = await t.throwsAsync(planned("m68k", "6.12", ["ptrace-get-syscall-info"]), {
    instanceOf: Failure,
  });
  t.is(failure.reason, "series-not-for-arch");
  t.is(failure.blame, "usage");
  const old = await t.throwsAsync(planned("x86_64", "4.19", ["wait6"]), { instanceOf: Failure });
  t.is(old.reason, "no-patches-for-kernel");
});

test("exceptions are those of the architecture and the kernel, and are told", async (t) => {
  const exceptions = async (arch: string, version = "6.12") =>
    (await planned(arch, version)).found[0]?.series.except?.flatMap(({ cases }) => cases) ?? [];
  t.true((await exceptions("riscv64")).includes("ptrace-syscall-info.stops.single_step_is_none*"));
  t.deepEqual(await exceptions("x86_64"), []);
  t.true((await exceptions("arm64")).includes("strace.upstream.int_0x80"), "all but x86_64");
  const attaching = "ptrace-syscall-info.exec.attach_in_exec_*";
  t.deepEqual(await exceptions("x86_64", "5.10"), [
    "ptrace-syscall-info.values.upper_half_of_number_is_ignored*",
  ]);
  t.true((await exceptions("x86_64", "5.8.18")).includes(attaching));
  t.false((await exceptions("x86_64", "5.9")).includes(attaching));
  const { notices } = await planned("riscv64", "6.12");
  t.true(notices.some((text) => text.endsWith("the architecture has no PTRACE_SINGLESTEP")));
  const sh4 = (await planned("sh4", "6.12")).notices.join("\n");
  t.regex(
    sh4,
    /single_step_is_none and is not to blame for WARNING in arch_install_hw_breakpoint\*/,
  );
});
