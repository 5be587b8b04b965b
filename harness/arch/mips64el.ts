import type { Arch } from "../arch.ts";

export default {
  name: "mips64el",
  aliases: [],
  kernelArch: "mips",
  crossCompile: "mips64el-linux-gnuabi64-",
  korg: "mips64-linux",
  packages: ["gcc-mips64el-linux-gnuabi64"],
  targets: ["vmlinux"],
  image: "vmlinux",
  abis: [
    {
      name: "mips64el",
      compiler: "mips64el-linux-gnuabi64-gcc",
      packages: ["gcc-mips64el-linux-gnuabi64", "libc6-dev-mips64el-cross"],
    },
    {
      name: "n32",
      compiler: "mips64el-linux-gnuabi64-gcc",
      flags: ["-mabi=n32"],
      packages: ["gcc-multilib-mips64el-linux-gnuabi64", "libc6-dev-mipsn32-mips64el-cross"],
    },
    {
      name: "o32",
      compiler: "mipsel-linux-gnu-gcc",
      packages: ["gcc-mipsel-linux-gnu", "libc6-dev-mipsel-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-mips64el",
    package: "qemu-system-mips",
    machine: ["-M", "malta"],
    cpu: { tcg: "MIPS64R2-generic", kvm: "host" },
    memoryMiB: 512,
    cpus: 1,
    nic: "virtio-net-pci,romfile=",
    devices: ["virtio-rng-pci"],
    console: "ttyS0",
    append: [],
  },
  slowdown: { tcg: 11, kvm: 1 },
} satisfies Arch;
