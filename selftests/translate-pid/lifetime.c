// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate_pid() of pids whose process is dying or dead: zombies, reaped
 * processes, numbers that only a process group or a session keeps, and whole
 * namespaces without processes.
 */
#include "translate_pid.h"

#include <pthread.h>

/* A namespace with an idle init, and an fd of it. */
struct ns {
	pid_t init;
	int fd;
};

static struct ns new_ns(void)
{
	struct ns ns;

	ns.init = spawn_init(idle_init, NULL);
	ns.fd = pid_ns_of(ns.init);
	return ns;
}

/* A process in ns which waits for its end; its number there is in *inner. */
static pid_t idle_in(const struct ns *ns, pid_t *inner)
{
	pid_t pid = spawn_into(ns->fd), nr[MAX_LEVELS];

	if (pid == 0)
		for (;;)
			pause();
	EXPECT_EQ(nspid_of(pid, nr), 2);
	EXPECT(nr[1] != nr[0], "%d in both namespaces", nr[0]);
	*inner = nr[1];
	return pid;
}

/*
 * Waits until a pid is gone whose last user somebody else reaps: that it has no
 * task any more is visible a moment before the pid is freed.
 */
static void await_esrch(pid_t pid, int source, int target, int before)
{
	int got;

	while ((got = translated(pid, source, target)) != -ESRCH) {
		EXPECT(got == before, "translate_pid(%d, %d, %d): %d, was %d",
		       pid, source, target, got, before);
		usleep(1000);
	}
}

CASE(zombie_is_translated)
{
	struct ns ns = new_ns();
	pid_t inner, pid;

	pid = idle_in(&ns, &inner);
	EXPECT_OK(kill(pid, SIGKILL));
	wait_zombie(pid);
	EXPECT_TRANSLATED(inner, ns.fd, -1, pid);
	EXPECT_TRANSLATED(pid, -1, ns.fd, inner);
	EXPECT_TRANSLATED(inner, ns.fd, ns.fd, inner);
}

CASE(reaped_is_esrch)
{
	struct ns ns = new_ns();
	pid_t inner, pid;

	pid = idle_in(&ns, &inner);
	EXPECT_TRANSLATED(inner, ns.fd, -1, pid);
	kill_and_reap(pid);
	EXPECT_TRANSLATED(inner, ns.fd, -1, -ESRCH);
	EXPECT_TRANSLATED(inner, ns.fd, ns.fd, -ESRCH);
	EXPECT_TRANSLATED(pid, -1, ns.fd, -ESRCH);
	EXPECT_TRANSLATED(pid, -1, -1, -ESRCH);
	/* Its namespace goes on. */
	EXPECT_TRANSLATED(1, ns.fd, -1, ns.init);
}

static void exit_thread(void *end)
{
	wait_pipe(*(int *)end);
	syscall(SYS_exit, 0);
}

struct leaving {
	int end[2], ready[2];
	pid_t leader, thread;
};

static struct leaving *leaving;

static void *stay(void *unused)
{
	leaving->thread = syscall(SYS_gettid);
	signal_pipe(leaving->ready[1]);
	for (;;)
		pause();
	return NULL;
}

