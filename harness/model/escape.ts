import { printable } from "./printable.ts";

/*
 * Text from guests, compilers and patches, made safe for where it is shown. What may not stand
 * there is made visible ("\x1b", see printable()) and not dropped, so that a reader sees it.
 */

/** For one line of a terminal or a log: printable, and in one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\t\n]+/g, " ");
}

/** For the content or an attribute of XML 1.0, which cannot carry most control characters even when escaped. */
export function xmlText(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/g, (found) => `\\u${found.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"'\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For a Markdown paragraph or table cell: a code span, in which only its own end means anything. */
export function markdownCode(text: string): string {
  const line = oneLine(text).replace(/\|/g, "\\|");
  if (line.trim() === "") return "` `";
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** For several lines of Markdown: a fenced block that its content cannot end. */
export function markdownBlock(text: string): string {
  const block = printable(text).replace(/\n+$/, "");
  const longest = Math.max(2, ...[...block.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${block}\n${fence}`;
}

/** Plain words in a Markdown paragraph or table cell: nothing in them is markup. */
export function markdownText(text: string): string {
  const line = oneLine(text);
  // "&#64;" for @: GitHub would notify whoever has that name.
  return line.replace(/[\\`*_{}[\]<>#!|~&]/g, "\\$&").replace(/@/g, "&#64;");
}

/** A word of a command line as POSIX sh takes it literally. */
export function shellQuoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
