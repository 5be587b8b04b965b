import test from "ava";
import { allEnded } from "./all-ended.ts";

test("a failure is passed on only when the others have ended", async (t) => {
  let ended = false;
  const slow = new Promise<void>((resolve) => {
    setImmediate(() => {
      ended = true;
      resolve();
    });
  });
  await t.throwsAsync(allEnded([Promise.reject(new Error("first")), slow]), { message: "first" });
  t.true(ended);
});

test("results keep their places", async (t) => {
  t.deepEqual(await allEnded([Promise.resolve(1), Promise.resolve("two")]), [1, "two"]);
});
