import type { Arch } from "../arch.ts";

export default {
  name: "parisc64",
  aliases: ["hppa64"],
  kernelArch: "parisc64",
  crossCompile: "hppa64-linux-gnu-",
  korg: "hppa64-linux",
  // The other one makes the vDSO of 32-bit programs.
  packages: ["gcc-hppa64-linux-gnu", "gcc-hppa-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  // There is no C library for 64-bit programs: all of userland is the kernel's compat ABI.
  abis: [
    {
      name: "parisc",
      compiler: "hppa-linux-gnu-gcc",
      packages: ["gcc-hppa-linux-gnu", "libc6-dev-hppa-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-hppa",
    package: "qemu-system-misc",
    atLeast: { version: "10.0", because: "7.2 has no 64-bit PA-RISC" },
    machine: ["-M", "C3700", "-vga", "none"],
    cpu: { tcg: "hppa64", kvm: "host" },
    memoryMiB: 512,
    cpus: 1,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 25, kvm: 1 },
} satisfies Arch;
