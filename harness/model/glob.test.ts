import test from "ava";
import { canMatchFrom, matchesGlob } from "./glob.ts";

test("globs: only * and ? are special", (t) => {
  t.true(matchesGlob("wait6.*", "wait6.basic.einval"));
  t.false(matchesGlob("wait6.*", "xwait6.basic"));
  t.false(matchesGlob("wait6.*", "wait6xbasic"));
  t.true(matchesGlob("a[1].?", "a[1].x"));
  t.false(matchesGlob("a[1].?", "a1.x"));
  t.true(matchesGlob("*", "anything (at) all"));
});

test("globs that could match something below a name", (t) => {
  for (const glob of ["w.b.x", "w.b.x*", "w.*.x", "w*", "*", "w.?.x", "w.b.*"])
    t.true(canMatchFrom(glob, "w.b."), glob);
  for (const glob of ["w.bb.x", "w.a.*", "w.b", "v*", "w.?"])
    t.false(canMatchFrom(glob, "w.b."), glob);
});
