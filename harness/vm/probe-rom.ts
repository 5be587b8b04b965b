/**
 * The guest of the accelerator probe for x86: a ROM that needs no firmware and no kernel. From the
 * reset vector it goes to the mode that a kernel runs in, counts down a loop, and ends QEMU through
 * the isa-debug-exit device at port 0xf4.
 *
 * The loop is what matters. A host was seen whose KVM takes any guest, and emulates it instruction
 * by instruction in the host's kernel: a ROM of three instructions ends there in no time, a kernel
 * never gets to its first message.
 */

/** What the guest writes to the port; QEMU makes its exit status out of it. */
const exitByte = 0x2a;
export const probeExitStatus = (exitByte << 1) | 1;

/** How often the guest goes through its loop of two instructions: some 10 ms of a real CPU. */
export const probeLoops = 0x2000000;

/** The ROM ends at 4 GiB, so that its last 16 bytes are where an x86 CPU begins. */
const size = 64 << 10;
/** Where the code lies in the ROM. */
const codeAt = 0xff00;
const gdtAt = 0xff80;
const resetAt = 0xfff0;

const to32Bit = [
  // 16-bit: cli; lgdt cs:[0xffa0]; cr0 |= PE; far jump to 0x08:0xffffff18
  "fa 2e 66 0f 01 16 a0 ff 0f 20 c0 0c 01 0f 22 c0 66 ea 18 ff ff ff 08 00",
  // 32-bit: ds = 0x10
  "b8 10 00 00 00 8e d8",
];

/** qemu-system-i386 has no CPU with a 64-bit mode. */
const loop32 = [
  // ecx = probeLoops; 1: dec ecx; jnz 1b
  "b9 00 00 00 02 49 75 fd",
  // al = exitByte; out 0xf4, al; 2: hlt; jmp 2b
  "b0 2a e6 f4 f4 eb fd",
];

const loop64 = [
  // Page tables for the last 2 MiB below 4 GiB, where this code is: PML4 at 0x1000, PDPT at
  // 0x2000, page directory at 0x3000
  "c7 05 00 10 00 00 03 20 00 00 c7 05 18 20 00 00 03 30 00 00 c7 05 f8 3f 00 00 83 00 e0 ff",
  // cr4 |= PAE; cr3 = 0x1000
  "0f 20 e0 0c 20 0f 22 e0 b8 00 10 00 00 0f 22 d8",
  // EFER |= LME; cr0 |= PG; far jump to 0x18:0xffffff6b
  "b9 80 00 00 c0 0f 32 80 cc 01 0f 30 0f 20 c0 0d 00 00 00 80 0f 22 c0 ea 6b ff ff ff 18 00",
  // 64-bit: ecx = probeLoops; 1: dec ecx; jnz 1b
  "b9 00 00 00 02 ff c9 75 fc",
  // al = exitByte; out 0xf4, al; 2: hlt; jmp 2b
  "b0 2a e6 f4 f4 eb fd",
];

const gdt = [
  // null, 32-bit code, data, 64-bit code
  "00 00 00 00 00 00 00 00 ff ff 00 00 00 9b cf 00",
  "ff ff 00 00 00 93 cf 00 ff ff 00 00 00 9b af 00",
  // Its limit and address, for lgdt
  "1f 00 80 ff ff ff",
];

/** The ROM's bytes, for QEMU's -bios. `bits`: of the kernels that the guests will run. */
export function probeRom(bits: 32 | 64): Uint8Array {
  const rom = new Uint8Array(size);
  const put = (at: number, lines: readonly string[]) => {
    rom.set(Buffer.from(lines.join("").replaceAll(" ", ""), "hex"), at);
  };
  put(codeAt, [...to32Bit, ...(bits === 32 ? loop32 : loop64)]);
  put(gdtAt, gdt);
  // jmp to the code, relative to the next instruction
  rom.set([0xe9, (codeAt - resetAt - 3) & 0xff, ((codeAt - resetAt - 3) >> 8) & 0xff], resetAt);
  return rom;
}
