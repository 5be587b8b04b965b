import type { Arch } from "../arch.ts";

export default {
  name: "s390x",
  aliases: ["s390"],
  kernelArch: "s390",
  crossCompile: "s390x-linux-gnu-",
  korg: "s390-linux",
  packages: ["gcc-s390x-linux-gnu"],
  targets: ["bzImage"],
  image: "arch/s390/boot/bzImage",
  abis: [
    {
      name: "s390x",
      compiler: "s390x-linux-gnu-gcc",
      packages: ["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross"],
    },
    {
      name: "s390",
      compiler: "s390x-linux-gnu-gcc",
      flags: ["-m31"],
      packages: ["gcc-multilib-s390x-linux-gnu", "libc6-dev-s390-s390x-cross"],
    },
  ],
  qemu: {
    binary: "qemu-system-s390x",
    package: "qemu-system-s390x",
    machine: ["-M", "s390-ccw-virtio"],
    // Kernels since 6.9 add up checksums in vectors; as QEMU 7.2 emulates these, no TCP packet is right.
    cpu: { tcg: "max,vx=off", kvm: "host" },
    memoryMiB: 512,
    cpus: 2,
    nic: "virtio-net-ccw",
    devices: ["virtio-rng-ccw"],
    // The first of the SCLP's consoles is one of lines; the second is a terminal.
    console: "ttyS1",
    serial: ["-device", "sclpconsole,chardev=console"],
    // Ctrl-O (drivers/s390/char/sclp_vt220.c).
    sysrqPrefix: "\x0f",
    append: [],
  },
  slowdown: { tcg: 52, kvm: 1 },
} satisfies Arch;
