import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { nativeCompiler, programPrefix } from "../arch.ts";
import { cached } from "../cache.ts";
import { copyTree } from "../disk.ts";
import { fingerprint, sha256 } from "../fingerprint.ts";
import { Failure } from "../model/failure.ts";
import { toolVersion } from "../tool-version.ts";
import { droppedOptions, mergeBusyboxConfig, parseBusyboxConfig } from "./busybox-config.ts";
import type { SourceArchive } from "./userland-source.ts";
import {
  changeMakefile,
  makePart,
  unpack,
  type BuildRequest,
  type Step,
} from "./userland-steps.ts";

const configFile = "busybox.config";
/** Of the recipe, without a say in the program's bytes: what it is linked from, by folder. */
const neededObjects = "busybox.objects";

/** Builds busybox; leaves it and its applets' names in the request's output folder. */
export async function buildBusybox(
  request: BuildRequest,
  stepsIn: (workDir: string) => Step,
  jobs: string,
): Promise<void> {
  const dir = path.join(request.workDir, "busybox");
  await copyTree(await configuredTree(request, stepsIn), dir);
  const make = makePart([
    "make",
    "-s",
    `CROSS_COMPILE=${programPrefix(request.arch)}`,
    `CC=${nativeCompiler(request.arch)}`,
    ...[jobs, "busybox", "busybox.links"],
  ]);
  await stepsIn(request.workDir)("busybox: compile", "busybox", make);
  const links = await readFile(path.join(dir, "busybox.links"), "utf8");
  const names = links
    .split("\n")
    .filter(Boolean)
    .map((name) => path.posix.basename(name));
  await writeFile(
    path.join(request.outputDir, "applets"),
    [...new Set(names)]
      .sort()
      .map((name) => `${name}\n`)
      .join(""),
  );
  await copyFile(path.join(dir, "busybox"), path.join(request.outputDir, "busybox"));
}

/**
 * busybox' source as it is compiled for whatever architecture, from the cache: to configure it takes a
 * fifth of the CPU time of its whole build (its programs are the host's, and start thousands of others).
 */
async function configuredTree(
  request: BuildRequest,
  stepsIn: (workDir: string) => Step,
): Promise<string> {
  const { sources, recipeDir, progress, signal } = request;
  const fragment = await readFile(path.join(recipeDir, configFile), "utf8");
  const needed = await readFile(path.join(recipeDir, neededObjects), "utf8");
  progress?.("busybox: configure");
  const entry = await cached(
    {
      kind: "userland",
      fingerprint: fingerprint({
        // Raised when this file configures it in another way.
        recipe: 1,
        source: sources.busybox.sha256,
        options: sha256(fragment),
        needed: sha256(needed),
        // Its makefiles start programs that this machine's compiler has made, with this machine's C library.
        host: [process.arch, (await toolVersion("gcc")).stdout],
      }),
      verify: "listing",
      signal,
    },
    async (workDir) => {
      const dir = path.join(workDir, "busybox");
      await configure(dir, fragment, sources.busybox, stepsIn(workDir));
      await leaveOut(dir, needed.split("\n"));
    },
  );
  return path.join(entry.dir, "busybox");
}

async function configure(
  dir: string,
  fragment: string,
  { version }: SourceArchive,
  step: Step,
): Promise<void> {
  const make = (target: string): [string, ...string[]] => ["make", "-s", target];
  await step("busybox: unpack", "busybox", unpack("busybox"));
  await step("busybox: configure", "busybox", make("allnoconfig"));
  const config = path.join(dir, ".config");
  const wanted = parseBusyboxConfig(fragment);
  await writeFile(config, mergeBusyboxConfig(await readFile(config, "utf8"), wanted));
  // make looks through all sources before whatever it does; what they say went into the Makefiles just now.
  await writeFile(path.join(dir, "scripts/gen_build_files.sh"), "#!/bin/sh\n");
  // An empty answer to each question about an option that the fragment says nothing of.
  await step("busybox: configure", "busybox", make("oldconfig"), { input: "\n".repeat(4096) });
  const dropped = droppedOptions(await readFile(config, "utf8"), wanted);
  if (dropped.length > 0) {
    throw new Failure({
      reason: "userland-config",
      blame: "infra",
      what: `busybox ${version} does not take every option of the guest's recipe`,
      evidence: dropped.join("\n"),
      hint: "an option was renamed or its dependency is missing; see images/guest/busybox.config",
    });
  }
  // The headers and host programs that all objects wait for.
  await step("busybox: configure", "busybox", make("prepare"));
}

/** The Makefile's list of folders; make starts several processes in each, be there an object of it or not. */
const folders = /^libs-y\s*:=(?: *\\\n\s+[\w/-]+\/)+ *\\?\n/m;

/**
 * Takes from the makefiles the objects that the link does not use (libbb is compiled whole), the folders
 * without any, and the libraries that it is tried with before it is done without.
 */
async function leaveOut(tree: string, needed: readonly string[]): Promise<void> {
  const dirs = new Set(needed.map((object) => path.posix.dirname(object)));
  await changeMakefile(path.join(tree, "Makefile"), (text) =>
    text
      .replace(folders, (list) =>
        list.replace(/^\s+([\w/-]+)\/ *\\?\n/gm, (line, dir: string) =>
          dirs.has(dir) ? line : "",
        ),
      )
      .replaceAll("$(LDLIBS)", ""),
  );
  for (const dir of dirs) {
    await changeMakefile(path.join(tree, dir, "Kbuild"), (text) =>
      text.replace(/^lib-\S+ *\+= *(\S+\.o)\s*\n/gm, (line, object: string) =>
        needed.includes(`${dir}/${object}`) ? line : "",
      ),
    );
  }
}
