import type { Arch } from "../arch.ts";

export default {
  name: "parisc",
  aliases: ["hppa"],
  kernelArch: "parisc",
  crossCompile: "hppa-linux-gnu-",
  korg: "hppa-linux",
  packages: ["gcc-hppa-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
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
    atLeast: { version: "10.0", because: "on 7.2 Linux 6.12 dies in ___slab_alloc() at boot" },
    machine: ["-vga", "none"],
    cpu: { tcg: "hppa", kvm: "host" },
    memoryMiB: 512,
    cpus: 1,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 24, kvm: 1 },
} satisfies Arch;
