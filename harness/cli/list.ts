import { readFile } from "node:fs/promises";
import path from "node:path";
import { loadArches } from "../arch.ts";
import { exitStatus, Failure } from "../model/failure.ts";
import { formatKernelVersion } from "../model/kernel-version.ts";
import { quirks, remedyText, whenText } from "../quirks.ts";
import { kernelsOfSeries, loadSeries, shippedSeriesNames } from "../series.ts";
import { aptKernels, cachedTrees } from "../source.ts";
import { defaultSuites, listSuites, selftestsDir } from "../suite.ts";
import { defineCommand } from "./command.ts";

const topics = ["arches", "series", "suites", "kernels", "quirks"] as const;
type Topic = (typeof topics)[number];

/** One thing that can be named on the command line, and what it is. */
interface Row {
  readonly name: string;
  readonly what: string;
}

export const listCommand = defineCommand({
  command: "list <topic>",
  describe: "Says what there is: arches, series, suites, kernels, quirks of kernels",
  examples: [
    ["list kernels", "what --kernel takes here without a download from kernel.org"],
    ["list series --json", "for scripts"],
  ],
  options: (yargs) =>
    yargs
      .positional("topic", { choices: topics, demandOption: true, describe: "what to list" })
      .option("json", { type: "boolean", default: false, describe: "print JSON" }),
  run: async ({ topic, json }, { print, remark }) => {
    const rows = await listed[topic](remark);
    const width = Math.max(0, ...rows.map(({ name }) => name.length));
    print(
      json
        ? JSON.stringify(rows, null, 2)
        : rows.map(({ name, what }) => `${name.padEnd(width)}  ${what}`.trimEnd()).join("\n") ||
            `no ${topic}`,
    );
    return exitStatus.ok;
  },
});

const listed: Record<Topic, (complain: (text: string) => void) => Promise<Row[]>> = {
  arches: async () =>
    (await loadArches()).map(({ name, aliases, abis }) => ({
      name,
      what: `also ${aliases.join(", ") || "nothing else"}; runs programs of ${abis.map((abi) => abi.name).join(", ")}`,
    })),
  series: async (complain) =>
    Promise.all(
      (await shippedSeriesNames()).map(async (name) => {
        const [series] = await loadSeries({ names: [name], notice: complain });
        const kernels = (await kernelsOfSeries(name)).map(formatKernelVersion).join(", ");
        const control = series?.control ? "control: " : "";
        return { name, what: `${control}${series?.title ?? ""} (patches from ${kernels} on)` };
      }),
    ),
  suites: async () => {
    const own = await Promise.all(
      listSuites().map(async (name) => {
        const readme = await readFile(path.join(selftestsDir, name, "README.md"), "utf8").catch(
          () => "",
        );
        const when = defaultSuites().includes(name) ? "" : " (when named)";
        return { name, what: firstLine(readme, name) + when };
      }),
    );
    return [
      ...own,
      {
        name: "kselftest:<dir>[,<dir>]",
        what: "the kernel tree's own tools/testing/selftests/<dir>",
      },
    ];
  },
  kernels: async (complain) => {
    const rows: Row[] = [];
    try {
      const offered = await aptKernels({
        emit: (event) => {
          if (event.type === "notice") complain(event.text);
        },
      });
      for (const { series, version, pkg } of offered) {
        const what = `${formatKernelVersion(version)} (${pkg.name} ${pkg.version}, ${pkg.suite})`;
        rows.push({ name: `apt:${series}`, what });
      }
    } catch (thrown) {
      // What lies in the cache is worth knowing when apt is not to be had.
      if (!(thrown instanceof Failure)) throw thrown;
      complain(`apt offers nothing: ${thrown.what}`);
    }
    for (const { spec, description } of await cachedTrees())
      rows.push({ name: spec, what: `in the cache: ${description}` });
    return rows;
  },
  quirks: () =>
    Promise.resolve(
      quirks.map((quirk) => ({
        name: quirk.name,
        what: `${whenText(quirk)}: ${remedyText(quirk)}: ${quirk.reason}; ${quirk.source}`,
      })),
    ),
};

/** The beginning of the first line that says more than the suite's name. */
function firstLine(readme: string, name: string): string {
  const lines = readme.split("\n").map((line) => line.replace(/^#+\s*/, "").trim());
  const line = lines.find((each) => each !== "" && each !== name) ?? "";
  return /^.*?[.:](?=\s|$)/.exec(line)?.[0] ?? line;
}
