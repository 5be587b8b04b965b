import type { Arch } from "../arch.ts";

export default {
  name: "i386",
  aliases: ["i686", "x86"],
  kernelArch: "i386",
  crossCompile: "i686-linux-gnu-",
  korg: "i386-linux",
  packages: ["gcc-i686-linux-gnu"],
  // The uncompressed vmlinux is booted through its PVH entry: no BIOS, no decompression.
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "i386",
      compiler: "i686-linux-gnu-gcc",
      packages: ["gcc-i686-linux-gnu", "libc6-dev-i386-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-i386",
    package: "qemu-system-x86",
    machine: ["-M", "q35"],
    // The numbers of qemu64, an AMD K8: max has those of a K7, and the kernel warns that there is a second.
    cpu: { tcg: "max,family=15,model=107,stepping=1", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [
      // As on x86_64: no delay loops measured, no consequences of timer ticks that a busy host lost.
      "lpj=4000000",
      "no_timer_check",
      "tsc=reliable",
    ],
  },
  slowdown: { tcg: 12, kvm: 1 },
} satisfies Arch;
