// SPDX-License-Identifier: GPL-2.0-only
/*
 * The times that wait6() reports, against the CPU clock of the child, which
 * counts the same nanoseconds.
 */
#include "usage.h"

/*
 * s390 counts user and system time by its CPU timer, of which the scheduler's
 * clock of the process knows nothing (CONFIG_VIRT_CPU_ACCOUNTING_NATIVE,
 * cputime_adjust() in kernel/sched/cputime.c): there the two need not agree.
 */
#ifndef __s390__
/*
 * The last thing a child does is to read its CPU clock: the sum is not less,
 * and not much more, as nothing but the exit is still to come.
 */
CASE(sum_covers_the_clock_read_before_exit)
{
	long long *last = shared(sizeof(*last)), excess, least = LLONG_MAX;
	int i;

	for (i = 0; i < 2 * CHILDREN; i++) {
		struct rusage_ts64 ru;
		pid_t child = fork();

		EXPECT_OK(child);
		if (child == 0) {
			*last = burn(1000000 + i * 12345);
			_exit(0);
		}
		ru = usage_of(child);
		excess = sum_of(&ru) - *last;
		EXPECT(excess >= 0, "the sum is %lld ns, the clock was %lld",
		       sum_of(&ru), *last);
		if (excess < least)
			least = excess;
	}
	EXPECT(least < 50000000, "the sum is always %lld ns too large", least);
	ktap_print("the least excess is %lld ns", least);
}

/* Children that use @nsec each: their sum must be their clock, to the ns. */
static void expect_sum_is_clock(long long nsec, int children)
{
	int i, equal = 0;

	for (i = 0; i < children; i++) {
		pid_t child = start_burning(nsec);
		struct rusage_ts64 ru;
		long long clock;

		await_zombie(child);
		clock = settle(child);
		ru = usage_of(child);
		EXPECT(sum_of(&ru) >= clock, "the sum is %lld, the clock %lld",
		       sum_of(&ru), clock);
		equal += sum_of(&ru) == clock;
	}
	EXPECT(equal > 0, "the sum was never that of the clock");
}

CASE(sum_is_the_cpu_clock_of_the_zombie)
{
	expect_sum_is_clock(3000000, CHILDREN);
}

/* The two parts of a time fit together. */
CASE(sum_above_one_second)
{
	expect_sum_is_clock(NSEC + NSEC / 10, 1);
}
#endif

/*
 * Where sched_clock() goes by ticks, no time that the scheduler counts has a
 * part below a microsecond, and this clock is what it counts (clock_gettime(2)).
 * One that stands still for a while, as an unstable one may, tells nothing
 * before it has moved.
 */
static bool scheduler_counts_nanoseconds(void)
{
	long long last = -1;
	int moved = 0;

	while (moved < 10) {
		struct timespec now;
		long long nsec;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
		if (now.tv_nsec % 1000)
			return true;
		nsec = now.tv_sec * NSEC + now.tv_nsec;
		moved += last >= 0 && nsec != last;
		last = nsec;
	}
	return false;
}

/* What microseconds cannot show. */
CASE(times_are_finer_than_a_microsecond)
{
	int i, finer = 0;

	if (!scheduler_counts_nanoseconds())
		SKIP("the scheduler's clock goes by ticks here");
	for (i = 0; i < 2 * CHILDREN; i++) {
		struct rusage_ts64 ru = usage_of(start_burning(200000));

		finer += nsec_of(&ru.utime) % 1000 || nsec_of(&ru.stime) % 1000;
	}
	EXPECT(finer >= CHILDREN, "only %d of %d children have a part below 1 us",
	       finer, 2 * CHILDREN);
}

KTAP_MAIN(.skip_all = no_wait6)
