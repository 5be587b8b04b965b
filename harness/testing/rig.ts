import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { cached } from "../cache.ts";
import { exec, start, type Process } from "../exec.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Event } from "../model/event.ts";
import { runRecordSchema, type RunRecord } from "../model/run.ts";
import { projectDir } from "../paths.ts";
import { fakeTool } from "./fake-apt.ts";
import { installFakeQemu, type Scenario } from "./fake-qemu-scenario.ts";
import { kernelFiles, mustRun, temporaryDir, writeFiles } from "./tree.ts";

/**
 * The real program against fake tools: a folder that passes for a kernel tree (its Makefile is run by
 * the real make, in the real sandbox), userland sources that build in a moment, and a fake QEMU.
 *
 * Knobs of the tree: a kernel/*.c that holds "#error" does not compile; "KILL" gets the compiler
 * killed; "ENOSPC" fills its disk. The kernel image is kernel/*.c put together, those that make
 * finds unchanged as they were; by it a scenario tells a patched kernel from its baseline
 * (kernelContains).
 */
const treeMakefile = `
O ?= .
tinyconfig:
	@mkdir -p $(O) && echo 'CONFIG_TINY=y' > $(O)/.config
olddefconfig:
	@test ! -e $(CURDIR)/drops || sed -i "/$$(cat $(CURDIR)/drops)/d" $(O)/.config
objects = $(patsubst kernel/%.c,$(O)/%.o,$(sort $(wildcard kernel/*.c)))
$(O)/%.o: kernel/%.c
	@echo "  CC      $<"
	@if grep -q '#error' $<; then echo "$<:1:2: error: #error on purpose" >&2; exit 2; fi
	@if grep -q KILL $<; then echo 'gcc: fatal error: Killed signal terminated program cc1' >&2; exit 1; fi
	@if grep -q ENOSPC $<; then echo 'cc1: fatal error: closing dependency file: No space left on device' >&2; exit 1; fi
	@cp $< $@
vmlinux: $(objects)
	@mkdir -p $(O)/include/config && echo 6.12.117-fake > $(O)/include/config/kernel.release
	@cat $(objects) > $(O)/vmlinux
.PHONY: vmlinux
prepare headers:
	@:
`;

const kselftestMakefile = `
install:
	@mkdir -p $(KSFT_INSTALL_PATH)/fake; echo timeout=5 > $(KSFT_INSTALL_PATH)/fake/settings
	@for name in $$(cat fake/names); do \\
	  printf '#!/bin/sh\\n' > $(KSFT_INSTALL_PATH)/fake/$$name; chmod +x $(KSFT_INSTALL_PATH)/fake/$$name; \\
	  echo "fake:$$name" >> $(KSFT_INSTALL_PATH)/kselftest-list.txt; \\
	done
`;

const busyboxMakefile = `
allnoconfig oldconfig prepare:
	@touch .config
busybox busybox.links:
	@echo busybox > busybox; echo /bin/sh > busybox.links
`;

/** One finished run of the program. */
export interface Finished {
  readonly exitCode: number | undefined;
  readonly events: readonly Event[];
  /** Of the run's folder; undefined when there was none, or several. */
  readonly record: RunRecord | undefined;
  readonly resultsDir: string | undefined;
  readonly output: string;
}

export class Rig {
  readonly dir: string;
  readonly tree: string;
  readonly #bin: string;
  /** What one cache learns serves all rigs of a test file. */
  readonly cache: string;
  /** The --kernel of runs; the tree unless told. */
  kernel: string;
  /** The command that runs go to. */
  command: "run" | "mutants" | "bisect" = "run";
  /** What is run; a test may have made a project of its own. */
  program = path.join(projectDir, "build/harness/bin.js");
  /** Further variables for the program. */
  moreEnv: Readonly<Record<string, string>> = {};

  private constructor(dir: string, cache: string) {
    this.dir = dir;
    this.tree = path.join(dir, "linux");
    this.#bin = path.join(dir, "bin");
    this.cache = cache;
    this.kernel = `dir:${this.tree}`;
  }

