import type { Arch } from "../arch.ts";

export default {
  name: "openrisc",
  aliases: ["or1k"],
  kernelArch: "openrisc",
  crossCompile: "or1k-elf-",
  korg: "or1k-linux",
  packages: ["gcc-or1k-elf"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "openrisc",
      compiler: "or1k-elf-gcc",
      packages: ["gcc-or1k-elf", "linux-libc-dev"],
      musl: { cpu: "or1k", libgcc: ["or1k-elf-gcc"], bare: { textSegment: "0x2000" } },
    },
  ],
  qemu: {
    binary: "qemu-system-or1k",
    package: "qemu-system-misc",
    machine: ["-M", "virt"],
    cpu: { tcg: "or1200", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-device",
    devices: ["virtio-rng-device"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 35, kvm: 1 },
} satisfies Arch;
