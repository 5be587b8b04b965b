import { isWithin, type KernelVersion, type VersionRange } from "./model/kernel-version.ts";

/** What is done about a quirk: inert data, which pipeline/plan-quirks.ts puts into a plan. */
export type Remedy =
  /** A kernel option of ours has another name there. */
  | { readonly kind: "option-renamed"; readonly option: string; readonly to: string }
  /** Kernel options of ours are not asked for. */
  | { readonly kind: "options-dropped"; readonly options: readonly string[] }
  /** The kernel does not run an ABI's programs: neither they nor its option are asked for. */
  | { readonly kind: "abi-dropped"; readonly abi: string; readonly option: string }
  /** A variable for the kernel's make, such as "WERROR=0". */
  | { readonly kind: "make-variable"; readonly variable: string }
  /** The make target that leaves the uapi headers in usr/include for kselftests. */
  | { readonly kind: "headers-target"; readonly target: string }
  /** Where the user names no compiler, this one is taken: "gcc-14". */
  | { readonly kind: "compiler"; readonly name: string }
  /** A property of QEMU's machine, such as "x-vof=off"; the last of two that differ counts. */
  | { readonly kind: "machine-property"; readonly property: string }
  /** A property of QEMU's emulated CPU model, such as "lpa2=off". */
  | { readonly kind: "cpu-property"; readonly property: string };

/** Where a kernel release does not get along with the project's settings, or with newer tools. */
export interface Quirk {
  readonly name: string;
  /** All of these must hold; what is left out holds always. */
  readonly when: {
    readonly kernel?: VersionRange;
    /** As in harness/arch/. */
    readonly arches?: readonly string[];
    readonly gcc?: VersionRange;
    readonly clang?: VersionRange;
    readonly binutils?: VersionRange;
    readonly qemu?: VersionRange;
  };
  readonly remedy: Remedy;
  readonly reason: string;
  /** Where the reason can be looked up: a commit, a bug report, a file of the tree. */
  readonly source: string;
}

/** What a quirk's `when` is about; undefined: there is no such tool, or its version is not known. */
export interface Surroundings {
  readonly kernel: KernelVersion;
  readonly arch: string;
  readonly gcc?: KernelVersion | undefined;
  readonly clang?: KernelVersion | undefined;
  readonly binutils?: KernelVersion | undefined;
  readonly qemu?: KernelVersion | undefined;
}

