import { setImmediate } from "node:timers/promises";

/**
 * Lets guests and the terminal have their turns now and then: thousands of small files are read here,
 * each at once, because a thread that reads one costs more than the reading.
 */
export class Turns {
  #since = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.#since < 20) return;
    await setImmediate();
    this.#since = performance.now();
  }
}
