/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Children that use time, and what clocks and wait6() say of it.
 *
 * A child which has just ended or stopped is still on its CPU for a moment and
 * still counts.  settle() waits for that to be over, and where equality is
 * asked for, one of several children has to show it.
 */
#ifndef USAGE_H
#define USAGE_H

#include "wait6.h"

#include <linux/time_types.h>

#define NSEC 1000000000LL
#define CHILDREN 8		/* of one kind, where one has to show it */

/* The struct rusage of system calls; glibc's may have 64-bit times where the kernel's has not. */
struct kernel_rusage {
	struct __kernel_old_timeval utime;
	struct __kernel_old_timeval stime;
	__kernel_long_t maxrss;
	__kernel_long_t ixrss;
	__kernel_long_t idrss;
	__kernel_long_t isrss;
	__kernel_long_t minflt;
	__kernel_long_t majflt;
	__kernel_long_t nswap;
	__kernel_long_t inblock;
	__kernel_long_t oublock;
	__kernel_long_t msgsnd;
	__kernel_long_t msgrcv;
	__kernel_long_t nsignals;
	__kernel_long_t nvcsw;
	__kernel_long_t nivcsw;
};

/* Of a struct timeval of any layout. */
#define usec_of(tv) ((tv)->tv_sec * 1000000LL + (tv)->tv_usec)

static inline long long nsec_of(const struct time64 *t)
{
	EXPECT(t->nsec >= 0 && t->nsec < NSEC, "nsec %lld",
	       (long long)t->nsec);
	return t->sec * NSEC + t->nsec;
}

static inline long long sum_of(const struct rusage_ts64 *ru)
{
	return nsec_of(&ru->utime) + nsec_of(&ru->stime);
}

static inline long long read_clock(clockid_t id)
{
	struct timespec ts;

	EXPECT_OK(clock_gettime(id, &ts));
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* The CPU clock of another process, zombies included, in nanoseconds. */
static inline long long cpu_clock_of(pid_t pid)
{
	return read_clock((clockid_t)(~(unsigned int)pid << 3 | 2));
}

/* Waits until @pid, which has ended or stopped, has left its CPU. */
static inline long long settle(pid_t pid)
{
	long long before, now = cpu_clock_of(pid);

	do {
		before = now;
		usleep(5000);
		now = cpu_clock_of(pid);
	} while (now != before);
	return now;
}

/* Uses @nsec of CPU time; returns the process's clock. */
static inline long long burn(long long nsec)
{
	long long now, start = read_clock(CLOCK_PROCESS_CPUTIME_ID);

	do
		now = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	while (now - start < nsec);
	return now;
}

/* A child that uses @nsec of CPU time and ends. */
static inline pid_t start_burning(long long nsec)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0) {
		burn(nsec);
		_exit(0);
	}
	return pid;
}

/* A buffer in which everything that is not written is visible. */
static inline struct rusage_ts64 poisoned(void)
{
	struct rusage_ts64 ru;

	memset(&ru, 0xa5, sizeof(ru));
	return ru;
}

/* What wait6() reports of a child that has ended. */
static inline struct rusage_ts64 usage_of(pid_t pid)
{
	struct rusage_ts64 ru = poisoned();

	EXPECT_EQ(wait6(pid, NULL, 0, &ru, NULL), pid);
	return ru;
}

#endif /* USAGE_H */