/** The table: `harness list quirks` prints it, every row has been seen to be needed. */
export const quirks: readonly Quirk[] = [
  {
    name: "x32-option",
    when: { kernel: { before: "5.18" }, arches: ["x86_64"] },
    remedy: { kind: "option-renamed", option: "CONFIG_X86_X32_ABI", to: "CONFIG_X86_X32" },
    reason: "that was the option's name; the other one was made by the Makefile",
    source: '83a44a4f47ad ("x86: Remove toolchain check for X32 ABI capability")',
  },
  {
    name: "llvm-objcopy",
    when: { arches: ["x86_64"], clang: { from: "1.0" } },
    remedy: { kind: "make-variable", variable: "OBJCOPY=objcopy" },
    reason: "LLVM's objcopy cannot convert what x32 needs, so Kconfig has no x32 with it",
    source: 'aaeed6ecc125 ("x86/Kconfig: Do not allow CONFIG_X86_X32_ABI=y with llvm-objcopy")',
  },
  {
    name: "kcmp-option",
    when: { kernel: { before: "5.12" } },
    remedy: { kind: "options-dropped", options: ["CONFIG_KCMP"] },
    reason: "kcmp() came with CONFIG_CHECKPOINT_RESTORE and had no option of its own",
    source: 'bfe3911a9104 ("kcmp: Support selection of SYS_kcmp without CHECKPOINT_RESTORE")',
  },
  {
    name: "realloc-warning",
    when: { kernel: { before: "5.17" }, gcc: { from: "12.0" } },
    remedy: { kind: "make-variable", variable: "WERROR=0" },
    reason: "libsubcmd, which objtool is linked with, uses a pointer after realloc(); gcc 12 warns",
    source: '52a9dab6d892 ("libsubcmd: Fix use-after-free for realloc(..., 0)")',
  },
  {
    name: "dtc-yylloc",
    when: { kernel: { before: "5.6" } },
    remedy: { kind: "make-variable", variable: "HOSTCFLAGS=-fcommon" },
    reason: "dtc defines a variable twice, which gcc 10 does not merge any more",
    source: 'e33a814e772c ("scripts/dtc: Remove redundant YYLOC global declaration")',
  },
  {
    name: "vdso-bounds",
    when: {
      kernel: { before: "5.11" },
      arches: ["ppc64le", "ppc64", "ppc"],
      gcc: { from: "12.0" },
    },
    remedy: { kind: "make-variable", variable: "KCFLAGS=-Wno-error=array-bounds" },
    reason: "the vDSO is declared as one char, and written to behind it; gcc 12 warns",
    source: "arch/powerpc/kernel/vdso.c, vdso_fixup_datapage(): in 5.2 and 5.10, not in 6.1",
  },
  {
    name: "section-mismatch",
    when: { kernel: { before: "5.10" }, arches: ["ppc64le", "ppc64"] },
    remedy: { kind: "make-variable", variable: "CONFIG_SECTION_MISMATCH_WARN_ONLY=y" },
    reason: "its start goes from .text to .init.text, for which modpost ends a build",
    source: "arch/powerpc/kernel/head_64.S, start_here_multiplatform: early_setup() is __init",
  },
  {
    // 6.1 does it; nothing between was tried.
    name: "open-firmware",
    when: { kernel: { before: "5.10" }, arches: ["ppc64le", "ppc64"] },
    remedy: { kind: "machine-property", property: "x-vof=off" },
    reason:
      "it takes PCI devices' addresses from the firmware, and QEMU's virtual one, quick to start, gives none",
    source: "the console with loglevel=7: virtio_pci: leaving for legacy driver",
  },
  {
    name: "mips-llsc",
    when: {
      kernel: { before: "5.12" },
      arches: ["mips", "mipsel", "mips64", "mips64el"],
      binutils: { from: "2.35" },
    },
    remedy: { kind: "make-variable", variable: "KCPPFLAGS=-Wa,-mno-fix-loongson3-llsc" },
    reason:
      "Debian's assembler for mipsel and mips64el puts a sync before ll, where the exception table has ll",
    source:
      '5373ae67c3aa ("MIPS: Support binutils configured with --enable-mips-fix-loongson3-llsc=yes")',
  },
  {
    name: "machvec-bounds",
    when: { kernel: { before: "6.2" }, arches: ["sh4"], gcc: { from: "12.0" } },
    remedy: { kind: "make-variable", variable: "KCFLAGS=-Wno-error=array-bounds" },
    reason: "the list of machines is declared as one long, and read from as a structure; gcc warns",
    source:
      '"sh: machvec: Use char[] for section boundaries" of 6.2; 5.2.1 is without it, 5.10.262 and 6.1.192 are not',
  },
  {
    name: "sparc-bounds",
    when: { kernel: { before: "5.19" }, arches: ["sparc64"], gcc: { from: "12.0" } },
    remedy: {
      kind: "make-variable",
      variable: "KCFLAGS=-Wno-error=array-bounds -Wno-error=stringop-overread",
    },
    reason: "gcc 12 warns about what lies before _start[] and behind a node of mdesc.c",
    source: "f0be87c42cbd (\"gcc-12: disable '-Warray-bounds' universally for now\")",
  },
  {
    // gcc 12.2 was seen to build 5.2.1, 5.3 and 5.10; nothing between it and gcc 15 was tried.
    name: "c23",
    when: { kernel: { before: "5.10" }, arches: ["x86_64", "i386"], gcc: { from: "15.0" } },
    remedy: { kind: "compiler", name: "gcc-12" },
    reason: "arch/x86/boot is compiled as what gcc takes for C, and has a type bool of its own",
    source: 'b3bee1e7c3f2 ("x86/boot: Compile boot code with -std=gnu11 too")',
  },
  {
    name: "empty-thunk",
    when: { kernel: { before: "5.11" }, arches: ["x86_64"], binutils: { from: "2.36" } },
    remedy: { kind: "make-variable", variable: "OBJECT_FILES_NON_STANDARD_thunk_64.o=y" },
    reason:
      "thunk_64.o is empty without CONFIG_PREEMPT; the assembler leaves out its symbol table, objtool wants one",
    source: '1d489151e9f9 ("objtool: Don\'t fail on missing symbol table")',
  },
  {
    name: "lpa2",
    when: { kernel: { before: "5.12" }, arches: ["arm64"], qemu: { from: "7.0" } },
    remedy: { kind: "cpu-property", property: "lpa2=off" },
    reason: "the kernel takes a CPU that can do more than its page size for one that cannot do it",
    source: '26f55386f964 ("arm64/mm: Fix __enable_mmu() for new TGRAN range values")',
  },
  {
    name: "riscv-compat",
    when: { kernel: { before: "5.19" }, arches: ["riscv64"] },
    remedy: { kind: "abi-dropped", abi: "riscv32", option: "CONFIG_COMPAT" },
    reason: "64-bit kernels did not run 32-bit programs",
    source: "arch/riscv/Kconfig, COMPAT: 5.19 has it first",
  },
  {
    name: "riscv-portable",
    when: { kernel: { before: "6.0" }, arches: ["riscv32"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_NONPORTABLE"] },
    reason: "32-bit kernels were offered without it",
    source: "arch/riscv/Kconfig, NONPORTABLE: not there in 5.10, there in 6.1",
  },
  {
    name: "riscv-rseq",
    when: { kernel: { before: "5.18" }, arches: ["riscv64", "riscv32"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_RSEQ"] },
    reason: "the architecture had no restartable sequences",
    source: '93917ad50972 ("RISC-V: Add support for restartable sequence")',
  },
  {
    name: "arm-isa",
    when: { kernel: { before: "5.10" }, arches: ["arm"] },
    remedy: { kind: "make-variable", variable: "arch-y=-D__LINUX_ARM_ARCH__=7 -march=armv7-a" },
    reason: "it tries -march=armv7-a alone, which a compiler for hard floats turns down",
    source: "arch/arm/Makefile, arch-$(CONFIG_CPU_32v7): cc-option in 5.2, not in 5.10",
  },
  {
    // Stable releases of 5.10 and later have the change.
    name: "riscv-isa",
    when: { kernel: { before: "5.10" }, arches: ["riscv64"], binutils: { from: "2.38" } },
    remedy: { kind: "make-variable", variable: "riscv-march-y=rv64imafdc_zicsr_zifencei" },
    reason: "what the kernel takes for a part of the base set is an extension since",
    source: '6df2a016c0c8 ("riscv: fix build with binutils 2.38")',
  },
  {
    name: "riscv-seccomp",
    when: { kernel: { before: "5.5" }, arches: ["riscv64", "riscv32"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_SECCOMP", "CONFIG_SECCOMP_FILTER"] },
    reason: "the architecture had no seccomp",
    source: '5340627e3fe0 ("riscv: add support for SECCOMP and SECCOMP_FILTER")',
  },
  {
    name: "riscv-time32",
    when: { kernel: { before: "5.6" }, arches: ["riscv64"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_COMPAT_32BIT_TIME"] },
    reason: "a 64-bit kernel without 32-bit programs had no system calls with 32-bit times",
    source: '942437c97fd9 ("y2038: allow disabling time32 system calls")',
  },
  // 5.10 and 6.12 have both options, 6.1 has not; what is between was not looked at.
  {
    name: "parisc-ticks",
    when: { kernel: { from: "5.11", before: "6.12" }, arches: ["parisc", "parisc64"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_HIGH_RES_TIMERS", "CONFIG_NO_HZ_IDLE"] },
    reason: "its clock was no clock event device: there were ticks only",
    source: "arch/parisc/Kconfig, GENERIC_CLOCKEVENTS: in 5.10, not in 6.1, in 6.12",
  },
  {
    name: "parisc-serial",
    when: { kernel: { before: "6.1" }, arches: ["parisc"] },
    remedy: {
      kind: "option-renamed",
      option: "CONFIG_SERIAL_8250_PARISC",
      to: "CONFIG_SERIAL_8250_GSC",
    },
    reason: "that was the option's name",
    source: "drivers/tty/serial/8250/Kconfig: the one in 5.2 and 5.10, the other in 6.1",
  },
  {
    name: "parisc64-arch",
    when: { kernel: { before: "6.1" }, arches: ["parisc64"] },
    remedy: { kind: "make-variable", variable: "ARCH=parisc" },
    reason: "CONFIG_64BIT alone made a 64-bit kernel",
    source: "Makefile, parisc64: not in 5.10, there in 6.1",
  },
  {
    name: "openrisc-instructions",
    when: { kernel: { before: "6.1" }, arches: ["openrisc"] },
    remedy: {
      kind: "options-dropped",
      options: ["CMOV", "ROR", "RORI", "SEXT"].map((name) => `CONFIG_OPENRISC_HAVE_INST_${name}`),
    },
    reason: "it could not be told to use these instructions",
    source: "arch/openrisc/Kconfig, OPENRISC_HAVE_INST_CMOV: not in 5.10, there in 6.1",
  },
  {
    name: "sh-seccomp",
    when: { kernel: { before: "5.9" }, arches: ["sh4"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_SECCOMP_FILTER"] },
    reason: "the architecture had no filters of system calls",
    source: '0bb605c2c7f2 ("sh: Add SECCOMP_FILTER")',
  },
  {
    name: "m68k-seccomp",
    when: { kernel: { before: "6.3" }, arches: ["m68k"] },
    remedy: { kind: "options-dropped", options: ["CONFIG_SECCOMP", "CONFIG_SECCOMP_FILTER"] },
    reason: "the architecture had no seccomp",
    source: '6baaade15594 ("m68k: Add kernel seccomp support")',
  },
  {
    name: "headers-target",
    when: { kernel: { before: "5.3" } },
    remedy: { kind: "headers-target", target: "headers_install" },
    reason: "there was no make headers",
    source:
      "59b2bd05f5f4 (\"kbuild: add 'headers' target to build up uapi headers in usr/include\")",
  },
];

/** The rows that hold here, in the order of the table. */
export function quirksFor(here: Surroundings, table: readonly Quirk[] = quirks): readonly Quirk[] {
  return table.filter(
    ({ when }) =>
      (when.arches?.includes(here.arch) ?? true) &&
      (["kernel", "gcc", "clang", "binutils", "qemu"] as const).every((what) => {
        const [version, range] = [here[what], when[what]];
        return range === undefined || (version !== undefined && isWithin(version, range));
      }),
  );
}

/** What is done, as a sentence's beginning: "CONFIG_A is asked for as CONFIG_B". */
export function remedyText({ remedy }: Quirk): string {
  switch (remedy.kind) {
    case "option-renamed":
      return `${remedy.option} is asked for as ${remedy.to}`;
    case "options-dropped":
      return `${remedy.options.join(" and ")} ${remedy.options.length > 1 ? "are" : "is"} not asked for`;
    case "abi-dropped":
      return `there are no ${remedy.abi} programs, and ${remedy.option} is not asked for`;
    case "make-variable":
      return `make gets ${remedy.variable}`;
    case "headers-target":
      return `kselftests' headers come of make ${remedy.target}`;
    case "compiler":
      return `${remedy.name} is the newest compiler that is known to build it`;
    case "machine-property":
      return `QEMU's machine gets ${remedy.property}`;
    case "cpu-property":
      return `QEMU's emulated CPU gets ${remedy.property}`;
  }
}

/** Where a quirk holds, for people: "kernel before 5.18, x86_64". */
export function whenText({ when: { arches, ...ranges } }: Quirk): string {
  const places = Object.entries(ranges).map(([what, { from, before }]: [string, VersionRange]) =>
    [what, ...(from ? [`from ${from}`] : []), ...(before ? [`before ${before}`] : [])].join(" "),
  );
  return [...places, ...(arches ? [arches.join(" ")] : [])].join(", ");
}
