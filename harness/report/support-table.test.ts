import test from "ava";
import { XMLValidator } from "fast-xml-parser";
import { supportTables, withClaims, type SupportTable } from "../model/support-table.ts";
import { runRecord } from "../testing/records.ts";
import { tablesCsv, tablesHtml, tablesJson, tablesMarkdown } from "./support-table.ts";

const evil = `<script>alert(1)</script> "|' & ]( \u001b[31m \u202e`;
const linkOf = (run: string) => `results/${encodeURIComponent(run)}/summary.md`;

const tables: SupportTable[] = supportTables(
  [
    runRecord({
      baseline: { "w.p.a": "skip", "v.p.a": "pass" },
      series: { wait6: { "w.p.a": "pass", "v.p.a": "fail" } },
      arch: evil,
      kernel: { version: evil },
    }),
  ],
  [
    { title: `wait6 ${evil}`, cases: ["w.*"], series: "wait6" },
    { title: "=v", cases: ["v.*"], upstream: "tracehook" },
  ],
  [{ name: "x86_64", abis: ["x86_64", "i386"] }],
).map((table) =>
  withClaims(table, new Map([["tracehook", new Map([["x86", { kconfig: false }]])]]), () => "x86"),
);

test("HTML is well-formed, runs nothing and fetches nothing, whatever names hold", (t) => {
  const html = tablesHtml(tables, linkOf);
  // As XML, but for the elements without an end.
  const body = html.slice(html.indexOf("<body>"), html.indexOf("</html>"));
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the package it points to is not needed for one call
  t.true(XMLValidator.validate(body) === true);
  for (const unwanted of ["<script", "http:", "https:", "\u001b", "\u202e"])
    t.false(html.includes(unwanted), unwanted);
  t.regex(html, /class="series"[^>]*><a href="results\/2026/);
  t.regex(html, /class="native disagrees"/);
  t.regex(
    tablesHtml(tables, () => "javascript:alert(1)"),
    /href="#"/,
  );
});

test("Markdown: each row has as many cells as its head, and links to the evidence", (t) => {
  const text = tablesMarkdown(tables, linkOf);
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  t.is(rows.length, 4);
  t.is(new Set(rows.map((row) => row.split(/(?<!\\)\|/).length)).size, 1, text);
  t.regex(text, /\[with series\]\(<results\/2026\S*\/summary\.md>\) 1\/1/);
  t.regex(text, /\[works\]\(<[^>]*>\) 1\/1 \(tree: no\) \*\*!\*\*/);
  t.regex(text, /not run/);
});

test("CSV: fields are quoted, formulas are none", (t) => {
  const text = tablesCsv(tables, linkOf);
  const lines = text.trimEnd().split("\r\n");
  t.is(lines.length, 5);
  t.true(lines[4]?.includes(",'=v,native,1,0,0,0,0,"));
  t.true(lines[1]?.includes('""'));
});

test("JSON: the cells with their features, links and figures", (t) => {
  const [table] = JSON.parse(tablesJson(tables, linkOf)) as {
    rows: { cells: { state: string; feature: string; link?: string }[] }[];
  }[];
  t.like(table?.rows[1]?.cells[1], { state: "native", feature: "=v" });
  t.regex(table?.rows[1]?.cells[0]?.link ?? "", /^results\//);
  t.is(table?.rows[0]?.cells[0]?.link, undefined);
});

test("cases that fail are named for their architecture, a few of many", (t) => {
  const failing = (names: readonly string[]) =>
    tablesMarkdown(
      supportTables(
        [runRecord({ baseline: Object.fromEntries(names.map((name) => [name, "fail" as const])) })],
        [
          { title: "one", cases: ["w.*"] },
          { title: "the same and more", cases: ["w.*", "v.*"] },
        ],
        [{ name: "x86_64", abis: ["x86_64"] }],
      ),
      linkOf,
    );
  t.regex(failing(["w.a", "v.b"]), /Cases that fail:\n\n- `x86_64`: `w\.a`, `v\.b`\n/);
  const many = ["w.a", "w.b", "w.c", "w.d", "w.e", "w.f"];
  t.regex(failing(many), /`w\.d` and 2 more\n/);
  t.notRegex(tablesMarkdown(tables.slice(0, 0), linkOf), /Cases that fail/);
});

test("without links there are none", (t) => {
  t.notRegex(
    tablesMarkdown(tables, () => ""),
    /\]\(</,
  );
  t.notRegex(
    tablesHtml(tables, () => ""),
    /<a /,
  );
});
