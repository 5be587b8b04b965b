import test from "ava";
import { rm } from "node:fs/promises";
import path from "node:path";
import { loadArches } from "../arch.ts";
import { exec, findProgram } from "../exec.ts";
import { projectDir } from "../paths.ts";
import { fakeTool } from "../testing/fake-apt.ts";
import { temporaryDir } from "../testing/tree.ts";

/** Kconfig takes every option of every architecture's fragment, on a real kernel. */
const kernel = process.env["HARNESS_E2E_KERNEL"] ?? "apt:6.12";

/** Options that Kconfig offers only where the architecture's own compiler can do what they say. */
const ofTheCompiler = ["CONFIG_MARCH_ZEC12", "CONFIG_CPU_HAS_LSX", "CONFIG_CPU_HAS_LASX"];
const tools = ["gcc", "ld", "ar", "nm", "objcopy", "objdump", "strip", "readelf", "as"];

for (const arch of await loadArches()) {
  test.serial(`no option of ${arch.name}'s fragment is dropped`, async (t) => {
    const dir = await temporaryDir();
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    // Kconfig asks the compiler for little: where a cross compiler is missing the host's will do.
    const standIn = findProgram(`${arch.crossCompile}gcc`) === undefined;
    if (standIn)
      for (const tool of tools)
        await fakeTool(dir, `${arch.crossCompile}${tool}`, `exec ${tool} "$@"`);
    const bin = path.join(projectDir, "build/harness/bin.js");
    const words = ["build", "--arch", arch.name, "--kernel", kernel, "--config-only", "--json"];
    const env = { PATH: `${process.env["PATH"] ?? ""}:${dir}` };
    const { exitCode, output } = await exec(process.execPath, [bin, ...words], { env });
    if (exitCode === 0) return t.pass();
    const dropped = [...output.matchAll(/(CONFIG_\w+): wanted/g)].map(([, name]) => name ?? "");
    const excused = standIn ? dropped.filter((name) => ofTheCompiler.includes(name)) : [];
    t.true(dropped.length > 0, output);
    t.deepEqual(dropped, excused, output);
  });
}
