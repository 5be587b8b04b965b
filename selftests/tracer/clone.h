/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLONE_H
#define CLONE_H

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Like fork(), but for the flags (CLONE_NEW* and the like); not by the C library. */
static inline pid_t clone_with(unsigned long flags)
{
	flags |= SIGCHLD;
#if defined(__s390__)
	/* The stack comes first there (CLONE_BACKWARDS2). */
	return syscall(SYS_clone, 0, flags, 0, 0, 0);
#elif defined(__sparc__)
	/* A child gets its parent's id, and is told by a second result, which syscall() hides. */
	register long g1 __asm__("g1") = SYS_clone;
	register long o0 __asm__("o0") = flags;
	register long o1 __asm__("o1") = 0;
	register long o2 __asm__("o2") = 0;
	register long o3 __asm__("o3") = 0;
	register long o4 __asm__("o4") = 0;

	__asm__ volatile(
#ifdef __arch64__
			 "t 0x6d\n"
#else
			 "t 0x10\n"
#endif
			 "	bcs,a 1f\n"
			 "	sub %%g0, %0, %0\n"
			 "1:"
			 : "+r"(o0), "+r"(o1)
			 : "r"(g1), "r"(o2), "r"(o3), "r"(o4)
			 : "memory", "cc");
	if (o0 < 0) {
		errno = -o0;
		return -1;
	}
	return o1 ? 0 : o0;
#else
	return syscall(SYS_clone, flags, 0, 0, 0, 0);
#endif
}

#endif /* CLONE_H */
