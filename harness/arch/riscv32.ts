import type { Arch } from "../arch.ts";

export default {
  name: "riscv32",
  aliases: ["rv32"],
  kernelArch: "riscv",
  crossCompile: "riscv64-linux-gnu-",
  korg: "riscv32-linux",
  packages: ["gcc-riscv64-linux-gnu"],
  targets: ["Image"],
  image: "arch/riscv/boot/Image",
  abis: [
    {
      name: "riscv32",
      compiler: "riscv64-linux-gnu-gcc",
      flags: ["-march=rv32gc", "-mabi=ilp32d"],
      packages: ["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross", "gcc-riscv64-unknown-elf"],
      musl: {
        cpu: "riscv32",
        libgcc: ["riscv64-unknown-elf-gcc", "-march=rv32gc", "-mabi=ilp32d"],
      },
    },
  ],
  qemu: {
    binary: "qemu-system-riscv32",
    package: "qemu-system-riscv",
    atLeast: { version: "10.0", because: "Debian's 7.2 has no firmware for 32-bit RISC-V" },
    machine: ["-M", "virt"],
    cpu: { tcg: "rv32", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    // QEMU before 8.1 describes its CPUs by "riscv,isa" alone, which kernels since 6.6 else ignore.
    append: ["riscv_isa_fallback"],
  },
  slowdown: { tcg: 26, kvm: 1 },
} satisfies Arch;
