import type { Arch } from "./arch.ts";
import type { Check, DoctorOptions, Finding } from "./doctor/check.ts";
import { machineChecks } from "./doctor/machine.ts";
import { archChecks, toolChecks } from "./doctor/tools.ts";

/** A check and what it came to. */
export type Piece = Omit<Check, "probe"> & Finding;

/** Findings about the machine, for some architectures. */
export interface Diagnosis {
  /** Whether everything needed is there and works, for each architecture. */
  readonly ready: boolean;
  /** What each architecture needs besides what all need. */
  readonly arches: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly pieces: readonly Piece[];
  }[];
  /** All pieces, each once. */
  readonly pieces: readonly Piece[];
}

/** Looks at the machine; changes nothing. */
export async function diagnose(
  arches: readonly Arch[],
  options: DoctorOptions,
): Promise<Diagnosis> {
  const look = (checks: readonly Check[]): Promise<Piece[]> =>
    Promise.all(
      checks.map(async ({ probe, ...rest }) => ({ ...rest, ...(await probe(options.full)) })),
    );
  const isSound = (pieces: readonly Piece[]) =>
    !pieces.some((piece) => piece.importance === "needed" && isWanting(piece));
  const common = await look([...toolChecks(), ...machineChecks(options)]);
  const own = await Promise.all(
    arches.map(async (arch) => {
      const pieces = await look(archChecks(arch));
      return { name: arch.name, ready: isSound([...common, ...pieces]), pieces };
    }),
  );
  // One compiler serves several architectures.
  const pieces = new Map(
    [...own.flatMap((arch) => arch.pieces), ...common].map((piece) => [
      [piece.name, ...piece.packages].join(" "),
      piece,
    ]),
  );
  return { ready: own.every((arch) => arch.ready), arches: own, pieces: [...pieces.values()] };
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
