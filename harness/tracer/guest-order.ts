/** Integers in memory of the guest, whose processor may keep the first byte first or last. */
export class GuestOrder {
  readonly #bigEndian: boolean;

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  /** Writes the lowest `bytes` bytes of a value. */
  write(into: Buffer, at: number, bytes: number, value: bigint | number): void {
    for (let index = 0; index < bytes; index++)
      into[this.#place(at, bytes, index)] = Number((BigInt(value) >> BigInt(8 * index)) & 0xffn);
  }

  /** Reads an unsigned value. */
  read(from: Uint8Array, at: number, bytes: number): bigint {
    let value = 0n;
    for (let index = 0; index < bytes; index++)
      value |= BigInt(from[this.#place(at, bytes, index)] ?? 0) << BigInt(8 * index);
    return value;
  }

  /** Where the byte of this weight lies. */
  #place(at: number, bytes: number, weight: number): number {
    return at + (this.#bigEndian ? bytes - 1 - weight : weight);
  }
}
