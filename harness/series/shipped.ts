import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import {
  compareKernelVersions,
  formatKernelVersion,
  isSameRelease,
  parseKernelVersion,
  type KernelVersion,
} from "../model/kernel-version.ts";
import { similarNames } from "../model/similar.ts";
import { featureSchema, type Feature } from "../model/support-table.ts";
import { readMessages } from "./mail.ts";
import {
  patchSet,
  type Patch,
  type PatchSet,
  type Series,
  type SeriesChanges,
} from "./patch-set.ts";
import { filesOf } from "./reach.ts";

/** The file that makes a folder a series. */
const description = "series.json";

const versionSchema = z.string().refine((text) => parseKernelVersion(text) !== undefined, {
  error: "no version of the kernel",
});

/** What is no proof on any kernel of any architecture is not to be claimed. */
const exceptionSchema = z
  .strictObject({
    cases: z.array(z.string()).min(1),
    arches: z.array(z.string()).min(1).exactOptional(),
    kernel: z
      .strictObject({ from: versionSchema.exactOptional(), before: versionSchema.exactOptional() })
      .exactOptional(),
    warnings: z.array(z.string()).min(1).exactOptional(),
    because: z.string().min(1),
  })
  .refine(({ arches, kernel }) => arches ?? kernel?.from ?? kernel?.before, {
    error: "an exception is of some architectures, or of some kernels",
  });

/** patches/<series>/series.json. */
const seriesSchema = z.strictObject({
  title: z.string().min(1),
  proposal: z.url().optional(),
  description: z.string().optional(),
  control: z.boolean().default(false),
  suites: z.array(z.string()).default([]),
  proves: z.array(z.string()).default([]),
  features: z.array(featureSchema).default([]),
  except: z.array(exceptionSchema).default([]),
  unfit: z
    .array(z.strictObject({ arches: z.array(z.string()).min(1), because: z.string().min(1) }))
    .default([]),
});

/** patches/<series>/<version>/series.json: what is otherwise from that kernel on. */
const changesSchema = z.strictObject({
  title: z.string().min(1).exactOptional(),
  description: z.string().exactOptional(),
  control: z.boolean().exactOptional(),
  suites: z.array(z.string()).exactOptional(),
  proves: z.array(z.string()).exactOptional(),
});

/** The names of the series in a patches folder: each folder with a series.json is one. */
export async function shippedNames(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(path.join(dir, entry.name, description)))
    .map(({ name }) => name)
    .sort();
}

/**
 * A series that ships with the harness: patches/<name>/series.json beside a folder of patches for
 * each kernel from which on they are new. "<name>@v1" is an earlier revision, whose folders are in
 * patches/<name>/v1/. Throws Failure usage "unknown-series", "bad-series".
 */
export async function readShippedSeries(
  dir: string,
  name: string,
  signal?: AbortSignal,
): Promise<Series> {
  const [, base = name, revision] = /^(.+)@v(\d+)$/.exec(name) ?? [];
  const known = await shippedNames(dir);
  const unknown = (what: string, hint: string) =>
    new Failure({ reason: "unknown-series", blame: "usage", what, hint });
  if (!known.includes(base)) {
    const close = similarNames(name, known);
    throw unknown(
      `there is no series "${name}"`,
      `${close.length > 0 ? `did you mean ${close.join(", ")}? ` : ""}known: ${known.join(", ") || "none"}; a series of your own: --patch FILE`,
    );
  }
  const folder = path.join(dir, base);
  const place = revision === undefined ? folder : path.join(folder, `v${revision}`);
  if (!existsSync(place)) {
    const there = [...(await earlierRevisions(folder, base)), `${base} (the newest)`];
    throw unknown(
      `the series ${base} has no revision v${revision ?? ""}`,
      `there are: ${there.join(", ")}`,
    );
  }
  const { title, control, suites, proves, except, unfit, ...more } = await readDescription(folder);
  return {
    name,
    title,
    control,
    suites,
    proves,
    except,
    unfit,
    ...(revision === undefined ? {} : { revision: Number(revision) }),
    ...(more.proposal === undefined ? {} : { proposal: more.proposal }),
    ...(more.description === undefined ? {} : { description: more.description }),
    patchesFor: (kernel) => patchesFor(place, name, kernel, signal),
  };
}

