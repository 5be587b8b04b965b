// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate_pid() while processes and file descriptors come and go.  Each
 * answer must be the right pid or one of the errors that the moment explains,
 * never a wrong pid; and each case goes on until it has seen both.
 */
#include "under_load.h"

#include <linux/sched.h>
#include <pthread.h>

/* The headers of some architectures lack it; the number is that of most. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/*
 * fork() into the namespace that setns() has chosen for children, with a given
 * number in it and in the caller's.  Returns as fork() does.
 */
static pid_t fork_with_pids(pid_t inner, pid_t outer)
{
	pid_t set_tid[] = { inner, outer };
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)set_tid,
		.set_tid_size = 2,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* Makes and reaps processes with the numbers of one half of the slots. */
static void churn(int half, int ns, int own)
{
	int i;

	EXPECT_OK(setns(ns, CLONE_NEWPID));
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < NR_SLOTS / 2; i++) {
			pid_t inner = shared->inner[half * NR_SLOTS / 2 + i];
			pid_t outer = shared->outer[half * NR_SLOTS / 2 + i];
			pid_t pid = fork_with_pids(inner, outer);

			if (pid == 0) {
				/* Whoever asks is alive: no error is right. */
				EXPECT_TRANSLATED(inner, -1, own, outer);
				_exit(KTAP_CASE_PASS);
			}
			EXPECT(pid == outer, "clone3: %d, %s", pid,
			       strerror(errno));
			join(pid);
			count(&shared->rounds);
		}
	}
	_exit(KTAP_CASE_PASS);
}

/*
 * Translates from[slot]: the answer is one of the numbers which a slot with
 * that number has in to[], or -ESRCH.
 */
static void translate_slot(int slot, const pid_t *from, int source,
			   const pid_t *to, int target)
{
	int got = translated(from[slot], source, target), i;

	count(got == -ESRCH ? &shared->misses : &shared->hits);
	if (got == -ESRCH)
		return;
	for (i = 0; i < NR_SLOTS; i++)
		if (from[i] == from[slot] && to[i] == got)
			return;
	FAIL("translate_pid(%d, %d, %d) is %d, which is another's",
	     from[slot], source, target, got);
}

static void translate_slots(int ns, int own, int sibling)
{
	const pid_t *inner = shared->inner, *outer = shared->outer;
	int i;

	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < NR_SLOTS; i++) {
			translate_slot(i, inner, ns, outer, -1);
			translate_slot(i, outer, -1, inner, ns);
			translate_slot(i, inner, ns, outer, own);
			translate_slot(i, inner, ns, inner, ns);
			translate_slot(i, outer, own, outer, -1);
			right_or_gone(inner[i], ns, sibling, 0);
			right_or_gone(outer[i], own, sibling, 0);
		}
	}
	_exit(KTAP_CASE_PASS);
}

/*
 * Fills the slots with pids that are free in both namespaces.  In the first
 * half each number is in one slot only.  In the second half, some processes
 * have the same outer number one after the other, with different inner ones,
 * and the others the reverse: to get from a number to the process and from the
 * process to its other number in two steps would show.
 */
static void choose_pids(int ns)
{
	int own = pid_ns_of(getpid()), slot = 0, i;

	/* Those just used are free, and the last the kernel will give out. */
	burn_pids(4 * NR_SLOTS);
	EXPECT_OK(setns(ns, CLONE_NEWPID));
	for (i = 1; slot < NR_SLOTS; i++) {
		pid_t outer = getpid() + i, inner = 200 + NR_SLOTS - slot, pid;

		EXPECT(i < 16 * NR_SLOTS, "no free pids");
		pid = fork_with_pids(inner, outer);
		if (pid == 0)
			_exit(0);
		if (pid < 0 && (errno == ENOSYS || errno == E2BIG))
			SKIP("this kernel has no clone3() with set_tid (5.5)");
		if (pid < 0 && errno == EEXIST)
			continue;
		EXPECT(pid == outer, "clone3: %d, %s", pid, strerror(errno));
		reap(pid);
		shared->inner[slot] = inner;
		shared->outer[slot++] = outer;
	}
	for (i = NR_SLOTS / 2 + 1; i < NR_SLOTS * 3 / 4; i++)
		shared->outer[i] = shared->outer[NR_SLOTS / 2];
	for (i = NR_SLOTS * 3 / 4 + 1; i < NR_SLOTS; i++)
		shared->inner[i] = shared->inner[NR_SLOTS * 3 / 4];
	EXPECT_OK(setns(own, CLONE_NEWPID));
	close(own);
}

