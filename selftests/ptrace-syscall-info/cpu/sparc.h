/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sparc64 and sparc.  An error is told by the carry bit.  The program counter
 * is moved on only after the exit stop.
 */
#define CPU_ABIS(do) do(sparc64) do(sparc)

static const struct abi abi_sparc64 = {
	.name = "sparc64", .arch = 0x8000002b,
	.getpid = 20, .execve = 59, .restart_syscall = 0, .exit_group = 188,
};

static const struct abi abi_sparc = {
	.name = "sparc", .arch = 0x00000002, .regs_32_bit = true,
	.getpid = 20, .execve = 59, .restart_syscall = 0, .exit_group = 188,
};

#define WIDE_REGS 36
#define WIDE_IP 33
#define WIDE_SP 14
#define WIDE_NR 1
#define NARROW_REGS 38
#define NARROW_IP 33
#define NARROW_SP 14
#define NARROW_NR 1

#define SIGNAL_IP 4

/* -ERESTART_RESTARTBLOCK is the last one. */
#define LARGEST_ERRNO 516
#define HAS_FORCED_SUCCESS 1

#ifdef __arch64__
#define THIS_ABI abi_sparc64
RAW_NATIVE("l0",
	"stx	%%sp, [%%l0 + 56]\n"
	"ldx	[%%l0 + 8], %%o0\n"
	"ldx	[%%l0 + 16], %%o1\n"
	"ldx	[%%l0 + 24], %%o2\n"
	"ldx	[%%l0 + 32], %%o3\n"
	"ldx	[%%l0 + 40], %%o4\n"
	"ldx	[%%l0 + 48], %%o5\n"
	"ldx	[%%l0], %%g1\n"
	RAW_NATIVE_LABEL
	"ta	0x6d\n"
	"stx	%%o0, [%%l0 + 64]\n",
	"o0", "o1", "o2", "o3", "o4", "o5", "g1", "cc");
#else
#define THIS_ABI abi_sparc
/* A 64-bit kernel shows what a 32-bit load has left in the register. */
#define SHOWN_NR(nr) ((uint32_t)(nr))
RAW_NATIVE("l0",
	"st	%%sp, [%%l0 + 60]\n"
	"ld	[%%l0 + 12], %%o0\n"
	"ld	[%%l0 + 20], %%o1\n"
	"ld	[%%l0 + 28], %%o2\n"
	"ld	[%%l0 + 36], %%o3\n"
	"ld	[%%l0 + 44], %%o4\n"
	"ld	[%%l0 + 52], %%o5\n"
	"ld	[%%l0 + 4], %%g1\n"
	RAW_NATIVE_LABEL
	"ta	0x10\n"
	"st	%%o0, [%%l0 + 68]\n",
	"o0", "o1", "o2", "o3", "o4", "o5", "g1", "cc");
#endif
