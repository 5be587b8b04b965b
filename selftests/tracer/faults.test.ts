import { scenario } from "./guest.ts";

scenario("placeholder", async (t) => {
  t.pass();
});
