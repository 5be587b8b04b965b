import test from "ava";
import fc from "fast-check";
import {
  markdownBlock,
  markdownCode,
  markdownText,
  oneLine,
  shellQuoted,
  xmlText,
} from "./escape.ts";

const anything = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("`", "|", "\\", "<", "&", "\n", "\0", "\u001b", "\u202e", "\ufffe", "a"),
  }),
);
const evil = "\u001b[31m\u009b2J\u0007\u202e\u2028\0|`<b>@all\r\n\tx";
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/;

test("one line holds no control character, and shows what was there", (t) => {
  t.is(oneLine(evil), "\\x1b[31m\\x9b2J\\x07\\u202e\\u2028\\x00|`<b>@all x");
  fc.assert(fc.property(anything, (text) => void t.notRegex(oneLine(text), controls)));
});

test("XML text holds only what XML 1.0 can carry", (t) => {
  t.is(xmlText("a<b>&\"'\u001b\n"), "a&#60;b&#62;&#38;&#34;&#39;\\x1b&#10;");
  fc.assert(
    fc.property(anything, (text) => {
      t.regex(xmlText(text), /^[\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
      t.notRegex(xmlText(text), /[<>"']|&(?!#\d+;)/);
    }),
  );
});

test("a Markdown code span cannot be ended from within", (t) => {
  t.is(markdownCode("a"), "`a`");
  t.is(markdownCode("a`b"), "`` a`b ``");
  t.is(markdownCode("a | b\nc"), "`a \\| b c`");
  t.is(markdownCode(""), "` `");
  fc.assert(
    fc.property(anything, (text) => {
      const span = markdownCode(text);
      t.notRegex(span, controls);
      const fence = /^`+/.exec(span)?.[0] ?? "";
      const inside = span.slice(fence.length, -fence.length);
      t.false([...inside.matchAll(/`+/g)].some((run) => run[0].length === fence.length));
      t.notRegex(span, /(?<!\\)\|/);
    }),
  );
});

test("a Markdown block cannot be ended from within", (t) => {
  const block = markdownBlock("x\n````\n# heading\u001b");
  t.is(block, "`````text\nx\n````\n# heading\\x1b\n`````");
});

test("Markdown words are no markup", (t) => {
  t.is(markdownText("*a* [b](c) <i> @all"), "\\*a\\* \\[b\\](c) \\<i\\> &#64;all");
});

test("words for a shell are quoted only where they must be", (t) => {
  t.is(shellQuoted("--kernel=apt:6.12"), "--kernel=apt:6.12");
  t.is(shellQuoted("it's"), "'it'\\''s'");
  t.is(shellQuoted(""), "''");
});