  static async make(scenario: Scenario, cache?: string): Promise<Rig> {
    const dir = await temporaryDir();
    const rig = new Rig(dir, cache ?? path.join(dir, "cache"));
    const { Makefile = "", ...files } = kernelFiles("6.12.117");
    await writeFiles(rig.tree, {
      ...files,
      Makefile: Makefile + treeMakefile,
      "tools/testing/selftests/Makefile": kselftestMakefile,
      "tools/testing/selftests/fake/Makefile": "",
      "tools/testing/selftests/fake/names": "one two\n",
    });
    await rig.qemu(scenario);
    // apt is not to be had, so the userland's sources are those of their own sites, found in the cache.
    for (const name of ["apt-get", "apt-cache", "apt-config"]) {
      await fakeTool(rig.#bin, name, "exit 100");
    }
    await rig.#seedUserland();
    return rig;
  }

  async qemu(scenario: Scenario, binary = "qemu-system-x86_64"): Promise<void> {
    await mkdir(this.#bin, { recursive: true });
    installFakeQemu(this.#bin, scenario, binary);
  }

  /** Gives the same QEMU other guests. */
  async guests(scenario: Scenario): Promise<void> {
    const file = path.join(this.#bin, "qemu-system-x86_64.scenario.json");
    await writeFile(file, JSON.stringify(scenario));
  }

  /** Puts a shell script in the place of a tool. */
  tool(name: string, script: string): Promise<void> {
    return fakeTool(this.#bin, name, script);
  }

  /** A second tree, like the first but for some files. Gives its path. */
  async copyTree(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const copy = path.join(this.dir, name);
    await cp(this.tree, copy, { recursive: true });
    await writeFiles(copy, files);
    return copy;
  }

  /** A patch for the tree: replaces or adds one file. Gives its path. */
  async patch(name: string, file: string, content: string): Promise<string> {
    const work = path.join(this.dir, `patch-${name}`);
    const before = await readFile(path.join(this.tree, file), "utf8").catch(() => "");
    await writeFiles(path.join(work, "a"), { [file]: before });
    await writeFiles(path.join(work, "b"), { [file]: content });
    const diff = await exec("git", ["diff", "--no-index", "--no-prefix", "a", "b"], { cwd: work });
    const patch = path.join(this.dir, `${name}.patch`);
    await writeFile(patch, `Subject: [PATCH] ${name}\n\n---\n${diff.stdout}`);
    return patch;
  }

  get env(): Readonly<Record<string, string>> {
    return {
      PATH: `${this.#bin}:${process.env["PATH"] ?? ""}`,
      XDG_CACHE_HOME: this.cache,
      ...this.moreEnv,
    };
  }

  /** Starts `harness run`, under emulation unless the arguments say how. */
  start(...args: string[]): Process {
    const accel = args.includes("--accel") ? [] : ["--accel", "tcg"];
    return start(process.execPath, [...this.#arguments(), ...accel, ...args], { env: this.env });
  }

  /** Runs `harness run` on the tree to its end. */
  async run(...args: string[]): Promise<Finished> {
    const { stdout, exitCode, output } = await this.start(...args).finished;
    const events = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Event);
    const started = events.find((event) => event.type === "run-started");
    const resultsDir = started?.type === "run-started" ? started.resultsDir : undefined;
    // A matrix has a folder too, and records in those of its cells.
    const isRun = resultsDir !== undefined && existsSync(path.join(resultsDir, "run.json"));
    const record = isRun ? await readRecord(resultsDir) : undefined;
    return { exitCode, events, record, resultsDir, output };
  }

  #arguments(): string[] {
    const cell = ["--kernel", this.kernel, "--suite", "kselftest:fake"];
    const options = this.command === "bisect" ? [] : cell;
    const results = path.join(this.dir, "results");
    return [this.program, this.command, "--json", "--output", results, ...options];
  }

  async #seedUserland(): Promise<void> {
    const sources = JSON.parse(
      await readFile(path.join(projectDir, "images/guest/sources.json"), "utf8"),
    ) as Record<string, { upstream: { sha256: string } }>;
    const contents: Record<string, Record<string, string>> = {
      busybox: { Makefile: busyboxMakefile, "scripts/gen_build_files.sh": "" },
      dropbear: { configure: "#!/bin/sh\n", Makefile: "dropbear:\n\t@echo dropbear > dropbear\n" },
    };
    const before = process.env["XDG_CACHE_HOME"];
    process.env["XDG_CACHE_HOME"] = this.cache;
    try {
      for (const [program, files] of Object.entries(contents)) {
        const sha256 = sources[program]?.upstream.sha256;
        await cached(
          { kind: "downloads", fingerprint: fingerprint({ sha256 }), verify: "content" },
          async (dir) => {
            const top = path.join(this.dir, program);
            await writeFiles(top, files);
            await mustRun("chmod", ["-R", "+x", top]);
            await mustRun("tar", ["-cf", path.join(dir, "source.tar"), "-C", this.dir, program]);
          },
        );
      }
    } finally {
      if (before === undefined) delete process.env["XDG_CACHE_HOME"];
      else process.env["XDG_CACHE_HOME"] = before;
    }
  }
}

export async function readRecord(resultsDir: string): Promise<RunRecord> {
  const text = await readFile(path.join(resultsDir, "run.json"), "utf8");
  return runRecordSchema.parse(JSON.parse(text));
}
