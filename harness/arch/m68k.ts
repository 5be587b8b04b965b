import type { Arch } from "../arch.ts";

export default {
  name: "m68k",
  aliases: [],
  kernelArch: "m68k",
  crossCompile: "m68k-linux-gnu-",
  korg: "m68k-linux",
  packages: ["gcc-m68k-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "m68k",
      compiler: "m68k-linux-gnu-gcc",
      packages: ["gcc-m68k-linux-gnu", "libc6-dev-m68k-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-m68k",
    package: "qemu-system-misc",
    machine: ["-M", "virt"],
    cpu: { tcg: "m68040", kvm: "host" },
    memoryMiB: 256,
    cpus: 1,
    nic: "virtio-net-device",
    devices: ["virtio-rng-device"],
    console: "ttyGF0",
    append: [],
  },
  slowdown: { tcg: 13, kvm: 1 },
} satisfies Arch;
