import test from "ava";
import { Failure } from "../model/failure.ts";
import { oldestRelease } from "./fetched-program.ts";

test("of the releases whose program is new enough the oldest is taken; none is a failure", async (t) => {
  const all = [
    ["1:11.0.0+ds-2", "sid"],
    ["1:10.0.13+ds-0+deb13u1", "trixie-security"],
    ["1:7.2+dfsg-7+deb12u18+b3", "bookworm"],
  ] as const;
  const versions = (name: string) =>
    Promise.resolve(all.map(([version, suite]) => ({ name, version, suite, component: "main" })));
  const choose = (wanted: string) => oldestRelease({ versions }, "qemu", wanted, "it cannot");
  t.is(await choose("10.0"), "trixie");
  t.is(await choose("10.1"), "sid");
  t.is(await choose("7.2"), "bookworm");
  const failure = await t.throwsAsync(choose("12.0"), { instanceOf: Failure });
  t.is(`${failure.blame} ${failure.reason}`, "infra too-old");
  t.regex(failure.evidence ?? "", /11\.0\.0.*sid/);
});
