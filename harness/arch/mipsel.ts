import type { Arch } from "../arch.ts";

export default {
  name: "mipsel",
  aliases: [],
  kernelArch: "mips",
  crossCompile: "mipsel-linux-gnu-",
  korg: "mips-linux",
  packages: ["gcc-mipsel-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "mipsel",
      compiler: "mipsel-linux-gnu-gcc",
      packages: ["gcc-mipsel-linux-gnu", "libc6-dev-mipsel-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-mipsel",
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