/** "wait6@v1", "wait6@v2": the revisions in a series' folder that have been superseded, oldest first. */
export async function earlierRevisions(folder: string, name: string): Promise<string[]> {
  const revisions = (await readdir(folder)).flatMap((each) => /^v(\d+)$/.exec(each)?.[1] ?? []);
  return revisions
    .map(Number)
    .sort((one, other) => one - other)
    .map((revision) => `${name}@v${revision}`);
}

/** The features that a shipped series brings (a control's: that it takes away), columns of the support tables. */
export async function readFeatures(dir: string, name: string): Promise<Feature[]> {
  const { features } = await readDescription(path.join(dir, name));
  return features.map((feature) => ({ ...feature, series: name }));
}

/** The kernels for which a shipped series has a folder of patches, oldest first. */
export async function kernelFolders(folder: string): Promise<KernelVersion[]> {
  return (await readdir(folder))
    .filter((name) => /^\d+\.\d+(\.\d+)?$/.test(name))
    .map(parseKernelVersion)
    .filter((version) => version !== undefined)
    .sort(compareKernelVersions);
}

async function readDescription(folder: string): Promise<z.infer<typeof seriesSchema>> {
  return readJson(path.join(folder, description), seriesSchema);
}

/** What a kernel's folder changes in the series; undefined where it changes nothing. */
async function readChanges(folder: string): Promise<SeriesChanges | undefined> {
  const file = path.join(folder, description);
  return existsSync(file) ? readJson(file, changesSchema) : undefined;
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const wrong = (evidence: string) =>
    new Failure({
      reason: "bad-series",
      blame: "usage",
      what: `${file} does not describe a series`,
      evidence,
      hint: "docs/series.md says what is in it",
    });
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, "utf8"));
  } catch (thrown) {
    throw wrong(String(thrown));
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  return parsed.data;
}

async function patchesFor(
  folder: string,
  name: string,
  kernel: KernelVersion,
  signal: AbortSignal | undefined,
): Promise<PatchSet> {
  const folders = await kernelFolders(folder);
  // What has been superseded is not carried on to newer kernels.
  const isEarlier = name.includes("@v");
  // A release candidate has the tree of its release, as far as patches go.
  const reached = folders.filter((each) =>
    isEarlier
      ? isSameRelease(each, kernel)
      : compareKernelVersions(each, { ...kernel, extra: "" }) <= 0,
  );
  const chosen = reached.at(-1);
  if (!chosen) {
    throw new Failure({
      reason: "no-patches-for-kernel",
      blame: "usage",
      what: `the series ${name} has no patches for Linux ${formatKernelVersion(kernel)}`,
      hint:
        folders.length > 0
          ? `it has patches ${isEarlier ? "for" : "from these on"}: ${folders.map(formatKernelVersion).join(", ")}`
          : `${folder} has no folder named for a kernel, such as 6.12`,
    });
  }
  const origin = path.join(folder, formatKernelVersion(chosen));
  const files = numbered(await readdir(origin), origin);
  const patches = await Promise.all(
    files.map((file) => readPatch(path.join(origin, file), signal)),
  );
  return patchSet(patches, origin, await readChanges(origin));
}

/** The files 0001-….patch, 0002-….patch in order; a cover letter is left out. */
function numbered(names: readonly string[], origin: string): string[] {
  const patches = names
    .filter((name) => name.endsWith(".patch") && !name.startsWith("0000-"))
    .sort();
  const numbers = patches.map((name) => Number(/^(\d{4})-/.exec(name)?.[1] ?? NaN));
  if (patches.length > 0 && numbers.every((number, index) => number === index + 1)) return patches;
  throw new Failure({
    reason: "bad-series",
    blame: "usage",
    what: `${origin} is not a whole series of patches`,
    evidence: patches.join("\n") || "it has no *.patch files",
    hint: "they are named 0001-….patch, 0002-….patch and so on, as `git format-patch` does",
  });
}

async function readPatch(file: string, signal: AbortSignal | undefined): Promise<Patch> {
  const [message, ...more] = await readMessages(file, signal);
  if (message?.diff === undefined || more.length > 0) {
    throw new Failure({
      reason: "bad-series",
      blame: "usage",
      what: `${file} should hold one patch`,
      evidence: `it holds ${more.length + 1} mails`,
      hint: "one file for each commit, as `git format-patch` writes them",
    });
  }
  const name = path.basename(file);
  return {
    name,
    subject: message.subject,
    diff: message.diff,
    files: await filesOf(message.diff, name, signal),
  };
}
