import test from "ava";
import { matchesGlob } from "./glob.ts";

test("globs: only * and ? are special", (t) => {
  t.true(matchesGlob("wait6.*", "wait6.basic.einval"));
  t.false(matchesGlob("wait6.*", "xwait6.basic"));
  t.false(matchesGlob("wait6.*", "wait6xbasic"));
  t.true(matchesGlob("a[1].?", "a[1].x"));
  t.false(matchesGlob("a[1].?", "a1.x"));
  t.true(matchesGlob("*", "anything (at) all"));
});
