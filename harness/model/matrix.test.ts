import test from "ava";
import { Failure } from "./failure.ts";
import { expandCells, shardOf } from "./matrix.ts";

test("every architecture with every kernel, each once, architecture by architecture", (t) => {
  const cells = expandCells(["arm64", "s390x", "arm64"], ["5.10", "6.12", "5.10"]);
  t.deepEqual(
    cells.map(({ arch, kernel }) => `${arch} ${kernel}`),
    ["arm64 5.10", "arm64 6.12", "s390x 5.10", "s390x 6.12"],
  );
});

test("shards are all of it, each cell once, in parts of about one size", (t) => {
  for (const [cells, count] of [
    [17, 4],
    [3, 5],
    [12, 1],
    [0, 3],
  ] as const) {
    const all = Array.from({ length: cells }, (_, index) => index);
    const parts = Array.from({ length: count }, (_, index) =>
      shardOf(all, `${index + 1}/${count}`),
    );
    t.deepEqual(parts.flat(), all);
    const sizes = parts.map((part) => part.length);
    t.true(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join());
  }
});

for (const shard of ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", "1/2/3"]) {
  test(`--shard ${shard} is refused`, (t) => {
    const failure = t.throws(() => shardOf([1, 2], shard), { instanceOf: Failure });
    t.is(failure.blame, "usage");
  });
}
