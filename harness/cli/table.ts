import path from "node:path";
import { findArch, loadArches } from "../arch.ts";
import { exitStatus, Failure, failureDetails } from "../model/failure.ts";
import { problemTable } from "../model/problems.ts";
import type { RunRecord } from "../model/run.ts";
import { supportTables, withClaims, type SupportTable } from "../model/support-table.ts";
import { problemsMarkdown, tablesCsv, tablesHtml, tablesJson, tablesMarkdown } from "../report.ts";
import { shippedFeatures } from "../series.ts";
import { tracerProblems } from "../suite.ts";
import { archFolder, resolveSource, treeClaims } from "../source.ts";
import { defaultResultsDir, listRuns, readRun, writeReport } from "../store.ts";
import { defineCommand } from "./command.ts";

const formats = {
  markdown: tablesMarkdown,
  html: tablesHtml,
  json: tablesJson,
  csv: tablesCsv,
} as const;

export const tableCommand = defineCommand({
  command: "table",
  describe: "Which feature works on which architecture and release, from the results there are",
  examples: [
    ["table", "all releases that were run, as Markdown"],
    ["table --format html --to support.html", "a page to publish"],
    ["table --problems", "what a tracer cannot do on which kernel"],
    ["table --kernel 6.12 --upstream", "with what the kernel tree claims, disagreements marked"],
  ],
  options: (yargs) =>
    yargs
      .option("format", {
        choices: ["markdown", "html", "json", "csv"] as const,
        default: "markdown" as const,
        describe: "how it is written",
      })
      .option("kernel", { type: "string", describe: "only this release: 6.12, apt:6.12" })
      .option("upstream", {
        type: "boolean",
        default: false,
        describe: "what each release's own tree claims (unpacks it, if need be)",
      })
      .option("problems", {
        type: "boolean",
        default: false,
        describe: "what a tracer cannot do, as the suite tracer showed it; markdown or json",
      })
      .option("to", { type: "string", describe: "file to write; stdout by default" })
      .option("links", {
        type: "string",
        describe:
          "what a run's id is put behind in links; the results folder by default; none for no links",
      })
      .option("output", { type: "string", describe: "folder that holds the runs" }),
  run: async (args, { print, remark, signal }) => {
    const resultsDir = args.output ?? defaultResultsDir;
    const runs = await readable(resultsDir, remark);
    const from = path.dirname(path.resolve(args.to ?? "stdout"));
    const prefix = args.links ?? `${path.relative(from, path.resolve(resultsDir)) || "."}/`;
    const linkOf = (run: string) =>
      prefix === "none"
        ? ""
        : `${prefix.replace(/\/?$/, "/")}${encodeURIComponent(run)}/summary.md`;
    const write = async (text: string) => {
      if (args.to === undefined) print(text.trimEnd());
      else await writeReport(path.resolve(args.to), text);
      return exitStatus.ok;
    };
    if (args.problems) return write(problemsText(runs, args.format, linkOf, resultsDir));
    const arches = await loadArches();
    const { kernel } = args;
    const all = supportTables(runs, await shippedFeatures(), arches).filter(
      (each) =>
        kernel === undefined || each.kernel === kernel || each.kernel.endsWith(`:${kernel}`),
    );
    if (all.length === 0) {
      throw new Failure({
        reason: "nothing-to-show",
        blame: "usage",
        what: `no run in ${resultsDir}${kernel === undefined ? "" : ` is of ${kernel}`}`,
        hint: "harness run makes one",
      });
    }
    const tables = args.upstream
      ? await Promise.all(all.map((each) => claimed(each, remark, signal)))
      : all;
    return write(formats[args.format](tables, linkOf));
  },
});

function problemsText(
  runs: readonly RunRecord[],
  format: keyof typeof formats,
  linkOf: (run: string) => string,
  resultsDir: string,
): string {
  if (format !== "markdown" && format !== "json") {
    throw new Failure({
      reason: "bad-option-value",
      blame: "usage",
      what: `--problems comes as markdown or json, not as ${format}`,
      hint: "leave --format away",
    });
  }
  const table = problemTable(runs, tracerProblems());
  if (table.columns.length === 0) {
    throw new Failure({
      reason: "nothing-to-show",
      blame: "usage",
      what: `no run in ${resultsDir} had the suite tracer`,
      hint: "harness run --suite tracer makes one",
    });
  }
  return format === "json"
    ? `${JSON.stringify(table, null, 2)}\n`
    : problemsMarkdown(table, linkOf);
}

async function readable(resultsDir: string, remark: (text: string) => void) {
  const runs = [];
  for (const { id, dir } of await listRuns(resultsDir)) {
    try {
      // The folder's name, which links lead to, is ours; what a record says of itself may be anything.
      runs.push({ ...(await readRun(dir)), id });
    } catch (thrown) {
      remark(`left out: ${id}: ${failureDetails(thrown).what}`);
    }
  }
  return runs;
}

/** The table with its tree's claims; without them, and a remark, where the tree cannot be had. */
async function claimed(
  table: SupportTable,
  remark: (text: string) => void,
  signal: AbortSignal,
): Promise<SupportTable> {
  try {
    const source = await resolveSource(table.spec, { emit: () => undefined, signal });
    const claims = await treeClaims((await source.tree()).dir);
    const folders = new Map(
      await Promise.all(
        table.rows.map(
          async ({ arch }) => [arch, archFolder((await findArch(arch)).kernelArch)] as const,
        ),
      ),
    );
    return withClaims(table, claims, (arch) => folders.get(arch) ?? arch);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    remark(`${table.kernel}: its tree cannot be had: ${thrown.what}`);
    return table;
  }
}
