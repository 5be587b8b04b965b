import type { Arch } from "../arch.ts";

export default {
  name: "loongarch64",
  aliases: ["loongarch", "loong64"],
  kernelArch: "loongarch",
  crossCompile: "loongarch64-linux-gnu-",
  korg: "loongarch64-linux",
  packages: ["gcc-loongarch64-linux-gnu"],
  gccAtLeast: { version: "13.0", because: "Debian has it since 13" },
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "loongarch64",
      compiler: "loongarch64-linux-gnu-gcc",
      packages: ["gcc-loongarch64-linux-gnu", "libc6-dev-loong64-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-loongarch64",
    package: "qemu-system-misc",
    atLeast: { version: "10.0", because: "7.2 starts no loongarch64 kernel without firmware" },
    machine: ["-M", "virt"],
    cpu: { tcg: "la464", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 10, kvm: 1 },
} satisfies Arch;
