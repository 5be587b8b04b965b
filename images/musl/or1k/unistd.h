/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls beyond the generic ones (arch/openrisc/include/uapi/asm/unistd.h). */
#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_STAT64
#define __ARCH_WANT_SET_GET_RLIMIT
#define __ARCH_WANT_SYS_FORK
#define __ARCH_WANT_SYS_CLONE
#define __ARCH_WANT_SYS_CLONE3
#define __ARCH_WANT_TIME32_SYSCALLS

#include <asm-generic/unistd.h>

#define __NR_or1k_atomic __NR_arch_specific_syscall
