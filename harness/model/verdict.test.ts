import test from "ava";
import { isCaseOf } from "./verdict.ts";

test("a case belongs to the program and ABI that its name begins and ends with", (t) => {
  t.true(isCaseOf("w.mask", "w.mask.eintr"));
  t.true(isCaseOf("w.mask", "w.mask"), "the program itself");
  t.false(isCaseOf("w.mask", "w.masks.eintr"));
  t.false(isCaseOf("w.mask", "w.mask.eintr@i386"));
  t.true(isCaseOf("w.mask@i386", "w.mask.eintr@i386"));
  t.true(isCaseOf("w.mask@i386", "w.mask@i386"));
  t.false(isCaseOf("w.mask@i386", "w.mask.eintr@x32"));
  t.false(isCaseOf("w.mask@i386", "w.mask.eintr"));
});