/* The main thread is gone, the process is not. */
CASE(leader_that_left_its_threads_is_translated)
{
	struct ns ns = new_ns();
	pid_t pid, outer_thread;
	char path[64], line[256] = "";

	leaving = shared_memory(sizeof(*leaving));
	EXPECT_OK(pipe(leaving->end));
	EXPECT_OK(pipe(leaving->ready));
	pid = spawn_into(ns.fd);
	if (pid == 0) {
		pthread_t thread;

		leaving->leader = getpid();
		EXPECT(!pthread_create(&thread, NULL, stay, NULL),
		       "pthread_create");
		exit_thread(&leaving->end[0]);
	}
	wait_pipe(leaving->ready[0]);
	outer_thread = translated(leaving->thread, ns.fd, -1);
	EXPECT(outer_thread > 0 && outer_thread != pid, "%d", outer_thread);
	signal_pipe(leaving->end[1]);

	/* The leader is a zombie when its state is Z. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, pid);
	while (!strstr(line, ") Z ")) {
		FILE *f = fopen(path, "re");

		EXPECT(f, "%s: %s", path, strerror(errno));
		EXPECT(fgets(line, sizeof(line), f), "%s is empty", path);
		fclose(f);
		usleep(1000);
	}
	EXPECT_TRANSLATED(leaving->leader, ns.fd, -1, pid);
	EXPECT_TRANSLATED(pid, -1, ns.fd, leaving->leader);
	EXPECT_TRANSLATED(leaving->thread, ns.fd, -1, outer_thread);
	kill_and_reap(pid);
	EXPECT_TRANSLATED(leaving->leader, ns.fd, -1, -ESRCH);
	await_esrch(leaving->thread, ns.fd, -1, outer_thread);
}

struct kept {
	int ready[2];
	pid_t leader, survivor;		/* numbers in the namespace */
	bool as_session;
};

static struct kept *kept;

/*
 * A process of the namespace founds a process group or a session, starts a
 * child in it and ends.  When the test has reaped it, its number is only the ID
 * of the group or of the session.
 */
static void leave_only_the_id(void)
{
	pid_t pid;

	kept->leader = getpid();
	if (kept->as_session)
		EXPECT_OK(setsid());
	else
		EXPECT_OK(setpgid(0, 0));
	pid = fork();
	EXPECT(pid >= 0, "fork: %s", strerror(errno));
	if (pid)
		_exit(0);
	/* Of the session, but of another process group. */
	if (kept->as_session)
		EXPECT_OK(setpgid(0, 0));
	kept->survivor = getpid();
	signal_pipe(kept->ready[1]);
	for (;;)
		pause();
}

static void check_kept_id(bool as_session)
{
	struct ns ns = new_ns();
	pid_t pid, survivor;

	kept = shared_memory(sizeof(*kept));
	kept->as_session = as_session;
	EXPECT_OK(pipe(kept->ready));
	pid = spawn_into(ns.fd);
	if (pid == 0)
		leave_only_the_id();
	wait_pipe(kept->ready[0]);
	reap(pid);
	survivor = translated(kept->survivor, ns.fd, -1);
	EXPECT(survivor > 0, "survivor %d: %d", kept->survivor, survivor);

	/* There is no such process, but there is such a group or session. */
	EXPECT(kill(pid, 0) == -1 && errno == ESRCH, "%d is not gone", pid);
	EXPECT_EQ(as_session ? getsid(survivor) : getpgid(survivor), pid);
	EXPECT_TRANSLATED(kept->leader, ns.fd, -1, pid);
	EXPECT_TRANSLATED(pid, -1, ns.fd, kept->leader);
	/* The ioctls know tasks only: there it is ESRCH. */
	if (ioctl(ns.fd, IOCTL_GET_PID_FROM_PIDNS, kept->leader) != -1 ||
	    (errno != ENOTTY && errno != ESRCH))
		FAIL("NS_GET_PID_FROM_PIDNS found %d", kept->leader);

	/* With the survivor, which now is a child of the init, it goes too. */
	EXPECT_OK(kill(survivor, SIGKILL));
	await_esrch(kept->survivor, ns.fd, -1, survivor);
	await_esrch(kept->leader, ns.fd, -1, pid);
	EXPECT_TRANSLATED(pid, -1, ns.fd, -ESRCH);
}

CASE(pid_kept_by_process_group_is_translated)
{
	check_kept_id(false);
}

CASE(pid_kept_by_session_is_translated)
{
	check_kept_id(true);
}

