import type { Arch } from "./arch.ts";
import type { Check, DoctorOptions, Finding } from "./doctor/check.ts";
import { machineChecks } from "./doctor/machine.ts";
import { toolChecks } from "./doctor/tools.ts";

/** A check and what it came to. */
export type Piece = Omit<Check, "probe"> & Finding;

export interface Diagnosis {
  readonly arch: string;
  /** Whether everything needed is there and works. */
  readonly ready: boolean;
  readonly pieces: readonly Piece[];
}

/** Looks at the machine; changes nothing. */
export async function diagnose(arch: Arch, options: DoctorOptions): Promise<Diagnosis> {
  const checks = [...toolChecks(arch), ...machineChecks(options)];
  const pieces = await Promise.all(
    checks.map(async ({ probe, ...rest }) => ({ ...rest, ...(await probe(options.full)) })),
  );
  const stops = pieces.filter((piece) => piece.importance === "needed" && isWanting(piece));
  return { arch: arch.name, ready: stops.length === 0, pieces };
}

/** Whether a piece is not there or does not work. */
export function isWanting(piece: Piece): boolean {
  return piece.state === "missing" || piece.state === "broken";
}

/** What `--install` would do: packages, then commands, both for root. */
export interface Cure {
  readonly packages: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

/** The cure of all pieces of these importances. */
export function cureFor(
  diagnosis: Diagnosis,
  importances: readonly Check["importance"][] = ["needed", "recommended"],
): Cure {
  const wanting = diagnosis.pieces.filter(
    (piece) => isWanting(piece) && importances.includes(piece.importance),
  );
  const curable = wanting.filter((piece) => piece.state === "missing" || piece.remedy);
  return {
    packages: [...new Set(curable.flatMap((piece) => piece.packages))],
    commands: curable.flatMap((piece) => piece.remedy ?? []),
  };
}
