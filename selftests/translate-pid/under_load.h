/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the processes of a case under load tell each other, and the check of
 * an answer that may be outrun by an exit.
 */
#ifndef SELFTESTS_UNDER_LOAD_H
#define SELFTESTS_UNDER_LOAD_H

#include "translate_pid.h"

#define NR_SLOTS 16
#define NR_TRANSLATORS 2

struct shared {
	long rounds, hits, misses;
	bool stop;
	pid_t inner[NR_SLOTS], outer[NR_SLOTS];
	int ready[2];
};

static struct shared *shared;

static inline long count(long *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static inline long value_of(long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void share(void)
{
	shared = shared_memory(sizeof(*shared));
	EXPECT_OK(pipe(shared->ready));
}

/*
 * Ends the case unless the answer is right, or -ESRCH.  Returns true if it was
 * right.
 */
static inline bool right_or_gone(pid_t pid, int source, int target, int right)
{
	int got = translated(pid, source, target);

	EXPECT(got == right || got == -ESRCH,
	       "translate_pid(%d, %d, %d) is %d, expected %d or %d", pid,
	       source, target, got, right, -ESRCH);
	count(got == right ? &shared->hits : &shared->misses);
	return got == right;
}

#endif /* SELFTESTS_UNDER_LOAD_H */
