// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate_pid() between living processes of nested and of sibling pid
 * namespaces, in every direction, by callers in all of them.
 */
#include "ns_tree.h"

#include <pthread.h>
#include <sys/mount.h>

CASE(every_pair_of_namespaces)
{
	grow_tree();
	check_whole_tree();
}

CASE(negative_fd_is_own_namespace)
{
	grow_tree();
	check_own_namespace(0, -1);
	check_own_namespace(0, -2);
	check_own_namespace(0, AT_FDCWD);
	check_own_namespace(0, INT_MIN);
}

/* The tree as a process in ns sees it, with file descriptors from outside. */
static void check_from_inside(int ns)
{
	pid_t pid;

	grow_tree();
	pid = spawn_into(ns_fd[ns]);
	if (pid == 0) {
		/* It is in ns: its own number there is beyond the others. */
		EXPECT(getpid() > members[ORDINARY_OF(ns)].inner,
		       "getpid() is %d", getpid());
		check_whole_tree();
		check_own_namespace(ns, -1);
		_exit(KTAP_CASE_PASS);
	}
	join(pid);
}

CASE(caller_in_child_namespace)
{
	check_from_inside(1);
}

CASE(caller_in_middle_namespace)
{
	check_from_inside(2);
}

CASE(caller_in_innermost_namespace)
{
	check_from_inside(3);
}

CASE(caller_in_sibling_namespace)
{
	check_from_inside(4);
}

/* Negative means where the caller is, not where its children will be. */
CASE(negative_fd_is_not_pid_for_children)
{
	grow_tree();
	EXPECT_OK(setns(ns_fd[2], CLONE_NEWPID));
	check_own_namespace(0, -1);
}

CASE(siblings_have_no_pids_in_each_other)
{
	pid_t nr;

	grow_tree();
	nr = members[ORDINARY_OF(2)].inner;
	/* The number exists in both namespaces, for different processes. */
	EXPECT_TRANSLATED(nr, ns_fd[2], ns_fd[4], 0);
	EXPECT_TRANSLATED(nr, ns_fd[4], ns_fd[2], 0);
	EXPECT_TRANSLATED(1, ns_fd[2], ns_fd[4], 0);
	EXPECT_TRANSLATED(1, ns_fd[1], ns_fd[5], 0);
	EXPECT_TRANSLATED(1, ns_fd[3], ns_fd[5], 0);
	EXPECT_TRANSLATED(1, ns_fd[5], ns_fd[3], 0);
}

CASE(outer_processes_are_unreachable_from_inside)
{
	int ns;

	grow_tree();
	for (ns = 1; ns < NR_NS; ns++) {
		EXPECT_TRANSLATED(members[ORDINARY_OF(0)].outer, -1, ns_fd[ns],
				  0);
		EXPECT_TRANSLATED(getpid(), ns_fd[0], ns_fd[ns], 0);
	}
	EXPECT_TRANSLATED(members[ORDINARY_OF(1)].inner, ns_fd[1], ns_fd[3], 0);
	EXPECT_TRANSLATED(members[ORDINARY_OF(2)].inner, ns_fd[2], ns_fd[3], 0);
}

/* A number of another namespace is not looked up in the caller's. */
CASE(number_unknown_in_source_is_esrch)
{
	pid_t nr, inner[MAX_LEVELS];

	grow_tree();
	/*
	 * Every process of 1 has a number in 0 too, and this is the newest:
	 * its number in 0 has not been reached in 1.
	 */
	nr = spawn_into(ns_fd[3]);
	if (nr == 0)
		for (;;)
			pause();
	nspid_of(nr, inner);
	EXPECT(nr > inner[1], "%d in 0, but %d in 1", nr, inner[1]);
	EXPECT_TRANSLATED(nr, ns_fd[1], -1, -ESRCH);
	EXPECT_TRANSLATED(nr, ns_fd[1], ns_fd[1], -ESRCH);
	EXPECT_TRANSLATED(nr, ns_fd[3], ns_fd[0], -ESRCH);
	EXPECT_TRANSLATED(nr, -1, ns_fd[3], inner[3]);
	EXPECT_TRANSLATED(inner[1], ns_fd[1], ns_fd[3], inner[3]);
}

