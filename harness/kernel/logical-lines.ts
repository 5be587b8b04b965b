/** C as the preprocessor sees it, as far as that can be told without running it. Pure functions over text. */

/** Continued lines joined, comments gone, white space folded. Lines without anything are left out. */
export interface LogicalLine {
  readonly text: string;
  /** Where it began; from 1. */
  readonly number: number;
  /** The branches of conditions that it is in, outermost first. */
  readonly branches: readonly Branch[];
}

/** A branch of an #if: all lines that are in the same one are taken in together. */
export interface Branch {
  /** Options without which it is left out; those that leave it out. There may be more to its condition. */
  readonly needs: readonly string[];
  readonly bars: readonly string[];
}

/** Stands for a line's end that a backslash has joined; no source has it. */
const joint = "\u0001";

const lineEnd = new RegExp(`\n|${joint}`);

const commentOrLiteral = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

export function logicalLines(source: string): LogicalLine[] {
  const code = source
    .replace(/\\\r?\n/g, joint)
    .replace(commentOrLiteral, (match) =>
      match.startsWith("/") ? ` ${joint.repeat(match.split(lineEnd).length - 1)}` : match,
    );
  const lines: LogicalLine[] = [];
  const conditions = new Conditions();
  let number = 1;
  for (const raw of code.split("\n")) {
    const text = raw.replaceAll(joint, "").replace(/\s+/g, " ").trim();
    if (text) {
      if (text.startsWith("#")) conditions.take(text);
      lines.push({ text, number, branches: conditions.branches });
    }
    number += 1 + raw.split(joint).length - 1;
  }
  return lines;
}

const unknown = { needs: [], bars: [] };

/** Which branches are open. */
class Conditions {
  branches: readonly Branch[] = [];
  /** Of each, what its #else would be. */
  readonly #otherwise: Branch[] = [];

  take(text: string): void {
    const [, directive, condition = ""] = /^# ?(\w+) ?(.*)$/.exec(text) ?? [];
    if (directive === "if" || directive === "ifdef" || directive === "ifndef") {
      const [branch, otherwise] = branchesOf(directive, condition);
      this.branches = [...this.branches, branch];
      this.#otherwise.push(otherwise);
    } else if (directive === "elif" || directive === "else") {
      const branch = directive === "else" ? this.#otherwise.at(-1) : undefined;
      this.branches = [...this.branches.slice(0, -1), { ...(branch ?? unknown) }];
      this.#otherwise[this.branches.length - 1] = unknown;
    } else if (directive === "endif") {
      this.branches = this.branches.slice(0, -1);
      this.#otherwise.pop();
    }
  }
}

const atom = /^(! ?)?defined ?(?:\( ?(CONFIG_\w+) ?\)|(CONFIG_\w+))$/;

/** A condition's branch, and its #else. */
function branchesOf(directive: string, condition: string): [Branch, Branch] {
  const text = directive === "if" ? condition : `defined ${condition}`;
  const parts = text.split("&&").map((part) => part.trim());
  const [needs, bars]: [string[], string[]] = [[], []];
  for (const part of parts) {
    const [, not, inBrackets, bare] = atom.exec(part) ?? [];
    const option = inBrackets ?? bare;
    if (option !== undefined) (not === undefined ? needs : bars).push(option);
  }
  // Each part must hold by itself, but where there is an "or", or the parts of a bracket.
  const isRow = !/\|\||\?/.test(text) && parts.every(isBalanced);
  const branch = isRow ? { needs, bars } : { ...unknown };
  const isWhole = parts.length === 1 && needs.length + bars.length === 1;
  const opposite = isWhole ? { needs: bars, bars: needs } : { ...unknown };
  return directive === "ifndef" ? [opposite, branch] : [branch, opposite];
}

function isBalanced(text: string): boolean {
  return text.split("(").length === text.split(")").length;
}

/** "#define NAME..." and "#undef NAME", with what is behind the name. */
export const definition = /^# ?(?:define|undef) ([A-Za-z_]\w*)(.*)$/;

/** A line that is one call of a macro with plain arguments. */
const call = /^([A-Za-z_]\w*) ?\([\w ,]*\);?$/;

/** The macro that a line calls, if that is all it does; or "". */
export function called(text: string): string {
  return call.exec(text)?.[1] ?? "";
}

export function wordsOf(text: string): readonly string[] {
  return text.match(/\w+/g) ?? [];
}