/* Few numbers, used over and over by processes of no duration. */
CASE_TIMEOUT(fork_and_exit, 60)
{
	int own = pid_ns_of(getpid()), ns, sibling, i;
	long want = ktap_rounds(500);
	pid_t child[4];

	share();
	ns = pid_ns_of(spawn_init(idle_init, NULL));
	sibling = pid_ns_of(spawn_init(idle_init, NULL));
	choose_pids(ns);
	for (i = 0; i < 4; i++) {
		child[i] = spawn();
		if (child[i])
			continue;
		if (i < 2)
			churn(i, ns, own);
		translate_slots(ns, own, sibling);
	}
	while (value_of(&shared->rounds) < want ||
	       value_of(&shared->hits) < want ||
	       value_of(&shared->misses) < want) {
		/* A child only ends when it has found something wrong. */
		for (i = 0; i < 4; i++) {
			int status;

			if (waitpid(child[i], &status, WNOHANG) == child[i])
				_exit(KTAP_CASE_FAIL);
		}
		usleep(1000);
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 4; i++)
		join(child[i]);
	for (i = 0; i < NR_SLOTS; i++)
		EXPECT_TRANSLATED(shared->inner[i], ns, -1, -ESRCH);
}

/* One descriptor number, which another thread keeps changing. */
static struct {
	pid_t init_a, init_b;
	int fd, a, b, other_kind;
	long seen[4];	/* a, b, EINVAL, EBADF */
	bool stop;
} swap;

static bool saw_everything(void)
{
	int i;

	for (i = 0; i < 4; i++)
		if (value_of(&swap.seen[i]) < 100)
			return false;
	return true;
}

static void *swap_fd(void *unused)
{
	while (!__atomic_load_n(&swap.stop, __ATOMIC_RELAXED)) {
		EXPECT_OK(dup2(swap.a, swap.fd));
		sched_yield();
		EXPECT_OK(dup2(swap.b, swap.fd));
		sched_yield();
		EXPECT_OK(dup2(swap.other_kind, swap.fd));
		sched_yield();
		EXPECT_OK(close(swap.fd));
		sched_yield();
	}
	return NULL;
}

static void *translate_swapped(void *unused)
{
	while (!saw_everything()) {
		int got = translated(1, swap.fd, -1);

		if (got == swap.init_a)
			count(&swap.seen[0]);
		else if (got == swap.init_b)
			count(&swap.seen[1]);
		else if (got == -EINVAL)
			count(&swap.seen[2]);
		else if (got == -EBADF)
			count(&swap.seen[3]);
		else
			FAIL("as source: %d", got);
		got = translated(swap.init_a, -1, swap.fd);
		EXPECT(got == 1 || got == 0 || got == -EINVAL || got == -EBADF,
		       "as target: %d", got);
		/* Both at once need not be the same namespace. */
		got = translated(1, swap.fd, swap.fd);
		EXPECT(got == 1 || got == 0 || got == -EINVAL || got == -EBADF,
		       "as both: %d", got);
	}
	return NULL;
}

CASE_TIMEOUT(fd_changes_under_the_call, 60)
{
	pthread_t swapper, translator[NR_TRANSLATORS];
	int i;

	swap.init_a = spawn_init(idle_init, NULL);
	swap.init_b = spawn_init(idle_init, NULL);
	swap.a = pid_ns_of(swap.init_a);
	swap.b = pid_ns_of(swap.init_b);
	swap.other_kind = open_ns(getpid(), "uts");
	EXPECT_OK(swap.other_kind);
	swap.fd = 100;
	EXPECT(!pthread_create(&swapper, NULL, swap_fd, NULL), "no thread");
	for (i = 0; i < NR_TRANSLATORS; i++)
		EXPECT(!pthread_create(&translator[i], NULL, translate_swapped,
				       NULL), "no thread");
	for (i = 0; i < NR_TRANSLATORS; i++)
		pthread_join(translator[i], NULL);
	__atomic_store_n(&swap.stop, true, __ATOMIC_RELAXED);
	pthread_join(swapper, NULL);
}

KTAP_MAIN(.skip_all = no_translate_pid)
