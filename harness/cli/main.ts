import { setMaxListeners } from "node:events";
import yargs, { type Argv } from "yargs";
import {
  exitStatus,
  exitStatusFor,
  Failure,
  failureDetails,
  type FailureDetails,
} from "../model/failure.ts";
import { failureText } from "../model/failure-text.ts";
import { harnessVersion } from "../version.ts";
import { optionTable, type Command, type Context, type Start } from "./command.ts";
import { completionsFor } from "./completion.ts";

/**
 * All commands, in the order --help shows them. Each is loaded when it is wanted: some bring an ssh
 * client or a terminal library, and `harness doctor` runs at the start of every `npm start`.
 */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).runCommand,
  build: async () => (await import("./build.ts")).buildCommand,
  boot: async () => (await import("./boot.ts")).bootCommand,
  syscalls: async () => (await import("./syscalls.ts")).syscallsCommand,
  trace: async () => (await import("./trace.ts")).traceCommand,
  show: async () => (await import("./show.ts")).showCommand,
  compare: async () => (await import("./compare.ts")).compareCommand,
  history: async () => (await import("./history.ts")).historyCommand,
  table: async () => (await import("./table.ts")).tableCommand,
  post: async () => (await import("./post.ts")).postCommand,
  merge: async () => (await import("./merge.ts")).mergeCommand,
  results: async () => (await import("./results.ts")).resultsCommand,
  mutants: async () => (await import("./mutants.ts")).mutantsCommand,
  nightly: async () => (await import("./nightly.ts")).nightlyCommand,
  bisect: async () => (await import("./bisect.ts")).bisectCommand,
  matrix: async () => (await import("./matrix.ts")).matrixCommand,
  series: async () => (await import("./series.ts")).seriesCommand,
  list: async () => (await import("./list.ts")).listCommand,
  clean: async () => (await import("./clean.ts")).cleanCommand,
  calibrate: async () => (await import("./calibrate.ts")).calibrateCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
};

/** The command of this name alone; all of them where there is none of this name. */
async function commandsFor(name: string | undefined): Promise<readonly Command[]> {
  const load = name !== undefined && Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  return load ? [await load()] : Promise.all(Object.values(loaders).map((each) => each()));
}

/** Where a command's text goes. */
export interface Output {
  readonly print: (text: string) => void;
  readonly remark: (text: string) => void;
}

/**
 * Runs one command line (without node and the script's name). Gives the exit status; prints
 * failures; never throws and never ends the process.
 */
export async function main(
  argv: readonly string[],
  signal: AbortSignal,
  output: Output,
  given?: readonly Command[],
): Promise<number> {
  // What the script of `harness completion` asks: the words so far, the last one unfinished.
  if (argv[0] === "--complete") {
    const words = argv.slice(1);
    const commands = given ?? (await commandsFor(words[1]));
    output.print((await completionsFor(words, commands)).join("\n"));
    return exitStatus.ok;
  }
  // Answered without loading every command.
  if (argv[0] === "--version") {
    output.print(await harnessVersion());
    return exitStatus.ok;
  }
  let status: number = exitStatus.ok;
  let isDone = false as boolean;
  const start: Start = async (work) => {
    const doneUntilInterrupted = () => {
      isDone = !signal.aborted;
    };
    status = await perform(work, { signal, doneUntilInterrupted, ...output });
  };
  try {
    // yargs itself prints help, version and completion words to stdout.
    const commands = given ?? (await commandsFor(argv[0]));
    await (await commandLine(argv, start, commands)).parseAsync();
  } catch (thrown) {
    const failure = failureDetails(thrown);
    output.remark(failureText(failure));
    status = exitStatusFor([failure.blame]);
  }
  // A command may have a stronger word for what is no result (bisect --judge).
  return signal.aborted && !isDone && status < 128 ? exitStatus.infra : status;
}

async function commandLine(
  argv: readonly string[],
  start: Start,
  commands: readonly Command[],
): Promise<Argv> {
  const isCommand = (word: unknown) => commands.some((command) => command.name === word);
  const hint =
    typeof argv[0] === "string" && isCommand(argv[0])
      ? `harness ${argv[0]} --help`
      : "harness --help";
  // git is asked only when the answer is wanted.
  const version = argv.includes("--version") ? await harnessVersion() : "";
  const parser = yargs([...argv])
    .scriptName("harness")
    .usage(
      "$0 <command>\n\nBuilds a baseline and a patched Linux kernel, boots both in QEMU, runs the same test\nsuites in both and says what the patch series changed.",
    )
    .version(version)
    .help()
    .alias("help", "h")
    .parserConfiguration({
      "parse-positional-numbers": false,
      "boolean-negation": false,
      "populate--": true,
    })
    .strict()
    .recommendCommands()
    .demandCommand(1, "no command given")
    .wrap(100)
    .epilogue(
      "Exit status: 0 nothing wrong, 1 the series' fault, 2 wrong command line,\n3 this machine's, a suite's or the harness's fault (or interrupted), 4 the baseline's fault.",
    )
    .exitProcess(false)
    .showHelpOnFail(false)
    .check((args) => {
      const chosen = commands.find((command) => command.name === argv[0]);
      return checkValues(parser, args, chosen, hint);
    })
    .fail((message: string | null, error: unknown) => {
      if (error instanceof Failure) throw error;
      if (message === null) throw error;
      throw usageFailure(message, argv[0] ?? "", isCommand(argv[0]), hint);
    });
  for (const command of commands) command.addTo(parser, start);
  return parser;
}

