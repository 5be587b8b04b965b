import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import yargs from "yargs";
import { loadArches } from "../arch.ts";
import { exitStatus } from "../model/failure.ts";
import { projectDir } from "../paths.ts";
import { defineCommand, optionTable, type Command } from "./command.ts";

export const completionCommand = defineCommand({
  command: "completion",
  describe: "Prints a script for bash and zsh that defines `harness` and completes its words",
  examples: [["completion >> ~/.bashrc", "completion in every new shell"]],
  options: (yargs) => yargs,
  run: async (_args, { print }) => {
    print(completionScript(path.join(projectDir, "build/harness/bin.js")));
    return exitStatus.ok;
  },
});

/** The shell script; `bin` is the program's absolute path, so that it works from any folder. */
function completionScript(bin: string): string {
  const program = `node '${bin.replaceAll("'", `'\\''`)}'`;
  return `# harness: the command and its completion, for bash and zsh
harness() { ${program} "$@"; }
[ -n "\${ZSH_VERSION:-}" ] && autoload -U +X bashcompinit && bashcompinit
_harness_words() {
    COMPREPLY=( $(compgen -W "$(${program} --complete "\${COMP_WORDS[@]}")" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -F _harness_words harness`;
}

/** Names on disk that stand behind an option; fixed choices come from the option tables. */
const namesOnDisk: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  arch: async () => (await loadArches()).map((arch) => arch.name),
  series: async () => foldersWith("patches", "series.json"),
  suite: async () => foldersWith("selftests", "Makefile"),
};

/** What the last of `words` (the program's name first) may become. */
export async function completionsFor(
  words: readonly string[],
  commands: readonly Command[],
): Promise<readonly string[]> {
  // bash hands over "--arch=x" as three words.
  const typed = words.slice(1).filter((word) => word !== "=");
  const current = (words.at(-1) === "=" ? "" : typed.pop()) ?? "";
  const command = commands.find((each) => each.name === typed[0]);
  const candidates =
    command === undefined
      ? [...commands.map((each) => each.name), "--help", "--version"]
      : await wordsOf(command, typed.slice(1), current);
  return candidates.filter((word) => word.startsWith(current));
}

async function wordsOf(
  command: Command,
  before: readonly string[],
  current: string,
): Promise<readonly string[]> {
  const parser = yargs();
  command.declareOptions(parser);
  const table = optionTable(parser);
  // The option whose value this word is: the one before it, or one further back that takes several.
  const last = before.findLastIndex((word) => word.startsWith("--"));
  const option = (before[last] ?? "").slice(2);
  const isValue =
    !current.startsWith("-") &&
    option in table.key &&
    !table.boolean.includes(option) &&
    (last === before.length - 1 || table.array.includes(option));
  if (!isValue)
    return Object.keys(table.key)
      .filter((name) => !command.positionals.includes(name))
      .map((name) => `--${name}`);
  const choices = table.choices[option]?.map(String);
  return choices ?? (await namesOnDisk[option]?.()) ?? [];
}

function foldersWith(folder: string, file: string): string[] {
  const dir = path.join(projectDir, folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => existsSync(path.join(dir, name, file)));
}
