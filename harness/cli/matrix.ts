import { exitStatus } from "../model/failure.ts";
import { cellName } from "../model/matrix.ts";
import { cellOptions } from "./run-options.ts";
import { defineCommand } from "./command.ts";
import { wantedCells } from "./wanted-cells.ts";

export const matrixCommand = defineCommand({
  command: "matrix",
  describe:
    "Says which cells run would run: every architecture with every kernel, or a part of them",
  examples: [
    ["matrix --arch all --kernel apt:5.10 --kernel apt:6.12 --json", "for a plan job"],
    ["matrix --arch all --kernel apt:6.12 --shard 1/4", "the first of four parts"],
  ],
  options: (yargs) =>
    cellOptions(yargs)
      .option("shard", { type: "string", describe: "I/N: the I-th of N parts of the cells" })
      .option("json", { type: "boolean", default: false, describe: "the cells as JSON" }),
  run: async (args, { print }) => {
    const { cells, request } = await wantedCells(args);
    const { series } = request;
    if (args.json) print(JSON.stringify({ cells: cells.map((cell) => ({ ...cell, series })) }));
    else for (const cell of cells) print([cellName(cell), ...series].join(" "));
    return exitStatus.ok;
  },
});