/* Nothing to compare with before Linux 6.11. */
static void check_pidns_ioctls(void)
{
	int m, ns;

	if (ioctl(ns_fd[1], IOCTL_GET_PID_FROM_PIDNS, 1) < 0 &&
	    errno == ENOTTY)
		return;
	for (m = 0; m < NR_MEMBERS; m++) {
		for (ns = 0; ns < NR_NS; ns++) {
			pid_t outer = number_in(m, 0), inner = number_in(m, ns);
			int got = ioctl(ns_fd[ns], IOCTL_GET_PID_IN_PIDNS,
					outer);

			if (!inner) {
				/* The one documented difference. */
				EXPECT(got == -1 && errno == ESRCH,
				       "ioctl: %d, errno %d", got, errno);
				EXPECT_TRANSLATED(outer, -1, ns_fd[ns], 0);
				continue;
			}
			EXPECT_TRANSLATED(outer, -1, ns_fd[ns], got);
			got = ioctl(ns_fd[ns], IOCTL_GET_PID_FROM_PIDNS, inner);
			EXPECT_TRANSLATED(inner, ns_fd[ns], -1, got);
			EXPECT_EQ(got, outer);
		}
	}
	EXPECT(ioctl(ns_fd[1], IOCTL_GET_PID_FROM_PIDNS, 4000) == -1 &&
	       errno == ESRCH, "errno %d", errno);
	EXPECT_TRANSLATED(4000, ns_fd[1], -1, -ESRCH);
}

CASE(agrees_with_getpid_clone_and_ioctls)
{
	int ns;

	grow_tree();
	for (ns = 1; ns < NR_NS; ns++) {
		struct member *init = &members[INIT_OF(ns)];
		struct member *ordinary = &members[ORDINARY_OF(ns)];
		int up = ns_fd[ns_tree[ns].parent];

		EXPECT_EQ(init->inner, 1);
		EXPECT_TRANSLATED(1, ns_fd[ns], up, init->in_parent_ns);
		EXPECT_TRANSLATED(init->in_parent_ns, up, ns_fd[ns], 1);
		EXPECT_TRANSLATED(1, ns_fd[ns], -1, init->outer);
		EXPECT_TRANSLATED(ordinary->outer, -1, ns_fd[ns],
				  ordinary->inner);
	}
	check_pidns_ioctls();
}

/* The uses which the proposal documents. */
CASE(documented_idioms)
{
	int a, b;

	grow_tree();
	for (a = 0; a < NR_NS; a++) {
		for (b = 0; b < NR_NS; b++) {
			int got;

			got = translated(1, ns_fd[a], ns_fd[b]);
			if (a == b)
				EXPECT_EQ(got, 1);
			else if (encloses(b, a))
				EXPECT(got > 1, "%d is in %d, got %d", a, b,
				       got);
			else
				EXPECT(got == 0, "%d is not in %d, got %d", a,
				       b, got);
			if (a)
				EXPECT_TRANSLATED(1, ns_fd[a], -1,
						  members[INIT_OF(a)].outer);
		}
	}
	EXPECT(translated(members[INIT_OF(3)].outer, -1, ns_fd[1]) > 0,
	       "3 is reachable from 1");
	EXPECT_TRANSLATED(members[INIT_OF(5)].outer, -1, ns_fd[1], 0);
}

/* Another file of the same namespace, and one which only a mount keeps. */
CASE(any_file_of_the_namespace_will_do)
{
	char dir[] = "/tmp/translate-pid-XXXXXX", path[64], file[64];
	int again, mounted, fd;

	grow_tree();
	again = pid_ns_of(members[ORDINARY_OF(2)].outer);
	EXPECT_TRANSLATED(1, again, ns_fd[2], 1);
	EXPECT_TRANSLATED(1, again, -1, members[INIT_OF(2)].outer);

	mkdir("/tmp", 0777);
	EXPECT(mkdtemp(dir), "mkdtemp: %s", strerror(errno));
	snprintf(file, sizeof(file), "%s/ns", dir);
	fd = open(file, O_CREAT | O_RDONLY, 0600);
	EXPECT_OK(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid",
		 members[INIT_OF(2)].outer);
	EXPECT_OK(unshare(CLONE_NEWNS));
	EXPECT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	/* The empty file below the mount is no namespace, the mount is one. */
	EXPECT_TRANSLATED(1, fd, -1, -EINVAL);
	EXPECT_OK(mount(path, file, NULL, MS_BIND, NULL));
	mounted = open(file, O_RDONLY);
	EXPECT_OK(mounted);
	EXPECT_TRANSLATED(1, mounted, -1, members[INIT_OF(2)].outer);
	umount2(file, MNT_DETACH);
	EXPECT_TRANSLATED(1, mounted, -1, members[INIT_OF(2)].outer);
	unlink(file);
	rmdir(dir);
}

