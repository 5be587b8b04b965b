import type { ArgumentsCamelCase, Argv } from "yargs";

/** What a command gets beside its arguments. */
export interface Context {
  /**
   * Aborted by the first Ctrl-C (or SIGTERM, SIGHUP): stop what is under way in order, keep what is
   * there, then return or throw. The exit status is then 3 whatever the command returns.
   */
  readonly signal: AbortSignal;
  /** To be called by a command whose work is done, and which waits for the signal as its end: its status then counts. */
  readonly doneUntilInterrupted: () => void;
  /** Prints result text to stdout; a newline is added. */
  readonly print: (text: string) => void;
  /** Prints a remark to stderr, so that stdout stays parseable; a newline is added. */
  readonly remark: (text: string) => void;
}

/** One command of the program, as its file states it. */
export interface CommandSpec<Args> {
  /** Name and positional arguments in yargs' notation, such as "show <run> [case]". */
  readonly command: string;
  readonly describe: string;
  /** Real command lines for --help, without the program's name, and what each does. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  /** Whether words behind "--" are for the command: they come as args["--"]. */
  readonly takesProgram?: boolean;
  /** Declares positionals and options. Kernel versions and the like must be strings: 6.10 is not 6.1. */
  readonly options: (yargs: Argv) => Argv<Args>;
  /**
   * Does the work; gives the exit status (model/failure.ts). A thrown Failure is printed by main,
   * and its blame becomes the exit status.
   */
  readonly run: (args: ArgumentsCamelCase<Args>, context: Context) => Promise<number>;
}

/** How main runs a command that was chosen on the command line. */
export type Start = (work: (context: Context) => Promise<number>) => Promise<void>;

/** The parts of yargs' option table that the program reads; its published types leave the table out. */
export interface OptionTable {
  /** All options and positionals by name. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly array: readonly string[];
  readonly boolean: readonly string[];
  readonly string: readonly string[];
  readonly number: readonly string[];
  readonly choices: Readonly<Record<string, readonly unknown[]>>;
}

export function optionTable(yargs: Argv): OptionTable {
  return (yargs as unknown as { getOptions(): OptionTable }).getOptions();
}

/** A command with its argument types hidden, ready for main's list. */
export interface Command {
  readonly name: string;
  readonly describe: string;
  /** Names of its positional arguments. */
  readonly positionals: readonly string[];
  readonly takesProgram: boolean;
  /** Makes yargs know the command; `start` is called when it is the chosen one. */
  addTo(yargs: Argv, start: Start): void;
  /** Declares only its options. */
  declareOptions(yargs: Argv): void;
}

/** Makes a command that main can list. */
export function defineCommand<Args>(spec: CommandSpec<Args>): Command {
  return {
    name: spec.command.split(" ")[0] ?? spec.command,
    describe: spec.describe,
    takesProgram: spec.takesProgram ?? false,
    positionals: [...spec.command.matchAll(/[<[]([\w-]+)/g)].map((match) => match[1] ?? ""),
    addTo: (yargs, start) => {
      yargs.command(
        spec.command,
        spec.describe,
        (argv) => {
          for (const [line, what] of spec.examples ?? []) argv.example(`$0 ${line}`, what);
          const options = spec.options(argv);
          // yargs would take `--arch` without a value as its default; only a boolean may stand alone.
          const { key, boolean } = optionTable(argv);
          argv.requiresArg(Object.keys(key).filter((name) => !boolean.includes(name)));
          return options;
        },
        (args) => start((context) => spec.run(args, context)),
      );
    },
    declareOptions: (yargs) => {
      spec.options(yargs);
    },
  };
}
