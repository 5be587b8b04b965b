import { copyFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { nativeCompiler, programPrefix, type Arch } from "../arch.ts";
import { allEnded } from "../model/all-ended.ts";
import { buildBusybox } from "./busybox-build.ts";
import {
  changeMakefile,
  inside,
  makePart,
  stepRunner,
  unpack,
  type BuildRequest,
  type Step,
} from "./userland-steps.ts";

/** The recipe's files that have a say in the programs' bytes. */
export const recipeFiles = [
  "init.c",
  "busybox.config",
  "dropbear.options.h",
  "dropbear.config.site",
] as const;

/** dropbear's own libraries; it builds four times what it links. */
const libraries = ["libtomcrypt", "libtommath"] as const;
/** Of the recipe, without a say in the programs' bytes: the objects that are linked from those. */
const neededObjects = "dropbear.objects";
const objectsOfMakefile = /^OBJECTS=((?:.*\\\n)*.*)$/m;
const warnings = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"];

/**
 * Builds the guest's programs, static, in the sandbox; the two trees at the same time.
 * Throws Failure (infra) "userland-build" that names the step and carries the end of its output.
 */
export async function buildPrograms(request: BuildRequest): Promise<void> {
  await mkdir(request.workDir, { recursive: true });
  const stepsIn = stepRunner(request);
  const step = stepsIn(request.workDir);
  // busybox is the longest: it may use every CPU, for dropbear leaves some idle while it configures.
  const half = Math.max(1, Math.ceil(request.jobs / 2));
  await allEnded([
    buildInit(request, step),
    buildBusybox(request, stepsIn, `-j${request.jobs}`),
    buildDropbear(request, step, `-j${half}`),
  ]);
}

async function buildInit(request: BuildRequest, step: Step): Promise<void> {
  const flags = ["-std=gnu11", "-O2", ...warnings, "-static", "-s"];
  const source = `${inside.recipe}/init.c`;
  await step("init: compile", "init", [
    nativeCompiler(request.arch),
    ...flags,
    "-o",
    "init",
    source,
  ]);
  await copyFile(path.join(request.workDir, "init/init"), path.join(request.outputDir, "init"));
}

async function buildDropbear(request: BuildRequest, step: Step, jobs: string): Promise<void> {
  await step("dropbear: unpack", "dropbear", unpack("dropbear"));
  // Its make reads this from the build folder.
  await copyFile(
    path.join(request.recipeDir, "dropbear.options.h"),
    path.join(request.workDir, "dropbear/localoptions.h"),
  );
  await step("dropbear: configure", "dropbear", dropbearConfigure(request.arch), {
    env: { CONFIG_SITE: `${inside.recipe}/dropbear.config.site` },
  });
  const needed = await readFile(path.join(request.recipeDir, neededObjects), "utf8");
  for (const library of libraries)
    await leaveOut(path.join(request.workDir, "dropbear", library), needed.split("\n"));
  const make = ["make", "-s", jobs, "PROGRAMS=dropbear", "STATIC=1", "dropbear"];
  await step("dropbear: compile", "dropbear", makePart(make));
  await copyFile(
    path.join(request.workDir, "dropbear/dropbear"),
    path.join(request.outputDir, "dropbear"),
  );
}

/** How dropbear is configured for programs of this architecture. */
export function dropbearConfigure(arch: Arch): [string, ...string[]] {
  const prefix = programPrefix(arch);
  return [
    "./configure",
    "--quiet",
    ...(prefix ? [`--host=${path.basename(prefix).replace(/-$/, "")}`] : []),
    "--enable-static",
    "--enable-bundled-libtom",
    "--disable-zlib",
    "--disable-pam",
    "--disable-lastlog",
    "--disable-utmp",
    "--disable-utmpx",
    "--disable-wtmp",
    "--disable-wtmpx",
    // Position independence costs a guest relocations at each start, and guards nothing here.
    "--disable-harden",
    `CC=${nativeCompiler(arch)}`,
    "CFLAGS=-O2",
    "LDFLAGS=-s",
  ];
}

/** Takes from a library's Makefile the objects that are not needed. */
async function leaveOut(dir: string, needed: readonly string[]): Promise<void> {
  const isNeeded = (object: string) => needed.includes(path.posix.basename(object));
  await changeMakefile(path.join(dir, "Makefile"), (text) =>
    text.replace(objectsOfMakefile, (_, objects: string) => {
      const words = objects.replaceAll("\\\n", " ").split(/\s+/);
      return `OBJECTS=${words.filter(isNeeded).join(" ")}`;
    }),
  );
}