async function perform(
  work: (context: Context) => Promise<number>,
  context: Context,
): Promise<number> {
  try {
    return await work(context);
  } catch (thrown) {
    const failure = failureDetails(thrown);
    // What stopping breaks is no failure of its own; a bug is one even then.
    const stopped = thrown instanceof Failure || isAbort(thrown);
    if (context.signal.aborted && stopped) context.remark("harness: interrupted");
    else context.remark(failureText(failure));
    return exitStatusFor([failure.blame]);
  }
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "AbortError";
}

/**
 * What yargs lets through: an option given twice (it would arrive as an array where the command
 * was promised one value), an empty value, a number that is none.
 */
function checkValues(
  parser: Argv,
  args: Readonly<Record<string, unknown>>,
  command: Command | undefined,
  hint: string,
): true {
  const table = optionTable(parser);
  const wrong = (what: string) =>
    new Failure({ reason: "bad-option-value", blame: "usage", what, hint });
  // Strict mode does not look behind "--".
  const behind = (args["--"] ?? []) as readonly unknown[];
  const [, extra] = [
    ...(args["_"] as readonly unknown[]),
    ...(command?.takesProgram ? [] : behind),
  ];
  if (typeof extra === "string") throw wrong(`unknown option or argument: ${extra}`);
  for (const [name, value] of Object.entries(args)) {
    if (name === "_" || name === "$0" || name === "--") continue;
    const flag = `--${name}`;
    const values: unknown[] = Array.isArray(value) ? value : [value];
    if (Array.isArray(value) && !table.array.includes(name)) throw wrong(`${flag} is given twice`);
    if (table.string.includes(name) && values.includes("")) throw wrong(`${flag} needs a value`);
    // Of a positional there may be none.
    const isPositional = command?.positionals.includes(name) ?? false;
    const isEmpty = Array.isArray(value) && value.length === 0 && !isPositional;
    if (table.array.includes(name) && isEmpty) throw wrong(`${flag} needs a value`);
    if (table.number.includes(name) && values.some((each) => Number.isNaN(each)))
      throw wrong(`${flag} needs a number`);
  }
  return true;
}

/** yargs' complaint about the command line in the program's own words. */
function usageFailure(message: string, first: string, isCommand: boolean, hint: string): Failure {
  const [said = message, ...more] = message.split("\n").filter((line) => line.trim() !== "");
  let what = [said.charAt(0).toLowerCase() + said.slice(1), ...more].join("; ");
  if (first !== "" && !first.startsWith("-") && !isCommand) {
    what = `there is no command "${first}"`;
    if (said.startsWith("Did you mean")) what += `; did you mean "${said.slice(13, -1)}"?`;
  } else {
    // yargs names an unknown option twice, as typed and in camel case.
    what = what
      .replace(/^unknown arguments?: (\S+?)(, .*)?$/, "unknown option or argument: $1")
      .replace(/^not enough arguments following: (.*)$/, "--$1 needs a value")
      .replace(/^not enough non-option arguments: (.*)$/, "arguments are missing ($1)")
      .replace(
        /^invalid values:; +Argument: (\S+), Given: (.*), Choices: (.*)$/,
        "$1 cannot be $2; it is one of $3",
      );
  }
  return new Failure({ reason: "usage", blame: "usage", what, hint });
}

/** Runs a command line as the process: terminal, signals, and the end of the process. */
export async function runToExit(
  argv: readonly string[],
  commands?: readonly Command[],
): Promise<never> {
  const controller = new AbortController();
  // Every program that runs listens for its end: for all architectures, more at once than Node's warning is for.
  setMaxListeners(0, controller.signal);
  const remark = (text: string) => {
    process.stderr.write(`${text}\n`);
  };
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that went away (a closed pager, a lost terminal) is no reason to lose the work.
    stream.on("error", () => undefined);
  }
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      // exec.ts ends the process groups of all commands when the process exits.
      if (controller.signal.aborted) process.exit(exitStatus.infra);
      remark("harness: stopping in order and keeping what is there; once more stops at once");
      controller.abort();
    });
  }
  // Node's own status for an uncaught error is 1, which here says that the series is at fault.
  process.on("uncaughtException", (thrown: unknown) => {
    const failure: FailureDetails = failureDetails(thrown);
    remark(failureText(failure));
    process.exit(exitStatusFor([failure.blame]));
  });
  // With nothing left to wait for, Node would end with status 0: all well, and nothing was done.
  process.on("beforeExit", () => {
    remark("error: the harness stopped in the middle of its work (a bug in the harness)");
    process.exit(exitStatus.infra);
  });
  const print = (text: string) => {
    process.stdout.write(`${text}\n`);
  };
  const status = await main(argv, controller.signal, { print, remark }, commands);
  // A pipe takes 64 KiB at a time, and what it has not taken yet ends with the process.
  await Promise.all([process.stdout, process.stderr].map(written));
  // An open socket or timer that a command forgot must not keep the program alive.
  process.exit(status);
}

/** Waits until a stream has handed on all that was written to it, or never will. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => {
      resolve();
    });
  });
}
