// SPDX-License-Identifier: GPL-2.0-only
/* The info is a thread's own, also while others are in stops of other kinds. */
#include "expect.h"

#include <pthread.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |		\
		 PTRACE_O_TRACEEXEC)
/* Which part of the table the second thread makes. */
#define SECOND (MAX_CALLS / 2)

/* Where a thread is when the tracer takes it over. */
static void stop_thread(void)
{
	syscall(__NR_tgkill, getpid(), (long)syscall(__NR_gettid), SIGUSR2);
}

static void *run_second(void *unused)
{
	unsigned int i;

	stop_thread();
	for (i = SECOND; i < MAX_CALLS; i++)
		raw_syscall(shared->calls[i].how, &shared->calls[i].raw);
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_second, NULL))
		_exit(1);
	stop_thread();
	run_calls();
	for (;;)
		pause();
}

/* Starts a tracee with two threads, each in its stop; its second is @second. */
static pid_t start_threads(pid_t *second)
{
	unsigned long message = 0;
	pid_t pid;
	int status;

	pid = start_tracee(run_threads, OPTIONS);
	status = resume_wait(pid, PTRACE_CONT, 0);
	EXPECT(status >> 8 == EVENT_STOP(PTRACE_EVENT_CLONE), "status 0x%x", status);
	EXPECT_OK(ptrace(PTRACE_GETEVENTMSG, pid, 0L, &message));
	*second = message;
	status = wait_for(*second);
	EXPECT(status >> 8 == SIGSTOP, "status 0x%x", status);
	expect_none(*second, THIS_ABI.arch);
	status = resume_wait(*second, PTRACE_CONT, 0);
	EXPECT(status >> 8 == SIGUSR2, "status 0x%x", status);
	status = resume_wait(pid, PTRACE_CONT, 0);
	EXPECT(status >> 8 == SIGUSR2, "status 0x%x", status);
	return pid;
}

/* Puts a call of @nr into the second thread's part of the table. */
static struct call *add_second(unsigned int i, long nr)
{
	struct call *c;

	c = add_call_first(NATIVE, nr, PATTERN(100 + i), 0);
	shared->count--;
	shared->calls[SECOND + i] = *c;
	return &shared->calls[SECOND + i];
}

/* One in an entry, one in an exit, and the other way round. */
CASE(threads_do_not_mix)
{
	struct call *first, *other;
	pid_t pid, second;
	int i;

	shared_init();
	for (i = 0; i < 8; i++)
		add_second(i, i % 2 ? UNUSED_NR + i : __NR_gettid);
	for (i = 0; i < 8; i++)
		add_call(NATIVE, i % 2 ? __NR_getuid : UNUSED_NR + i, 0);
	pid = start_threads(&second);
	expect_none(pid, THIS_ABI.arch);
	expect_none(second, THIS_ABI.arch);
	next_syscall_stop(pid);
	for (i = 0; i < 8; i++) {
		first = &shared->calls[i];
		other = &shared->calls[SECOND + i];
		expect_entry(pid, THIS_ABI.arch, first->nr, first->raw.args);
		next_syscall_stop(second);
		expect_entry(second, THIS_ABI.arch, other->nr, other->raw.args);
		expect_entry(pid, THIS_ABI.arch, first->nr, first->raw.args);
		expect_place(pid, first);
		expect_place(second, other);

		next_syscall_stop(pid);
		expect_entry(second, THIS_ABI.arch, other->nr, other->raw.args);
		expect_exit(pid, THIS_ABI.arch, i % 2 ? (long)getuid() : -ENOSYS,
			    i % 2 == 0);
		next_syscall_stop(second);
		expect_exit(second, THIS_ABI.arch, i % 2 ? -ENOSYS : second,
			    i % 2 == 1);
		expect_exit(pid, THIS_ABI.arch, i % 2 ? (long)getuid() : -ENOSYS,
			    i % 2 == 0);
		if (i < 7)
			next_syscall_stop(pid);
	}
}

/* A thread that is not the tracee's leader runs, its leader is stopped. */
CASE(running_thread_has_no_info)
{
	struct syscall_info info;
	pid_t pid, second;
	int fds[2];

	shared_init();
	EXPECT_OK(pipe(fds));
	add_second(0, __NR_read)->raw.args[0] = fds[0];
	add_call(NATIVE, __NR_getuid, getuid());
	pid = start_threads(&second);
	resume(second, PTRACE_CONT, 0);
	next_syscall_stop(pid);
	expect_entry(pid, THIS_ABI.arch, __NR_getuid, NULL);
	EXPECT_EQ(get_syscall_info(second, sizeof(info), &info), -1);
	EXPECT_EQ(errno, ESRCH);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, getuid(), false);
}

/*
 * execve() of the second thread: it takes over the leader's number on the way,
 * and the exit of the call comes under this number.
 */
CASE(exec_by_a_thread)
{
	char *argv[] = { "exec", NULL };
	unsigned long message = 0;
	pid_t pid, second;
	struct call *c;
	int status;

	shared_init();
	c = add_second(0, __NR_execve);
	c->raw.args[0] = (uintptr_t)"/proc/self/exe";
	c->raw.args[1] = (uintptr_t)argv;
	c->raw.args[2] = 0;
	pid = start_threads(&second);
	next_syscall_stop(second);
	expect_entry(second, THIS_ABI.arch, __NR_execve, c->raw.args);
	expect_none(pid, THIS_ABI.arch);
	resume(second, PTRACE_SYSCALL, 0);
	status = wait_for(pid);
	EXPECT(status >> 8 == EVENT_STOP(PTRACE_EVENT_EXEC), "status 0x%x", status);
	EXPECT_OK(ptrace(PTRACE_GETEVENTMSG, pid, 0L, &message));
	EXPECT_EQ(message, second);
	expect_none(pid, THIS_ABI.arch);
	next_syscall_stop(pid);
	expect_exit(pid, THIS_ABI.arch, 0, false);
	next_syscall_stop(pid);
	(void)get_info(HERE, pid, INFO_ENTRY, SIZE_ENTRY, THIS_ABI.arch);
}

SUITE_MAIN()
