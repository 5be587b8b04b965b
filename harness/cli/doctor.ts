import path from "node:path";
import { findArch, loadArches } from "../arch.ts";
import { cureFor, diagnose, isWanting, type Diagnosis, type Piece } from "../doctor.ts";
import { commandLineFor, install } from "../doctor/install.ts";
import { exitStatus } from "../model/failure.ts";
import { printable } from "../model/printable.ts";
import { projectDir } from "../paths.ts";
import { defineCommand } from "./command.ts";

export const doctorCommand = defineCommand({
  command: "doctor",
  describe: "Says what this machine lacks, what for, and how to install it",
  examples: [
    ["doctor", "compilers, QEMU, sandbox, disk, memory, KVM, apt: what is there and what is not"],
    ["doctor --arch all", "which architectures this machine can do, and what adds the rest"],
    ["doctor --install", "install what is missing, as root or through sudo"],
    ["doctor --json | jq .ready", "for scripts"],
  ],
  options: (yargs) =>
    yargs
      .option("arch", {
        type: "string",
        default: "x86_64",
        describe: "architecture to look for, or all",
      })
      .option("install", { type: "boolean", default: false, describe: "install what is missing" })
      .option("quiet", { type: "boolean", default: false, describe: "say only what is not right" })
      .option("json", { type: "boolean", default: false, describe: "the findings as JSON" }),
  run: async (args, { print, remark, signal }) => {
    const arches = args.arch === "all" ? await loadArches() : [await findArch(args.arch)];
    const options = { full: !args.quiet, resultsDir: path.join(projectDir, "results"), signal };
    let diagnosis = await diagnose(arches, options);
    const cure = cureFor(diagnosis);
    if (args.install && cure.packages.length + cure.commands.length > 0) {
      const missing = diagnosis.pieces.filter(isWanting);
      for (const piece of missing.filter((each) => each.importance !== "optional"))
        remark(describe(piece));
      try {
        await install(cure, { say: remark, terminal: process.stdin.isTTY });
      } catch (thrown) {
        // What is only recommended stops nothing.
        if (!diagnosis.ready) throw thrown;
      }
      diagnosis = await diagnose(arches, options);
    }
    if (args.json) print(JSON.stringify({ ...diagnosis, install: cureFor(diagnosis) }, null, 2));
    else report(diagnosis, args.quiet, print);
    return diagnosis.ready ? exitStatus.ok : exitStatus.infra;
  },
});

function report(diagnosis: Diagnosis, quiet: boolean, print: (text: string) => void): void {
  const { pieces, ready, arches } = diagnosis;
  const shown = pieces.filter(
    (piece) => !quiet || (isWanting(piece) && piece.importance === "needed"),
  );
  for (const group of new Set(shown.map((piece) => piece.group))) {
    print(group);
    for (const piece of shown.filter((each) => each.group === group)) print(describe(piece));
  }
  if (!quiet && arches.length > 1) printArches(diagnosis, print);
  const cure = cureFor(diagnosis);
  if (cure.packages.length + cure.commands.length > 0 && !(quiet && ready))
    print(`\nto install what is missing (or harness doctor --install):\n  ${commandLineFor(cure)}`);
  const names = (isReady: boolean) =>
    arches
      .filter((arch) => arch.ready === isReady)
      .map(({ name }) => name)
      .join(", ");
  if (!quiet && names(true)) print(`\nready for ${names(true)}`);
  if (!quiet && names(false)) print(`\nnot ready for ${names(false)}: see what is missing above`);
}

/** One line for each architecture. */
function printArches({ arches }: Diagnosis, print: (text: string) => void): void {
  print("architectures");
  for (const { name, ready, pieces } of arches) {
    const lacking = pieces
      .filter((piece) => isWanting(piece) && piece.importance === "needed")
      .map((piece) => `${piece.name}: ${piece.detail}`);
    print(
      printable(
        `  ${(ready ? "ok" : "not").padEnd(8)}${name.padEnd(20)} ${lacking.join("; ")}`,
      ).trimEnd(),
    );
  }
}

function describe(piece: Piece): string {
  const mark = isWanting(piece) && piece.importance !== "needed" ? "without" : piece.state;
  const line = `  ${mark.padEnd(8)}${piece.name.padEnd(20)} ${piece.detail}`;
  const lines = [line.trimEnd()];
  if (isWanting(piece)) {
    const packages = piece.packages.length > 0 ? ` (${piece.packages.join(" ")})` : "";
    lines.push(`${" ".repeat(31)}for: ${piece.purpose}${packages}`);
  }
  if (piece.hint !== undefined) lines.push(`${" ".repeat(31)}${piece.hint}`);
  return printable(lines.join("\n"));
}
