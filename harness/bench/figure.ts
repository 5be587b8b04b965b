/** One thing that the project promises about speed, as measured. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "s" | "ms" | "ratio" | "count";
  /** At most this. */
  readonly promised: number;
}

export function printFigures(figures: readonly Figure[]): void {
  for (const { name, value, unit, promised } of figures) {
    const mark = value <= promised ? "   " : "!!!";
    const digits = unit === "count" ? 0 : 2;
    console.log(
      `${mark} ${name.padEnd(56)} ${value.toFixed(digits).padStart(8)} ${unit.padEnd(6)} (at most ${promised})`,
    );
  }
}
