import test from "ava";
import { failureText } from "./failure-text.ts";
import { boundedLines, printable } from "./printable.ts";

test("a failure says what, whose fault, the evidence and what to try", (t) => {
  const text = failureText({
    reason: "patch-does-not-apply",
    blame: "series",
    what: "0001-a.patch does not apply to 6.12.117",
    evidence: "error: patch failed: kernel/exit.c:12\n",
    hint: "rebase it\nor choose another --kernel",
  });
  t.deepEqual(text.split("\n"), [
    "error: 0001-a.patch does not apply to 6.12.117",
    "  fault: the patch series",
    "  | error: patch failed: kernel/exit.c:12",
    "  try: rebase it",
    "       or choose another --kernel",
  ]);
});

test("a wrong command line is not told whose fault it is", (t) => {
  t.is(failureText({ reason: "usage", blame: "usage", what: "no" }), "error: no");
});

test("evidence cannot drive the terminal and is bounded", (t) => {
  const evidence = `\u001b[2J\u202eevil\r\n${"x".repeat(1000)}\n${"line\n".repeat(100)}`;
  const text = failureText({ reason: "r", blame: "suite", what: "\u0007", evidence });
  const lines = text.split("\n");
  t.is(lines[0], "error: \\x07");
  t.is(lines[2], "  | \\x1b[2J\\u202eevil");
  t.true(lines[3]?.endsWith("... 600 characters left out ..."));
  t.is(lines.length, 2 + 15 + 1 + 25);
  t.true(lines.includes("  | ... 62 lines left out ..."));
});

test("what is printable stays as it is", (t) => {
  const text = "tab\tand newline\nÄ 漢字 🙂";
  t.is(printable(text), text);
  t.is(printable("\ud800"), "\\ud800");
  t.is(printable("a\rb\r\nc\r"), "a\\x0db\nc");
  t.deepEqual(boundedLines("a\nb\n"), ["a", "b"]);
});
