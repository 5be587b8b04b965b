import type { Arch } from "../arch.ts";

export default {
  name: "arm64",
  aliases: ["aarch64"],
  kernelArch: "arm64",
  crossCompile: "aarch64-linux-gnu-",
  korg: "aarch64-linux",
  packages: ["gcc-aarch64-linux-gnu"],
  targets: ["Image"],
  image: "arch/arm64/boot/Image",
  abis: [
    {
      name: "arm64",
      compiler: "aarch64-linux-gnu-gcc",
      packages: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    },
    {
      name: "arm",
      compiler: "arm-linux-gnueabihf-gcc",
      packages: ["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-aarch64",
    package: "qemu-system-arm",
    machine: ["-M", "virt"],
    // The architected algorithm of pointer authentication costs an emulated CPU much.
    cpu: { tcg: "max,pauth-impdef=on", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyAMA0",
    append: [],
  },
  slowdown: { tcg: 13, kvm: 1 },
} satisfies Arch;
