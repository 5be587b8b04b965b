import type { Arch } from "../arch.ts";

export default {
  name: "arm",
  aliases: ["armhf", "armv7"],
  kernelArch: "arm",
  crossCompile: "arm-linux-gnueabihf-",
  korg: "arm-linux-gnueabi",
  packages: ["gcc-arm-linux-gnueabihf"],
  targets: ["zImage"],
  image: "arch/arm/boot/zImage",
  abis: [
    {
      name: "arm",
      compiler: "arm-linux-gnueabihf-gcc",
      packages: ["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-arm",
    package: "qemu-system-arm",
    machine: ["-M", "virt"],
    cpu: { tcg: "cortex-a15", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-device",
    devices: ["virtio-rng-device"],
    console: "ttyAMA0",
    append: [],
  },
  slowdown: { tcg: 46, kvm: 1 },
} satisfies Arch;
