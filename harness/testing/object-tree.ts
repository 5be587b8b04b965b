import { rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";
import { keepObjects } from "../kernel/kept-objects.ts";
import { temporaryDir, writeFiles } from "./tree.ts";

/** kbuild's note of kernel/wait.o. */
export const note = (command = "gcc -c -o kernel/wait.o /mnt/src/kernel/wait.c") => `\
savedcmd_kernel/wait.o := ${command}

source_kernel/wait.o := /mnt/src/kernel/wait.c

deps_kernel/wait.o := \\
    $(wildcard include/config/PID_NS) \\
  /mnt/src/include/asm.h \\
  include/generated/numbers.h \\

kernel/wait.o: $(deps_kernel/wait.o)

$(deps_kernel/wait.o):

kernel/wait.o: $(wildcard ./tools/objtool)
`;

export interface ObjectTreeCase {
  /** The generated header, before and after. */
  readonly numbers: readonly [string, string];
  readonly asm?: string;
  readonly code?: string;
  readonly command?: string;
  /** The kernel's options: "SMP". */
  readonly options?: readonly string[];
  /** Another object includes the header, and is compiled. */
  readonly isCompiledElsewhere?: boolean;
}

/** One object of a kernel whose generated header is newer. */
export class ObjectTree {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async of(its: ObjectTreeCase): Promise<ObjectTree> {
    const { numbers, asm = "", code = "int wait;\n", command, options = [] } = its;
    const kernel = new ObjectTree(await temporaryDir());
    const [before, after] = numbers;
    const source = { "include/asm.h": asm, "kernel/wait.c": code };
    const object = {
      "kernel/wait.o": "",
      "kernel/.wait.o.cmd": note(command),
      "tools/objtool": "",
      "include/generated/autoconf.h": options
        .map((option) => `#define CONFIG_${option} 1\n`)
        .join(""),
      ...(its.isCompiledElsewhere && {
        "kernel/gone.o": "",
        "kernel/.gone.o.cmd": note().replaceAll("wait", "gone"),
      }),
    };
    for (const [tree, text] of [
      ["baseline", before],
      ["patched", after],
    ] as const) {
      await writeFiles(path.join(kernel.dir, tree, "src"), source);
      const header = { "include/generated/numbers.h": text };
      await writeFiles(path.join(kernel.dir, tree, "obj"), { ...object, ...header });
    }
    for (const name of ["src/include/asm.h", "src/kernel/wait.c", "obj/tools/objtool"])
      await kernel.setTime(name, 1000);
    await kernel.setTime("obj/kernel/wait.o", 2000);
    if (its.isCompiledElsewhere) await kernel.setTime("obj/kernel/gone.o", 2000);
    await kernel.setTime("obj/include/generated/numbers.h", 3000);
    return kernel;
  }

  place(name: string): string {
    return path.join(this.dir, "patched", name);
  }

  async setTime(name: string, seconds: number): Promise<void> {
    await utimes(this.place(name), seconds, seconds);
  }

  async seconds(name: string): Promise<number> {
    return (await stat(this.place(name))).mtimeMs / 1000;
  }

  keep() {
    const tree = (name: string) => ({
      objects: path.join(this.dir, name, "obj"),
      source: path.join(this.dir, name, "src"),
    });
    return keepObjects({
      ...tree("patched"),
      baseline: tree("baseline"),
      inside: { obj: "/mnt/obj", src: "/mnt/src" },
    });
  }

  /** What the compiler proper gets of kernel/wait.c, and whether that much can be done. */
  async tokens(tree: "baseline" | "patched"): Promise<string> {
    const includes = ["src", "obj"].map((name) => `-I${path.join(this.dir, tree, name)}/include`);
    const code = path.join(this.dir, tree, "src/kernel/wait.c");
    // What is only a warning, such as one macro's second definition, changes no object.
    const { exitCode, stdout } = await exec("gcc", ["-E", "-P", "-w", ...includes, code]);
    return `${String(exitCode)}: ${stdout}`;
  }

  /** What the compiler makes of a file; undefined for an error. */
  async assembly(tree: "baseline" | "patched", file: string): Promise<string | undefined> {
    const dir = path.join(this.dir, tree);
    const options = ["-S", "-O1", "-w", "-x", "c", "-o", "-"];
    const includes = [`-I${dir}/src/include`, `-I${dir}/obj/include`];
    const { exitCode, stdout } = await exec("gcc", [...options, ...includes, path.join(dir, file)]);
    return exitCode === 0 ? stdout : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}
