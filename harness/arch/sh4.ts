import type { Arch } from "../arch.ts";

export default {
  name: "sh4",
  aliases: ["sh"],
  kernelArch: "sh",
  crossCompile: "sh4-linux-gnu-",
  korg: "sh4-linux",
  packages: ["gcc-sh4-linux-gnu"],
  gccAtLeast: {
    version: "14.0",
    because:
      "Debian 12's C library for sh4 never leaves its own start: a loop that waits for nothing",
  },
  targets: ["zImage"],
  image: "arch/sh/boot/zImage",
  abis: [
    {
      name: "sh4",
      compiler: "sh4-linux-gnu-gcc",
      packages: ["gcc-sh4-linux-gnu", "libc6-dev-sh4-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-sh4",
    package: "qemu-system-misc",
    machine: ["-M", "r2d"],
    cpu: { tcg: "sh7751r", kvm: "host" },
    // All that the board has.
    memoryMiB: 64,
    cpus: 1,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttySC1",
    // The board's first port is a SPI bus.
    serial: ["-serial", "null", "-serial", "chardev:console"],
    // A tmpfs takes half of the memory at most, of what the image leaves: less than the image takes.
    append: ["rootfstype=ramfs"],
  },
  slowdown: { tcg: 44, kvm: 1 },
} satisfies Arch;
