// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate_pid() from, into and inside pid namespaces whose init is killed
 * meanwhile.  Each answer must be the right pid or ESRCH, never a wrong pid.
 */
#include "under_load.h"

#include <pthread.h>

/* A namespace with a process in every slot but the first, which has its init. */
static void populate(void *unused)
{
	int i;

	for (i = 0; i < NR_SLOTS; i++) {
		pid_t pid = i ? spawn() : 0;

		if (pid)
			continue;
		shared->inner[i] = getpid();
		shared->outer[i] = outer_pid();
		signal_pipe(shared->ready[1]);
		while (i)
			pause();
	}
	idle_init(NULL);
}

/* A child that translates, and tells when it has begun to. */
struct translator {
	pid_t pid;
	int begun;
};

static int begun_fd;

/* Forks, into the namespace of ns unless that is negative.  Returns as fork(). */
static pid_t spawn_translator(struct translator *t, int ns)
{
	int ends[2];

	EXPECT_OK(pipe(ends));
	t->pid = ns < 0 ? spawn() : spawn_into(ns);
	if (t->pid == 0) {
		close(ends[0]);
		begun_fd = ends[1];
		return 0;
	}
	close(ends[1]);
	t->begun = ends[0];
	return t->pid;
}

/* Returns when each has translated everything once; or one found it wrong. */
static void wait_begun(struct translator *t)
{
	int i;

	for (i = 0; i < NR_TRANSLATORS; i++) {
		wait_pipe(t[i].begun);
		close(t[i].begun);
	}
}

struct victim {
	pid_t init;
	int fd;
};

static struct victim new_victim(void)
{
	struct victim v;
	int i;

	v.init = spawn_init(populate, NULL);
	for (i = 0; i < NR_SLOTS; i++)
		wait_pipe(shared->ready[0]);
	v.fd = pid_ns_of(v.init);
	return v;
}

/*
 * Translates until the namespace is dead: from it, or into it.  Pids of it
 * only go, they do not come.
 */
static void watch_namespace_die(const struct victim *v, int own, bool into)
{
	bool gone[NR_SLOTS] = {};
	bool told = false;
	int i;

	while (!gone[0]) {
		for (i = 0; i < NR_SLOTS; i++) {
			pid_t inner = shared->inner[i];
			pid_t outer = shared->outer[i];
			bool there = into ?
				right_or_gone(outer, -1, v->fd, inner) :
				right_or_gone(inner, v->fd, -1, outer);

			EXPECT(!(there && gone[i]), "%d came back", inner);
			gone[i] = !there;
			if (into) {
				right_or_gone(outer, own, v->fd, inner);
				EXPECT_TRANSLATED(getpid(), -1, v->fd, 0);
			} else {
				right_or_gone(inner, v->fd, own, outer);
				right_or_gone(inner, v->fd, v->fd, inner);
			}
			/* Before anyone is killed all of them are there. */
			EXPECT(there || told, "%d is not there", inner);
		}
		if (!told)
			signal_pipe(begun_fd);
		told = true;
	}
	_exit(KTAP_CASE_PASS);
}

static void let_namespaces_die(bool into)
{
	long round, rounds = ktap_rounds(20);
	int own = pid_ns_of(getpid()), i;

	share();
	for (round = 0; round < rounds; round++) {
		struct victim v = new_victim();
		struct translator t[NR_TRANSLATORS];

		for (i = 0; i < NR_TRANSLATORS; i++)
			if (spawn_translator(&t[i], -1) == 0)
				watch_namespace_die(&v, own, into);
		wait_begun(t);
		kill_and_reap(v.init);
		for (i = 0; i < NR_SLOTS; i++) {
			EXPECT_TRANSLATED(shared->inner[i], v.fd, -1, -ESRCH);
			EXPECT_TRANSLATED(shared->outer[i], -1, v.fd, -ESRCH);
		}
		for (i = 0; i < NR_TRANSLATORS; i++)
			join(t[i].pid);
		close(v.fd);
	}
	EXPECT(shared->hits && shared->misses, "%ld hits, %ld misses",
	       shared->hits, shared->misses);
}

CASE_TIMEOUT(source_namespace_dies, 60)
{
	let_namespaces_die(false);
}

CASE_TIMEOUT(target_namespace_dies, 60)
{
	let_namespaces_die(true);
}

static int outside_fd;

static void ask_from_inside(void)
{
	pid_t self = getpid(), outer = outer_pid();
	pid_t init = translated(1, -1, outside_fd);
	bool told = false;

	for (;;) {
		/* As long as one is there to ask, so is the init. */
		EXPECT_TRANSLATED(self, -1, outside_fd, outer);
		EXPECT_TRANSLATED(outer, outside_fd, -1, self);
		EXPECT_TRANSLATED(self, -1, -1, self);
		EXPECT_TRANSLATED(1, -1, -1, 1);
		EXPECT_TRANSLATED(1, -1, outside_fd, init);
		if (!told)
			signal_pipe(begun_fd);
		told = true;
		count(&shared->rounds);
	}
}

CASE_TIMEOUT(caller_in_dying_namespace, 60)
{
	long round, rounds = ktap_rounds(20);
	int i;

	share();
	outside_fd = pid_ns_of(getpid());
	for (round = 0; round < rounds; round++) {
		struct victim v = {
			.init = spawn_init(idle_init, NULL),
		};
		struct translator t[NR_TRANSLATORS];

		v.fd = pid_ns_of(v.init);
		for (i = 0; i < NR_TRANSLATORS; i++)
			if (spawn_translator(&t[i], v.fd) == 0)
				ask_from_inside();
		wait_begun(t);
		EXPECT_OK(kill(v.init, SIGKILL));
		for (i = 0; i < NR_TRANSLATORS; i++) {
			int status = reap(t[i].pid);

			/* Killed, and not ended by a wrong answer. */
			EXPECT(WIFSIGNALED(status), "status 0x%x", status);
			EXPECT_EQ(WTERMSIG(status), SIGKILL);
		}
		reap(v.init);
		close(v.fd);
	}
}

/* The only thing that keeps a dead namespace is closed during the call. */
static int last_fd;

static void *use_last_fd(void *unused)
{
	bool told = false;

	for (;;) {
		int got = translated(1, last_fd, -1);

		if (got == -EBADF)
			return NULL;
		EXPECT_EQ(got, -ESRCH);
		got = translated(getpid(), -1, last_fd);
		EXPECT(got == 0 || got == -EBADF, "as target: %d", got);
		if (!told)
			signal_pipe(shared->ready[1]);
		told = true;
	}
}

CASE_TIMEOUT(last_fd_of_dead_namespace_is_closed, 60)
{
	long round, rounds = ktap_rounds(30);
	pthread_t translator[NR_TRANSLATORS];
	int i;

	share();
	for (round = 0; round < rounds; round++) {
		pid_t init = spawn_init(idle_init, NULL);

		last_fd = pid_ns_of(init);
		kill_and_reap(init);
		for (i = 0; i < NR_TRANSLATORS; i++)
			EXPECT(!pthread_create(&translator[i], NULL,
					       use_last_fd, NULL), "no thread");
		for (i = 0; i < NR_TRANSLATORS; i++)
			wait_pipe(shared->ready[0]);
		EXPECT_OK(close(last_fd));
		for (i = 0; i < NR_TRANSLATORS; i++)
			pthread_join(translator[i], NULL);
	}
}

KTAP_MAIN(.skip_all = no_translate_pid)
