// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait6() in processes and children with several threads: whose child it is,
 * when a thread group has ended, and which thread a signal interrupts.
 */
#include <pthread.h>
#include <sys/ptrace.h>

#include "wait6.h"

static pthread_t start_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, body, arg);

	EXPECT(err == 0, "pthread_create: %s", strerror(err));
	return thread;
}

static void *join(pthread_t thread)
{
	void *result = NULL;
	int err = pthread_join(thread, &result);

	EXPECT(err == 0, "pthread_join: %s", strerror(err));
	return result;
}

/* A thread with a child that is a zombie, and lives on until told to end. */
struct parent_thread {
	pthread_t thread;
	volatile pid_t tid;
	volatile pid_t child;
	volatile int go_on;
};

static void *be_parent(void *arg)
{
	struct parent_thread *p = arg;

	p->tid = syscall(SYS_gettid);
	p->child = start_zombie(3);
	while (!p->go_on)
		usleep(200);
	return NULL;
}

static void start_parent_thread(struct parent_thread *p)
{
	p->thread = start_thread(be_parent, p);
	while (!p->child)
		usleep(200);
}

CASE(wnothread_ignores_children_of_other_threads)
{
	struct parent_thread p = { 0 };
	int status;

	start_parent_thread(&p);
	expect_error(wait6(p.child, NULL, __WNOTHREAD, NULL, NULL), ECHILD);
	expect_error(wait6(-1, NULL, __WNOTHREAD, NULL, NULL), ECHILD);
	EXPECT_EQ(wait6(p.child, &status, 0, NULL, NULL), p.child);
	expect_exit(status, 3);
	p.go_on = 1;
	join(p.thread);
}

/* The child of a thread that has ended goes to another thread. */
CASE(child_survives_its_thread)
{
	struct parent_thread p = { 0 };
	char path[40];
	int status;

	start_parent_thread(&p);
	p.go_on = 1;
	join(p.thread);
	/* its children are handed over later than pthread_join() looks */
	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)p.tid);
	while (access(path, F_OK) == 0)
		usleep(200);
	EXPECT_EQ(wait6(p.child, &status, __WNOTHREAD, NULL, NULL), p.child);
	expect_exit(status, 3);
}

static void *wait_for_byte(void *fd)
{
	char c;

	if (read(*(int *)fd, &c, 1) < 0)
		FAIL("read: %s", strerror(errno));
	_exit(6);
}

/* The state letter of a task; 'Z' for a leader that waits for its group. */
static char state_of(pid_t pid)
{
	char path[40], line[200], *p;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY);
	EXPECT(fd >= 0, "%s: %s", path, strerror(errno));
	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	EXPECT(len > 0, "%s: empty", path);
	line[len] = 0;
	p = strrchr(line, ')');
	EXPECT(p && p + 2 < line + len, "%s: %s", path, line);
	return p[2];
}

/* A dead leader is no report while another thread of its group lives. */
CASE(group_has_ended_when_its_last_thread_has)
{
	int go_on[2], status;
	pid_t child;

	EXPECT_OK(pipe(go_on));
	child = fork();
	EXPECT_OK(child);
	if (child == 0) {
		close(go_on[1]);
		start_thread(wait_for_byte, go_on);
		pthread_exit(NULL);
	}
	while (state_of(child) != 'Z')
		usleep(200);
	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, NULL), 0);
	close(go_on[1]);
	EXPECT_EQ(wait6(child, &status, 0, NULL, NULL), child);
	expect_exit(status, 6);
}

struct waiter {
	pid_t child;
	volatile pid_t tid;
	volatile int returned;
	volatile int error;
	sigset_t mask, mask_after;
};

static void *wait_in_thread(void *arg)
{
	struct waiter *w = arg;
	pid_t got;

	w->tid = syscall(SYS_gettid);
	got = wait6(w->child, NULL, 0, NULL, &w->mask);
	w->error = got < 0 ? errno : 0;
	pthread_sigmask(SIG_BLOCK, NULL, &w->mask_after);
	w->returned = 1;
	return NULL;
}

static volatile pid_t handler_tid;

static void note_thread(int sig)
{
	handler_tid = syscall(SYS_gettid);
	count_signal(sig);
}

/* A thread asleep in wait6() that lets SIGUSR1 in, which all block. */
static pthread_t start_waiter(struct waiter *w)
{
	pthread_t thread;

	block(SIGUSR1);
	on_signal(SIGUSR1, note_thread, SA_RESTART);
	w->child = start_idle_child();
	sigemptyset(&w->mask);
	thread = start_thread(wait_in_thread, w);
	while (!w->tid)
		sched_yield();
	await_in_wait6(w->tid);
	return thread;
}

