import type { Arch } from "../arch.ts";

export default {
  name: "x86_64",
  aliases: ["amd64", "x86-64"],
  kernelArch: "x86_64",
  crossCompile: "",
  korg: "x86_64-linux",
  packages: ["gcc", "libc6-dev"],
  // The uncompressed vmlinux is booted through its PVH entry: no BIOS, no decompression.
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    { name: "x86_64", compiler: "gcc", packages: ["gcc", "libc6-dev"] },
    {
      name: "i386",
      compiler: "i686-linux-gnu-gcc",
      packages: ["gcc-i686-linux-gnu", "libc6-dev-i386-cross"],
    },
    {
      name: "x32",
      compiler: "x86_64-linux-gnux32-gcc",
      packages: ["gcc-x86-64-linux-gnux32", "libc6-dev-x32-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-x86_64",
    package: "qemu-system-x86",
    machine: ["-M", "q35"],
    cpu: { tcg: "max", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    // Debian kernels switch x32 off by default; the suites want it.
    append: [
      "syscall.x32=y",
      // Delay loops are not measured (0.1 s of an emulated CPU's boot) but taken for those of a TSC
      // of 4 GHz at HZ=1000: on a slower one, delays are longer than asked for, never shorter.
      "lpj=4000000",
      // A busy host loses timer ticks; the boot-time check of the timer then panics.
      "no_timer_check",
      // Nor are lost ticks a proof against the TSC, which is the host's: without it timers fire at ticks only.
      "tsc=reliable",
    ],
  },
  slowdown: { tcg: 10, kvm: 1 },
} satisfies Arch;
