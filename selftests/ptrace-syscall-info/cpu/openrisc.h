/* SPDX-License-Identifier: GPL-2.0-only */
/* openrisc, 32-bit and big-endian.  A call leaves even registers from r14 on alone. */
#define CPU_ABIS(do) do(openrisc)

static const struct abi abi_openrisc = {
	.name = "openrisc", .arch = 0x0000005c, .regs_32_bit = true,
	.getpid = 172, .execve = 221, .restart_syscall = 128, .exit_group = 94,
};
#define THIS_ABI abi_openrisc
/* There is one, but musl's struct timespec is not that one's. */
#define HAS_NANOSLEEP 0

#define WIDE_REGS 17		/* no such thing */
#define WIDE_IP 16
#define WIDE_SP 1
#define WIDE_NR 11
#define NARROW_REGS 34
#define NARROW_IP 32
#define NARROW_SP 1
#define NARROW_NR 11

#define RESTART_IP (-4)

RAW_NATIVE("r14",
	"l.sw	60(r14), r1\n"
	"l.lwz	r3, 12(r14)\n"
	"l.lwz	r4, 20(r14)\n"
	"l.lwz	r5, 28(r14)\n"
	"l.lwz	r6, 36(r14)\n"
	"l.lwz	r7, 44(r14)\n"
	"l.lwz	r8, 52(r14)\n"
	"l.lwz	r11, 4(r14)\n"
	"l.sys	1\n"
	RAW_NATIVE_LABEL
	"l.sw	68(r14), r11\n",
	"r3", "r4", "r5", "r6", "r7", "r8", "r11", "r12", "r13", "r15", "r17",
	"r19", "r21", "r23", "r25", "r27", "r29", "r31");
