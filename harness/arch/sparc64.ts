import type { Arch } from "../arch.ts";

export default {
  name: "sparc64",
  aliases: [],
  kernelArch: "sparc64",
  crossCompile: "sparc64-linux-gnu-",
  korg: "sparc64-linux",
  packages: ["gcc-sparc64-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "sparc64",
      compiler: "sparc64-linux-gnu-gcc",
      packages: ["gcc-sparc64-linux-gnu", "libc6-dev-sparc64-cross"],
    },
    {
      name: "sparc",
      compiler: "sparc64-linux-gnu-gcc",
      flags: ["-m32"],
      packages: ["gcc-multilib-sparc64-linux-gnu", "libc6-dev-sparc-sparc64-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-sparc64",
    package: "qemu-system-sparc",
    machine: ["-M", "sun4u", "-vga", "none"],
    cpu: { tcg: "TI-UltraSparc-IIi", kvm: "host" },
    memoryMiB: 512,
    cpus: 1,
    // The one bus with free slots.
    nic: "virtio-net-pci,romfile=,bus=pciB",
    devices: ["virtio-rng-pci,bus=pciB"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 67, kvm: 1 },
} satisfies Arch;
