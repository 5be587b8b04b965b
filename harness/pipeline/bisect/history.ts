import type { PlannedSeries } from "../planned-series.ts";
import { filesOf, patchSet, type Patch } from "../../series.ts";
import { BisectRepository } from "../../source.ts";

/** What is bisected, as git sees it, and what makes the baseline's tree that of a commit. */
export interface History extends AsyncDisposable {
  readonly repository: BisectRepository;
  readonly good: string;
  readonly bad: string;
  /** The commits after good, oldest first, where each is to be asked; undefined where git is to choose. */
  readonly steps: readonly string[];
  /** The patches that lead from the baseline to a commit; undefined where there are none. */
  changes(commit: string): Promise<PlannedSeries | undefined>;
  /** The same for the bad end without one commit; a text says why there is no such thing. */
  without(commit: string): Promise<PlannedSeries | string>;
  /** A name for the commit's kernel, safe as a file's. */
  label(commit: string): string;
  /** What a commit is and does, for people. */
  show(commit: string): Promise<string>;
  /** The commits before one, as git sees them. */
  parents(commit: string): Promise<readonly string[]>;
}

/**
 * The commits between two of a repository, each with some series on top. The baseline is the good
 * end, so that the kernel of a commit is built from its objects: only what differs is compiled.
 * Throws what BisectRepository.of throws.
 */
export async function commitHistory(
  along: { readonly repository: string; readonly good: string; readonly bad: string },
  series: readonly PlannedSeries[],
  signal: AbortSignal,
): Promise<History> {
  const repository = await BisectRepository.of(along.repository, signal);
  const { good, bad } = along;
  const diff = async (from: string, to: string): Promise<Patch[]> => {
    const bytes = await repository.diff(from, to);
    if (bytes.length === 0) return [];
    const name = `${short(from)}..${short(to)}`;
    return [{ name, subject: name, diff: bytes, files: await filesOf(bytes, name, signal) }];
  };
  const onTop = async (commit: string): Promise<readonly Patch[]> => {
    const version = await repository.version(commit);
    const sets = series.map(({ series: each, set }) =>
      version ? each.patchesFor(version) : Promise.resolve(set),
    );
    return (await Promise.all(sets)).flatMap(({ patches }) => patches);
  };
  return {
    repository,
    good,
    bad,
    steps: [],
    changes: async (commit) =>
      planned(short(commit), [...(await diff(good, commit)), ...(await onTop(commit))]),
    without: async (commit) => {
      const [parent, ...others] = await repository.parents(commit);
      if (parent === undefined || others.length > 0)
        return "it is a merge, which has no one revert";
      const patches = [...(await diff(good, bad)), ...(await diff(commit, parent))];
      const name = `${short(bad)}-without-${short(commit)}`;
      return planned(name, [...patches, ...(await onTop(bad))]) ?? "it changes nothing";
    },
    label: short,
    show: (commit) => repository.show(commit),
    parents: (commit) => repository.parents(commit),
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
  };
}

/**
 * The patches of a series as a history: the good end is the kernel without it, the bad end has all.
 * `everyone`: each patch is to be asked, not only those that git chooses.
 */
export async function patchHistory(
  { series, set }: PlannedSeries,
  everyone: boolean,
  signal: AbortSignal,
): Promise<History> {
  const { patches } = set;
  const subjects = patches.map(({ name, subject }) => subject || name);
  const { repository, commits } = await BisectRepository.ofSubjects(
    [`the kernel without ${series.name}`, ...subjects],
    signal,
  );
  const [good = "", ...after] = commits;
  /** How many patches a commit has; 0 for the good end. */
  const count = (commit: string) => commits.indexOf(commit);
  const label = (commit: string) => (commit === good ? "baseline" : `patch-${count(commit)}`);
  return {
    repository,
    good,
    bad: after.at(-1) ?? good,
    steps: everyone ? after : [],
    changes: (commit) => Promise.resolve(planned(label(commit), patches.slice(0, count(commit)))),
    without: (commit) => {
      const others = patches.filter((_, index) => index !== count(commit) - 1);
      const name = `without-${label(commit)}`;
      return Promise.resolve(planned(name, others) ?? "it is the series' only patch");
    },
    label,
    show: (commit) => {
      const patch = patches[count(commit) - 1];
      if (!patch) return Promise.resolve("");
      const files = patch.files.map((file) => `    ${file}`);
      return Promise.resolve([`${patch.name}: ${patch.subject}`, "", ...files, ""].join("\n"));
    },
    parents: (commit) => repository.parents(commit),
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
  };
}

function planned(name: string, patches: readonly Patch[]): PlannedSeries | undefined {
  if (patches.length === 0) return undefined;
  const set = patchSet(patches, name);
  const words = { name, title: name, control: false, suites: [], proves: [] };
  return { series: { ...words, patchesFor: () => Promise.resolve(set) }, set };
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