CASE(zombie_init_is_translated)
{
	struct ns ns = new_ns();
	pid_t pid, inner;

	pid = idle_in(&ns, &inner);
	/* The init ends last: it waits until its namespace is empty. */
	EXPECT_OK(kill(ns.init, SIGKILL));
	wait_zombie(pid);
	EXPECT_TRANSLATED(inner, ns.fd, -1, pid);
	EXPECT_TRANSLATED(pid, -1, ns.fd, inner);
	EXPECT_TRANSLATED(1, ns.fd, -1, ns.init);
	reap(pid);
	wait_zombie(ns.init);
	EXPECT_TRANSLATED(inner, ns.fd, -1, -ESRCH);
	EXPECT_TRANSLATED(1, ns.fd, -1, ns.init);
	EXPECT_TRANSLATED(ns.init, -1, ns.fd, 1);
	reap(ns.init);
	EXPECT_TRANSLATED(1, ns.fd, -1, -ESRCH);
}

/* A namespace which only its file descriptor keeps is an empty one. */
CASE(dead_source_namespace_is_esrch)
{
	struct ns ns = new_ns(), other = new_ns();
	pid_t pid, inner;

	pid = idle_in(&ns, &inner);
	EXPECT_TRANSLATED(inner, ns.fd, -1, pid);
	EXPECT_OK(kill(ns.init, SIGKILL));
	reap(pid);
	reap(ns.init);
	EXPECT_TRANSLATED(1, ns.fd, -1, -ESRCH);
	EXPECT_TRANSLATED(1, ns.fd, ns.fd, -ESRCH);
	EXPECT_TRANSLATED(1, ns.fd, other.fd, -ESRCH);
	EXPECT_TRANSLATED(inner, ns.fd, -1, -ESRCH);
	/* Its file is still one of a pid namespace. */
	EXPECT_TRANSLATED(1, other.fd, ns.fd, 0);
	EXPECT_TRANSLATED(1, other.fd, -1, other.init);
}

CASE(dead_target_namespace_is_zero)
{
	struct ns ns = new_ns();
	pid_t pid, inner;

	pid = idle_in(&ns, &inner);
	EXPECT_TRANSLATED(pid, -1, ns.fd, inner);
	EXPECT_OK(kill(ns.init, SIGKILL));
	reap(pid);
	reap(ns.init);
	/* Those who live have no number there; those who had one are gone. */
	EXPECT_TRANSLATED(getpid(), -1, ns.fd, 0);
	EXPECT_TRANSLATED(1, -1, ns.fd, 0);
	EXPECT_TRANSLATED(pid, -1, ns.fd, -ESRCH);
	EXPECT_TRANSLATED(ns.init, -1, ns.fd, -ESRCH);
}

/* A child namespace outlived by the file descriptors of both. */
struct nested {
	int ready[2];
	pid_t inner_init;	/* its number in the outer of the two */
};

static struct nested *nested;

static void nest(void *unused)
{
	burn_pids(3);
	nested->inner_init = spawn_init(idle_init, NULL);
	signal_pipe(nested->ready[1]);
	idle_init(NULL);
}

CASE(dead_namespace_takes_its_children_along)
{
	pid_t init, inner_init;
	int outside, inside;

	nested = shared_memory(sizeof(*nested));
	EXPECT_OK(pipe(nested->ready));
	init = spawn_init(nest, NULL);
	wait_pipe(nested->ready[0]);
	outside = pid_ns_of(init);
	inner_init = translated(nested->inner_init, outside, -1);
	EXPECT(inner_init > 0, "%d: %d", nested->inner_init, inner_init);
	inside = pid_ns_of(inner_init);
	EXPECT_TRANSLATED(1, inside, outside, nested->inner_init);
	EXPECT_TRANSLATED(nested->inner_init, outside, inside, 1);
	kill_and_reap(init);
	EXPECT_TRANSLATED(1, inside, outside, -ESRCH);
	EXPECT_TRANSLATED(nested->inner_init, outside, inside, -ESRCH);
	EXPECT_TRANSLATED(inner_init, -1, inside, -ESRCH);
	EXPECT_TRANSLATED(1, outside, inside, -ESRCH);
}

KTAP_MAIN(.skip_all = no_translate_pid)
