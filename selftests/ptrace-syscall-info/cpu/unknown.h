/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU whose registers this suite does not know: all its cases are skipped. */
#define CPU_UNKNOWN 1
#define CPU_ABIS(do) do(native)

static const struct abi abi_native = { .name = ABI };
#define THIS_ABI abi_native

#define WIDE_REGS 1
#define WIDE_IP 0
#define WIDE_SP 0
#define WIDE_NR 0
#define NARROW_REGS 1
#define NARROW_IP 0
#define NARROW_SP 0
#define NARROW_NR 0

const char raw_native_ip[1];

void raw_native(struct raw_call *call)
{
	abort();
}