static void expect_interrupted(struct waiter *w, pthread_t thread)
{
	join(thread);
	EXPECT_EQ(w->error, EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(handler_tid, w->tid);
	EXPECT_EQ(sigismember(&w->mask_after, SIGUSR1), 1);
}

CASE(signal_to_another_thread_does_not_interrupt)
{
	struct waiter w = { 0 };
	pthread_t thread = start_waiter(&w);
	sigset_t own;

	/* pending for this thread alone, which blocks it */
	EXPECT_OK(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	await_in_wait6(w.tid);
	EXPECT_EQ(w.returned, 0);
	EXPECT_EQ(handled, 0);
	/* the mask is that of one thread: this one still blocks the signal */
	EXPECT_OK(pthread_sigmask(SIG_BLOCK, NULL, &own));
	EXPECT_EQ(sigismember(&own, SIGUSR1), 1);
	EXPECT(is_pending(SIGUSR1), "the signal is lost");

	EXPECT_OK(syscall(SYS_tgkill, getpid(), w.tid, SIGUSR1));
	expect_interrupted(&w, thread);
	EXPECT(is_pending(SIGUSR1), "this thread's signal is lost");
}

/* A signal for the process goes to the only thread that lets it in. */
CASE(signal_to_the_process_finds_the_waiting_thread)
{
	struct waiter w = { 0 };
	pthread_t thread = start_waiter(&w);

	EXPECT_OK(kill(getpid(), SIGUSR1));
	expect_interrupted(&w, thread);
	EXPECT(!is_pending(SIGUSR1), "delivered, and still pending");
}

/* Two threads wait for one child: one gets it, the other ECHILD. */
CASE(one_of_two_waiting_threads_gets_the_child)
{
	struct waiter w1 = { 0 }, w2 = { 0 };
	pthread_t t1, t2;

	w1.child = w2.child = start_idle_child();
	t1 = start_thread(wait_in_thread, &w1);
	t2 = start_thread(wait_in_thread, &w2);
	while (!w1.tid || !w2.tid)
		sched_yield();
	await_in_wait6(w1.tid);
	await_in_wait6(w2.tid);
	EXPECT_OK(kill(w1.child, SIGKILL));
	join(t1);
	join(t2);
	EXPECT(w1.error + w2.error == ECHILD, "errors %d and %d, want 0 and %d",
	       w1.error, w2.error, ECHILD);
}

static void *do_nothing(void *arg)
{
	return NULL;
}

/* A thread of a tracee is reported by its own id: __WALL sees it. */
CASE(ptrace_stops_of_a_thread)
{
	unsigned long tid = 0;
	int status;
	pid_t got, tracee = fork();

	EXPECT_OK(tracee);
	if (tracee == 0) {
		EXPECT_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
		raise_here(SIGSTOP);
		join(start_thread(do_nothing, NULL));
		_exit(4);
	}
	EXPECT_EQ(wait6(tracee, &status, __WALL, NULL, NULL), tracee);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACECLONE |
			 PTRACE_O_EXITKILL));
	EXPECT_OK(ptrace(PTRACE_CONT, tracee, 0, 0));
	EXPECT_EQ(wait6(tracee, &status, __WALL, NULL, NULL), tracee);
	EXPECT_EQ(status >> 8, SIGTRAP | PTRACE_EVENT_CLONE << 8);
	EXPECT_OK(ptrace(PTRACE_GETEVENTMSG, tracee, 0, &tid));
	EXPECT_EQ(wait6(tid, &status, __WALL, NULL, NULL), (pid_t)tid);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	       "status 0x%x", status);
	EXPECT_OK(ptrace(PTRACE_CONT, tid, 0, 0));
	EXPECT_OK(ptrace(PTRACE_CONT, tracee, 0, 0));
	/* the end of the thread, then that of the process */
	got = wait6(-1, &status, __WALL, NULL, NULL);
	EXPECT_EQ(got, (pid_t)tid);
	/* 0, or already the 4 of its group: pthread_join() returns early */
	EXPECT(WIFEXITED(status), "status 0x%x", status);
	EXPECT_EQ(wait6(-1, &status, __WALL, NULL, NULL), tracee);
	expect_exit(status, 4);
}

KTAP_MAIN(.skip_all = no_wait6)
