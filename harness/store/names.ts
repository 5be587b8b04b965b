/** Every name of a file or folder below results/<run-id>/ (docs/results.md). */
export const names = {
  /** The record of the run: all that the reports are made of. */
  record: "run.json",
  /** Reruns the cell from nothing. */
  reproduce: "reproduce.sh",
  /** For people, to be pasted into a mail. */
  summary: "summary.md",
  /** For CI systems. */
  junit: "junit.xml",
  /** For KernelCI (--report kcidb). */
  kcidb: "kcidb.json",
  /** One folder a kernel: kernels/baseline, kernels/<series>. */
  kernels: "kernels",
  /** The kernel's .config after olddefconfig. */
  config: "config",
  /** All that make printed. */
  buildLog: "build.log",
  /** One folder a boot of the kernel: boot-0, boot-1 ... */
  boot: "boot-",
  /** All bytes of the guest's serial console. */
  console: "console.log",
  /** The command that started QEMU. */
  qemu: "qemu.sh",
  /** What each test program printed: ktap/<suite>/<program>[@<abi>].log. */
  ktap: "ktap",
  ktapSuffix: ".log",
  /** The private key of a guest that --keep-vm left running. */
  key: "ssh-key",
} as const;

/** Beside the runs: what `harness history` has gathered from them; made again from them at any time. */
export const indexName = "index.db";
