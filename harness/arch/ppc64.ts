import type { Arch } from "../arch.ts";

export default {
  name: "ppc64",
  aliases: ["powerpc64"],
  kernelArch: "powerpc",
  crossCompile: "powerpc64-linux-gnu-",
  korg: "powerpc64-linux",
  packages: ["gcc-powerpc64-linux-gnu"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "ppc64",
      compiler: "powerpc64-linux-gnu-gcc",
      packages: ["gcc-powerpc64-linux-gnu", "libc6-dev-ppc64-cross"],
    },
    {
      name: "ppc",
      compiler: "powerpc-linux-gnu-gcc",
      packages: ["gcc-powerpc-linux-gnu", "libc6-dev-powerpc-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-ppc64",
    package: "qemu-system-ppc",
    // VOF instead of SLOF, whose Forth takes seconds to start.
    machine: ["-M", "pseries,x-vof=on", "-vga", "none"],
    cpu: { tcg: "power9", kvm: "host" },
    memoryMiB: 1024,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "hvc0",
    // Ctrl-O (drivers/tty/hvc/hvc_console.c).
    sysrqPrefix: "\x0f",
    append: [],
  },
  slowdown: { tcg: 15, kvm: 1 },
} satisfies Arch;
