import { Slots } from "./slots.ts";

/** Guests that run at once: each has two CPUs of its own under TCG, and builds want some too. */
const guestSlots = 2;

/** The host's time, shared by all cells of a command. */
export class Workshop {
  /** One kernel is built at a time, with all jobs. */
  readonly builds = new Slots(1);
  readonly guests = new Slots(guestSlots);
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
  }
}
