import test from "ava";
import { note } from "../testing/object-tree.ts";
import { NoteReader } from "./object-notes.ts";

test("only notes of compiled C are read", (t) => {
  const notes = new NoteReader();
  t.deepEqual(notes.read(note()), {
    command: "gcc -c -o kernel/wait.o /mnt/src/kernel/wait.c",
    prerequisites: [
      "/mnt/src/kernel/wait.c",
      "include/config/PID_NS",
      "/mnt/src/include/asm.h",
      "include/generated/numbers.h",
    ],
    tools: ["./tools/objtool"],
  });
  t.is(notes.read(note().replaceAll("wait.c", "wait.S")), undefined);
  t.is(notes.read("savedcmd_kernel/built-in.a := ar cDPrST\n"), undefined);
});
