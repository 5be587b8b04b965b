import test from "ava";
import { GuestOrder } from "./guest-order.ts";

test("integers as either kind of processor keeps them, cut off to their width", (t) => {
  const little = Buffer.alloc(6);
  const big = Buffer.alloc(6);
  new GuestOrder(false).write(little, 1, 4, 0x1_0000_0102n);
  new GuestOrder(true).write(big, 1, 4, 0x1_0000_0102);
  t.is(little.toString("hex"), "000201000000");
  t.is(big.toString("hex"), "000000010200");
  t.is(new GuestOrder(false).read(little, 1, 4), 0x102n);
  t.is(new GuestOrder(true).read(big, 1, 4), 0x102n);
});

test("negative numbers are written as processors do", (t) => {
  const into = Buffer.alloc(8);
  new GuestOrder(true).write(into, 0, 8, -14n);
  t.is(into.readBigInt64BE(0), -14n);
});
