import { markdownCode, markdownText, xmlText } from "../model/escape.ts";
import type { Cell, CellState, Evidence, SupportTable } from "../model/support-table.ts";

/** Where a reader finds a run's evidence: a link to the folder of a run; "" for none. */
export type LinkOf = (run: string) => string;

const words: Readonly<Record<CellState, string>> = {
  native: "works",
  series: "with series",
  no: "no",
  flaky: "flaky",
  partly: "partly run",
  "not-run": "not run",
  "no-abi": "no such ABI",
};

const meanings: readonly (readonly [CellState, string])[] = [
  ["native", "works on the kernel as it is"],
  ["series", "works with the series only"],
  ["no", "at least one case fails"],
  ["flaky", "a case passes and fails on the same kernel"],
  ["partly", "nothing failed, but not all of it was run"],
  ["not-run", "never run, or all of it was skipped"],
  ["no-abi", "the architecture has one ABI only"],
];

const cautions = {
  disagrees: "the kernel tree claims otherwise, or contradicts itself",
};

/** "12 of 14 pass, 1 fails, 1 skipped". */
function counts(evidence: Evidence): string {
  const { passed, failed, flaky, skipped, missing } = evidence;
  const all = passed + failed + flaky + skipped + missing;
  const parts = [`${passed} of ${all} pass`];
  if (failed > 0) parts.push(`${failed} fail`);
  if (flaky > 0) parts.push(`${flaky} flaky`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  if (missing > 0) parts.push("not all were run");
  return parts.join(", ");
}

function ratio({ passed, failed, flaky, skipped, missing }: Evidence): string {
  return `${passed}/${passed + failed + flaky + skipped + missing}`;
}

/** How many failing cases are named for an architecture. */
const named = 4;

/** "- `ppc64`: `case`, `case` and 3 more": what stands behind the cells that say no or flaky. */
function failingCases({ rows }: SupportTable): string[] {
  return rows.flatMap(({ arch, cells }) => {
    const failing = [...new Set(cells.flatMap(({ evidence }) => evidence?.failing ?? []))];
    if (failing.length === 0) return [];
    const shown = failing.slice(0, named).map(markdownCode).join(", ");
    const more = failing.length - named;
    return [`- ${markdownCode(arch)}: ${shown}${more > 0 ? ` and ${more} more` : ""}`];
  });
}

/** One table a release, for a README or a mail; an exclamation mark is a disagreement with the tree's claims. */
export function tablesMarkdown(tables: readonly SupportTable[], linkOf: LinkOf): string {
  const parts = tables.map((table) => {
    const { kernel, features, rows } = table;
    const failing = failingCases(table);
    return [
      `## ${markdownText(kernel)}`,
      "",
      `| architecture | ${features.map(({ title }) => markdownText(title)).join(" | ")} |`,
      `|---|${features.map(() => "---|").join("")}`,
      ...rows.map(
        ({ arch, cells }) =>
          `| ${markdownCode(arch)} | ${cells.map((each) => markdownCell(each, linkOf)).join(" | ")} |`,
      ),
      ...(failing.length > 0 ? ["", "Cases that fail:", "", ...failing] : []),
    ].join("\n");
  });
  const legend = meanings.map(([state, meaning]) => `- ${words[state]}: ${meaning}`);
  if (tables.some(hasClaims)) legend.push(`- !: ${cautions.disagrees}`);
  return [...parts, ["Figures are cases that passed, of all.", "", ...legend].join("\n")]
    .join("\n\n")
    .concat("\n");
}

/** `text` must be escaped already. */
export function markdownLink(text: string, link: string): string {
  return link === "" ? text : `[${text}](<${link.replace(/[<>\n|]/g, encodeURIComponent)}>)`;
}

function markdownCell(each: Cell, linkOf: LinkOf): string {
  const word = words[each.state];
  const text = each.evidence
    ? `${markdownLink(word, linkOf(each.evidence.run))} ${ratio(each.evidence)}`
    : word;
  const claim = each.claim ? ` (tree: ${each.claim.claimed ? "yes" : "no"})` : "";
  return each.claim?.disagrees ? `${text}${claim} **!**` : `${text}${claim}`;
}

function hasClaims({ rows }: SupportTable): boolean {
  return rows.some(({ cells }) => cells.some(({ claim }) => claim !== undefined));
}

const style = `
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }
thead th { vertical-align: bottom; min-width: 5rem; }
tbody th { font-family: ui-monospace, monospace; font-weight: normal; white-space: nowrap; }
td { min-width: 5.5rem; } td small { display: block; opacity: .75; white-space: nowrap; }
a { color: inherit; }
.native { background: #2da44e40; } .series { background: #388bfd40; } .no { background: #cf222e48; }
.flaky { background: #bf870048; } .partly { background: #8882; border-style: dashed; } .not-run, .no-abi { opacity: .65; }
.disagrees { outline: 2px solid #cf222e; outline-offset: -2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem .8rem; }
dt { padding: 0 .5rem; } dd { margin: 0; }
`;

/** A page of its own: no script, nothing fetched. */
export function tablesHtml(tables: readonly SupportTable[], linkOf: LinkOf): string {
  const claims = tables.some(hasClaims);
  const legend = [
    ...meanings.map(
      ([state, meaning]) => `<dt class="${state}">${words[state]}</dt><dd>${xmlText(meaning)}</dd>`,
    ),
    ...(claims ? [`<dt class="disagrees">!</dt><dd>${xmlText(cautions.disagrees)}</dd>`] : []),
  ];
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>What works where</title><style>${style}</style></head><body>`,
    "<h1>What works where</h1>",
    "<p>Measured: every cell rests on a run and links to it. Figures are cases that passed, of all.</p>",
    `<dl>${legend.join("")}</dl>`,
    ...tables.map((table) => htmlTable(table, linkOf)),
    "</body></html>",
    "",
  ].join("\n");
}

function htmlTable({ kernel, features, rows }: SupportTable, linkOf: LinkOf): string {
  const head = features.map(({ title }) => `<th scope="col">${xmlText(title)}</th>`).join("");
  const body = rows.map(
    ({ arch, cells }) =>
      `<tr><th scope="row">${xmlText(arch)}</th>${cells.map((each) => htmlCell(each, linkOf)).join("")}</tr>`,
  );
  return [
    `<h2>${xmlText(kernel)}</h2><div class="scroll"><table>`,
    `<thead><tr><th scope="col">architecture</th>${head}</tr></thead><tbody>`,
    ...body,
    "</tbody></table></div>",
  ].join("\n");
}

function htmlCell(each: Cell, linkOf: LinkOf): string {
  const { state, evidence, claim } = each;
  const classes = claim?.disagrees ? `${state} disagrees` : state;
  const title = [
    evidence ? `${counts(evidence)}; Linux ${evidence.version}, ${evidence.at}` : "",
    evidence?.failing.join(" ") ?? "",
    claim?.where ?? "",
  ].filter((text) => text !== "");
  const word = evidence
    ? `${htmlLink(words[state], linkOf(evidence.run))}<small>${ratio(evidence)}</small>`
    : words[state];
  const said = claim
    ? `<small>tree: ${claim.claimed ? "yes" : "no"}${claim.disagrees ? " !" : ""}</small>`
    : "";
  return `<td class="${classes}" title="${xmlText(title.join(" | "))}">${word}${said}</td>`;
}

function htmlLink(text: string, link: string): string {
  return link === "" ? text : `<a href="${xmlText(safeLink(link))}">${text}</a>`;
}

/** A link that starts no script. */
function safeLink(link: string): string {
  return /^(https?:|\.{0,2}\/|[\w.-]+(\/|$))/i.test(link) && !/^\w+script:/i.test(link)
    ? link
    : "#";
}

/** One row a cell, for a spreadsheet. */
export function tablesCsv(tables: readonly SupportTable[], linkOf: LinkOf): string {
  const head =
    "kernel,arch,feature,state,passed,failed,flaky,skipped,missing,version,run,link,claimed,disagrees";
  const lines = tables.flatMap(({ kernel, features, rows }) =>
    rows.flatMap(({ arch, cells }) =>
      cells.map(({ state, evidence, claim }, index) =>
        [
          kernel,
          arch,
          features[index]?.title,
          state,
          evidence?.passed,
          evidence?.failed,
          evidence?.flaky,
          evidence?.skipped,
          evidence?.missing,
          evidence?.version,
          evidence?.run,
          evidence && linkOf(evidence.run),
          claim?.claimed,
          claim?.disagrees,
        ]
          .map(csvField)
          .join(","),
      ),
    ),
  );
  return [head, ...lines, ""].join("\r\n");
}

/** RFC 4180; what a spreadsheet would take for a formula gets an apostrophe. */
function csvField(value: string | number | boolean | undefined): string {
  const text = String(value ?? "");
  const plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain;
}

/** For programs: the tables as they are, with the links. */
export function tablesJson(tables: readonly SupportTable[], linkOf: LinkOf): string {
  const linked = tables.map((table) => ({
    ...table,
    rows: table.rows.map(({ arch, cells }) => ({
      arch,
      cells: cells.map((each, index) => ({
        feature: table.features[index]?.title,
        ...each,
        ...(each.evidence ? { link: linkOf(each.evidence.run) } : {}),
      })),
    })),
  }));
  return `${JSON.stringify(linked, null, 2)}\n`;
}
