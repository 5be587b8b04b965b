import { PatchedTrees } from "./patched-trees.ts";
import { Slots } from "./slots.ts";

/** Guests that run at once beside a build: each has two CPUs of its own under TCG. */
const guestsBesideBuilds = 2;
/** So many more when nothing is built: many tests sleep or wait most of their time. */
const guestsInPlaceOfABuild = 2;

/** What all cells of a command share: the host's time, and trees that are needed more than once. */
export class Workshop implements AsyncDisposable {
  /** One kernel is built at a time, with all jobs. */
  readonly builds = new Slots(1);
  readonly guests = new Slots(guestsBesideBuilds);
  readonly patchedTrees = new PatchedTrees();
  #unbuilt: number;

  /** `cells`: how many runs will share it. */
  constructor(cells = 1) {
    this.#unbuilt = cells;
  }

  /** No kernel is being built, or will be. */
  get isIdle(): boolean {
    return this.#unbuilt <= 0;
  }

  /** Told by each cell once it has built all it will build. */
  cellIsBuilt(): void {
    this.#unbuilt--;
    if (this.#unbuilt === 0) this.guests.add(guestsInPlaceOfABuild);
  }

  /** To be called when all cells have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.patchedTrees[Symbol.asyncDispose]();
  }
}
