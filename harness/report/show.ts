import { compareRevisions } from "../model/across.ts";
import { oneLine } from "../model/escape.ts";
import { boundedLines, printable } from "../model/printable.ts";
import type { BootRecord, KernelRecord, RunRecord } from "../model/run.ts";
import { conclusionLines } from "./conclusion.ts";
import { acrossLines } from "./matrix.ts";
import { counted, duration } from "./sentences.ts";

/** A run's summary for a terminal. `dir`: the run's folder. */
export function runReport(record: RunRecord, dir: string): string[] {
  const lines = [
    `${oneLine(record.id)}: ${record.status}`,
    `kernel ${oneLine(record.kernel.version)} (${oneLine(record.kernel.description)}), ${oneLine(record.arch)}, ${oneLine(record.toolchain)}`,
  ];
  for (const kernel of record.kernels) {
    const cases = kernel.boots.flatMap((boot) => boot.cases);
    const verdicts = new Map<string, number>();
    for (const { verdict } of cases) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    const said = [...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
    const splats = kernel.boots.reduce((sum, boot) => sum + boot.splats.length, 0);
    const built = kernel.cached ? "cached" : `built in ${duration(kernel.buildSeconds)}`;
    lines.push(
      `  ${oneLine(kernel.label)}: ${built}, ${counted(kernel.boots.length, "boot")}, ` +
        `${said || "no case"}${splats > 0 ? `, ${counted(splats, "splat")}` : ""}`,
    );
  }
  lines.push(...compareRevisions(record).flatMap(acrossLines));
  return [...lines, ...conclusionLines(record, { seconds: record.seconds, report: dir })];
}

/**
 * The full name of a case that is named in full or by its end ("echild" for "wait6.basic.echild");
 * a list of names when several end so, an empty one when none does.
 */
export function caseNamed(record: RunRecord, text: string): string | readonly string[] {
  const names = new Set([
    ...record.comparisons.flatMap((each) => each.cases.map(({ name }) => name)),
    ...record.kernels.flatMap((kernel) =>
      kernel.boots.flatMap((boot) => boot.cases.map(({ name }) => name)),
    ),
  ]);
  if (names.has(text)) return text;
  const ending = [...names].filter((name) => name.endsWith(`.${text}`));
  const [only] = ending;
  return ending.length === 1 && only !== undefined ? only : ending;
}

/**
 * One case on each kernel: verdict, reason, diagnostics, and the part of the console that belongs
 * to it. `readConsole` gives the bytes of a range of a console, undefined when the file is gone.
 */
export async function caseReport(
  record: RunRecord,
  name: string,
  readConsole: (file: string, range: readonly [number, number]) => Promise<Buffer | undefined>,
): Promise<string[]> {
  const lines = [oneLine(name)];
  for (const comparison of record.comparisons) {
    const found = comparison.cases.find((each) => each.name === name);
    if (!found) continue;
    const proof = found.proof === undefined ? "" : `, ${found.proof}`;
    lines.push(`  ${oneLine(comparison.series)}: ${found.transition}${proof}`);
  }
  for (const kernel of record.kernels) {
    for (const boot of kernel.boots) {
      lines.push(...(await bootLines(kernel, boot, name, readConsole)));
    }
  }
  return lines;
}

async function bootLines(
  kernel: KernelRecord,
  boot: BootRecord,
  name: string,
  readConsole: (file: string, range: readonly [number, number]) => Promise<Buffer | undefined>,
): Promise<string[]> {
  const found = boot.cases.find((each) => each.name === name);
  if (!found) return [];
  const repeat = boot.repeat > 0 ? `, repeat ${boot.repeat + 1}` : "";
  const lines = ["", `${oneLine(kernel.label)}${repeat}: ${found.verdict}`];
  if (found.reason) lines.push(`  ${oneLine(found.reason)}`);
  for (const line of found.diagnostics ?? []) lines.push(`  | ${oneLine(line)}`);
  if (!found.console) return lines;
  const [from, to] = found.console;
  const bytes = await readConsole(boot.console, found.console);
  const where = `${oneLine(boot.console)}, bytes ${from} to ${to}`;
  if (bytes === undefined) return [...lines, `  console: ${where} (the file cannot be read)`];
  if (bytes.toString().trim() === "") return [...lines, `  console: silent (${where})`];
  lines.push(`  console of its program (${where}):`);
  // The whole of it is in the file; a flood must not bury the rest.
  for (const line of boundedLines(printable(bytes.toString("utf8")), 60, 60))
    lines.push(`  > ${line}`);
  return lines;
}
