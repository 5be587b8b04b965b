import type { Arch } from "../arch.ts";

export default {
  name: "mips",
  aliases: [],
  kernelArch: "mips",
  crossCompile: "mips-linux-gnu-",
  korg: "mips-linux",
  packages: ["gcc-mips-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "mips",
      compiler: "mips-linux-gnu-gcc",
      packages: ["gcc-mips-linux-gnu", "libc6-dev-mips-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-mips",
    package: "qemu-system-mips",
    machine: ["-M", "malta"],
    cpu: { tcg: "24Kf", kvm: "host" },
    memoryMiB: 256,
    cpus: 1,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 11, kvm: 1 },
} satisfies Arch;