#define NR_THREADS 3

struct threads {
	pid_t outer_tgid, inner[NR_THREADS];
	int ready[2];
};

static struct threads *threads;

static void *idle_thread(void *arg)
{
	threads->inner[(intptr_t)arg] = syscall(SYS_gettid);
	signal_pipe(threads->ready[1]);
	for (;;)
		pause();
	return NULL;
}

static void init_with_threads(void *unused)
{
	pthread_t thread;
	int i;

	burn_pids(5);
	threads->outer_tgid = outer_pid();
	for (i = 1; i < NR_THREADS; i++)
		EXPECT(!pthread_create(&thread, NULL, idle_thread,
				       (void *)(intptr_t)i),
		       "pthread_create");
	idle_thread((void *)0);
}

CASE(thread_ids)
{
	int fd, i, j, n;
	pid_t init;

	threads = shared_memory(sizeof(*threads));
	EXPECT_OK(pipe(threads->ready));
	init = spawn_init(init_with_threads, NULL);
	for (i = 0; i < NR_THREADS; i++)
		wait_pipe(threads->ready[0]);
	fd = pid_ns_of(init);

	for (i = 0; i < NR_THREADS; i++) {
		pid_t outer = translated(threads->inner[i], fd, -1);
		pid_t nr[MAX_LEVELS];
		char path[64];

		EXPECT(outer > 0, "tid %d: %d", threads->inner[i], outer);
		EXPECT_EQ(outer == init, i == 0);
		/* procfs lists that very thread, with both its numbers. */
		snprintf(path, sizeof(path), "/proc/%d/task/%d/status", init,
			 outer);
		n = read_nspid(path, nr);
		EXPECT_EQ(n, 2);
		EXPECT_EQ(nr[0], outer);
		EXPECT_EQ(nr[1], threads->inner[i]);
		EXPECT_TRANSLATED(outer, -1, fd, threads->inner[i]);
		for (j = 0; j < i; j++)
			EXPECT(threads->inner[i] != threads->inner[j],
			       "two threads are %d", threads->inner[i]);
	}
}

CASE(pid_for_children)
{
	int own = pid_ns_of(getpid()), children;
	pid_t first, second;

	EXPECT_OK(unshare(CLONE_NEWPID));
	/* Without a process it cannot be opened (6.12), or it is empty. */
	children = open_ns(getpid(), "pid_for_children");
	if (children < 0) {
		EXPECT_EQ(errno, ENOENT);
	} else {
		EXPECT_TRANSLATED(1, children, -1, -ESRCH);
		EXPECT_TRANSLATED(1, children, children, -ESRCH);
		EXPECT_TRANSLATED(getpid(), -1, children, 0);
	}
	first = spawn();
	if (first == 0)
		idle_init(NULL);
	children = open_ns(getpid(), "pid_for_children");
	EXPECT_OK(children);
	second = spawn();
	if (second == 0)
		for (;;)
			pause();
	EXPECT_TRANSLATED(1, children, -1, first);
	EXPECT_TRANSLATED(first, -1, children, 1);
	EXPECT_TRANSLATED(2, children, own, second);
	EXPECT_TRANSLATED(second, own, children, 2);
	/* The caller itself did not move. */
	EXPECT_TRANSLATED(getpid(), -1, children, 0);
	EXPECT_TRANSLATED(getpid(), -1, own, getpid());
	/* It is the namespace its children call their own. */
	EXPECT_TRANSLATED(1, children, pid_ns_of(first), 1);
}

/* Possession of the file descriptors is all it takes. */
CASE(needs_no_privilege)
{
	grow_tree();
	EXPECT_OK(setgid(65534));
	EXPECT_OK(setuid(65534));
	EXPECT(open_ns(members[INIT_OF(1)].outer, "pid") < 0,
	       "an unprivileged caller can open the namespace");
	check_whole_tree();
	check_own_namespace(0, -1);
}

KTAP_MAIN(.skip_all = no_translate_pid)
