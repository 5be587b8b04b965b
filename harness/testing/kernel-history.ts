import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { exec } from "../exec.ts";

/** What a commit of the made history is there for. */
export type Kind = "plain" | "header" | "unbuildable" | "unbootable" | "flaky" | "culprit" | "mend";

export interface MadeCommit {
  readonly id: string;
  readonly number: number;
  readonly kind: Kind;
}

/** The case that the culprit breaks, for good, and one that another commit breaks in some boots. */
export const brokenCase = "ptrace-syscall-info.values.exit_tells_errors";
export const flakyCase = "ptrace-syscall-info.seccomp.entry_seccomp_exit";

/** Files that change on the way and say nothing of ptrace. */
const sources = [
  ...["fs/pipe.c", "fs/eventfd.c", "fs/signalfd.c", "fs/timerfd.c", "fs/fcntl.c", "fs/readdir.c"],
  ...["fs/stat.c", "fs/statfs.c", "kernel/sys.c", "kernel/pid.c", "kernel/groups.c"],
  ...["kernel/params.c", "kernel/ucount.c", "kernel/user.c", "lib/string.c", "lib/sort.c"],
];
const headers = ["pipe_fs_i", "signalfd", "timerfd", "user_namespace"].map(
  (name) => `include/linux/${name}.h`,
);

interface Change {
  readonly kind: Kind;
  readonly file: string;
  readonly edit: (text: string) => string;
}

/** The 42 commits after the tree itself: what is not told apart here is plain. */
function changes(): readonly Change[] {
  const special: Readonly<Record<number, Change>> = {
    6: breaking("kernel/groups.c"),
    7: mending("kernel/groups.c"),
    15: {
      kind: "flaky",
      file: "kernel/ptrace.c",
      // In every other boot or so, and then always.
      edit: replacing(
        "	info->seccomp.ret_data = child->ptrace_message;\n",
        [
          "	static int unlucky = -1;\n",
          "	if (unlucky < 0)",
          "		unlucky = get_random_u32_below(2);",
          "	info->seccomp.ret_data = unlucky ? 0 : child->ptrace_message;\n",
        ].join("\n"),
        '#include "linux/random.h"\n',
      ),
    },
    20: breaking("kernel/ucount.c"),
    21: mending("kernel/ucount.c"),
    24: {
      kind: "unbootable",
      file: "init/main.c",
      edit: replacing(
        "void start_kernel(void)\n{\n",
        'void start_kernel(void)\n{\n	panic("made so");\n',
      ),
    },
    25: { kind: "mend", file: "init/main.c", edit: replacing('	panic("made so");\n', "") },
    29: {
      kind: "culprit",
      file: "kernel/ptrace.c",
      edit: replacing("info->exit.is_error = !!info", "info->exit.is_error = !info"),
    },
  };
  return Array.from({ length: 42 }, (_, i): Change => {
    const number = i + 1;
    const isHeader = number % 9 === 0;
    const files = isHeader ? headers : sources;
    const made = `made_${number}`;
    return (
      special[number] ?? {
        kind: isHeader ? "header" : "plain",
        file: files[number % files.length] ?? "",
        edit: (text) =>
          isHeader
            ? text.replace(/#endif[^#]*$/, (end) => `#define ${made} ${number}\n${end}`)
            : `${text}\nstatic const int __maybe_unused ${made} = ${number};\n`,
      }
    );
  });
}

function breaking(file: string): Change {
  return { kind: "unbuildable", file, edit: (text) => `${text}\n#error made so\n` };
}

function mending(file: string): Change {
  return { kind: "mend", file, edit: replacing("\n#error made so\n", "") };
}

function replacing(from: string, to: string, atTheTop = ""): (text: string) => string {
  return (text) => {
    if (!text.includes(from)) throw new Error(`"${from}" is not in the file that a commit changes`);
    return atTheTop + text.replace(from, () => to);
  };
}

/**
 * Makes a git repository at `repository` with a kernel tree as its first commit and 42 over it; gives
 * all of them, the tree as number 0.
 */
export async function makeKernelHistory(
  tree: string,
  repository: string,
): Promise<readonly MadeCommit[]> {
  const run = async (command: string, ...args: string[]): Promise<string> => {
    const { exitCode, stdout, output } = await exec(command, args);
    if (exitCode !== 0) throw new Error(`${command} ${args.join(" ")}: ${output}`);
    return stdout.trim();
  };
  const who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
  const git = (...args: string[]) =>
    run("git", "-C", repository, ...who, "-c", "core.looseCompression=0", ...args);
  const commits: MadeCommit[] = [];
  const commit = async (kind: Kind, subject: string) => {
    await git("commit", "--quiet", "--no-verify", "-a", "-m", subject);
    commits.push({ id: await git("rev-parse", "HEAD"), number: commits.length, kind });
  };
  await mkdir(path.dirname(repository), { recursive: true });
  await run("cp", "-a", "--reflink=auto", tree, repository);
  await git("init", "--quiet");
  await git("config", "gc.auto", "0");
  await git("add", "--force", "--all");
  await commit("plain", "the tree");
  for (const [i, { kind, file, edit }] of changes().entries()) {
    const where = path.join(repository, file);
    const before = await readFile(where, "utf8");
    const after = edit(before);
    if (after === before) throw new Error(`commit ${i + 1} changes nothing in ${file}`);
    await writeFile(where, after);
    await commit(kind, `${i + 1}: ${kind}: ${file}`);
  }
  return commits;
}
