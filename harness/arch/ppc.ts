import type { Arch } from "../arch.ts";

export default {
  name: "ppc",
  aliases: ["powerpc", "ppc32"],
  kernelArch: "powerpc",
  crossCompile: "powerpc-linux-gnu-",
  korg: "powerpc-linux",
  packages: ["gcc-powerpc-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "ppc",
      compiler: "powerpc-linux-gnu-gcc",
      packages: ["gcc-powerpc-linux-gnu", "libc6-dev-powerpc-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-ppc",
    package: "qemu-system-ppc",
    // With graphics, or with -vga none, OpenBIOS looks for an output device for half a minute.
    machine: ["-M", "g3beige,graphics=off"],
    cpu: { tcg: "750", kvm: "host" },
    memoryMiB: 512,
    cpus: 1,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyPZ0",
    append: [],
  },
  slowdown: { tcg: 13, kvm: 1 },
} satisfies Arch;
