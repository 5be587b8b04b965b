import type { Arch } from "../arch.ts";

export default {
  name: "alpha",
  aliases: [],
  kernelArch: "alpha",
  crossCompile: "alpha-linux-gnu-",
  korg: "alpha-linux",
  packages: ["gcc-alpha-linux-gnu"],
  gccAtLeast: {
    version: "14.0",
    because: "a static program of Debian 12's C library for alpha dies before main()",
  },
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "alpha",
      compiler: "alpha-linux-gnu-gcc",
      packages: ["gcc-alpha-linux-gnu", "libc6.1-dev-alpha-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-alpha",
    package: "qemu-system-misc",
    machine: ["-M", "clipper"],
    cpu: { tcg: "ev67", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 8, kvm: 1 },
} satisfies Arch;
