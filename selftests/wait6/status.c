// SPDX-License-Identifier: GPL-2.0-only
/*
 * What wait6() reports of a child: its end, stops, continuations, and all the
 * stops of a tracee.
 */
#include <sys/ptrace.h>

#include "wait6.h"

/* wait6() with a mask that is not the caller's; must report @pid. */
static int report_of(pid_t pid, int options)
{
	int status = 0x5a5a5a5a;
	sigset_t usr2;

	set_of(&usr2, SIGUSR2, 0);
	EXPECT_EQ(wait6(pid, &status, options, NULL, &usr2), pid);
	return status;
}

static void expect_stop(int status, int code)
{
	EXPECT(WIFSTOPPED(status) && status >> 8 == code,
	       "status 0x%x, want a stop by 0x%x", status, code);
}

CASE(exit_codes)
{
	static const int codes[] = { 0, 1, 127, 128, 255 };
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		pid_t child = fork();

		EXPECT_OK(child);
		if (child == 0)
			_exit(codes[i]);
		expect_exit(report_of(child, 0), codes[i]);
		expect_gone(child);
	}
}

CASE(death_by_signal)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGUSR2, 40 };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		pid_t child = start_idle_child();
		int status;

		EXPECT_OK(kill(child, signals[i]));
		status = report_of(child, 0);
		EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == signals[i],
		       "status 0x%x, want signal %d", status, signals[i]);
		expect_gone(child);
	}
}

/* The call sleeps until there is something to report. */
CASE(sleeps_until_the_child_exits)
{
	pid_t self = getpid(), child = fork();

	EXPECT_OK(child);
	if (child == 0) {
		await_in_wait6(self);
		_exit(11);
	}
	expect_exit(report_of(child, 0), 11);
}

CASE(sleeps_until_the_child_stops)
{
	pid_t self = getpid(), child = fork();

	EXPECT_OK(child);
	if (child == 0) {
		await_in_wait6(self);
		raise_here(SIGSTOP);
		_exit(0);
	}
	expect_stop(report_of(child, WUNTRACED), SIGSTOP);
}

CASE(wnohang_reports_0_then_the_child)
{
	pid_t child = start_idle_child();

	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, NULL), 0);
	EXPECT_EQ(wait6(-1, NULL, WNOHANG, NULL, NULL), 0);
	EXPECT_OK(kill(child, SIGKILL));
	await_zombie(child);
	EXPECT_EQ(report_of(child, WNOHANG), SIGKILL);
	expect_error(wait6(-1, NULL, WNOHANG, NULL, NULL), ECHILD);
}

/* A stop, a continuation: each reported once, and only if asked for. */
CASE(stop_and_continue)
{
	pid_t child = start_idle_child();
	siginfo_t info;
	int status;

	EXPECT_OK(kill(child, SIGTSTP));
	EXPECT_OK(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT));
	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, NULL), 0);
	EXPECT_EQ(wait6(child, NULL, WNOHANG | WCONTINUED, NULL, NULL), 0);
	expect_stop(report_of(child, WUNTRACED), SIGTSTP);
	EXPECT_EQ(wait6(child, NULL, WNOHANG | WUNTRACED, NULL, NULL), 0);

	EXPECT_OK(kill(child, SIGCONT));
	EXPECT_OK(waitid(P_PID, child, &info, WCONTINUED | WNOWAIT));
	EXPECT_EQ(wait6(child, NULL, WNOHANG | WUNTRACED, NULL, NULL), 0);
	status = report_of(child, WCONTINUED);
	EXPECT(WIFCONTINUED(status), "status 0x%x", status);
	EXPECT_EQ(wait6(child, NULL, WNOHANG | WCONTINUED, NULL, NULL), 0);
}

/* A clone child does not send SIGCHLD: only __WCLONE and __WALL see it. */
static pid_t start_clone_child(int code)
{
	long pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	siginfo_t info;

	EXPECT_OK(pid);
#ifdef __sparc__
	/* The call gives a process's id to both; whose is told in %o1 (clone(2)). */
	if (getppid() == pid)
		pid = 0;
#endif
	if (pid == 0)
		_exit(code);
	EXPECT_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL));
	return pid;
}

CASE(wclone_and_wall)
{
	pid_t clone_child = start_clone_child(1);
	pid_t fork_child = start_zombie(2);

	expect_error(wait6(clone_child, NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(fork_child, NULL, __WCLONE, NULL, NULL), ECHILD);
	expect_exit(report_of(clone_child, __WCLONE), 1);
	expect_exit(report_of(fork_child, 0), 2);
	expect_exit(report_of(start_clone_child(3), __WALL), 3);
	expect_exit(report_of(start_zombie(4), __WALL), 4);
}

/* A tracee that stops itself, makes one system call, and exits with 5. */
static pid_t start_tracee(void)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0) {
		EXPECT_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
		raise_here(SIGSTOP);
		syscall(SYS_getppid);
		_exit(5);
	}
	return pid;
}

/* Stops of a tracee are reported without WUNTRACED. */
CASE(ptrace_syscall_stops)
{
	pid_t tracee = start_tracee();
	int stops = 0, status;

	expect_stop(report_of(tracee, __WALL), SIGSTOP);
	EXPECT_OK(ptrace(PTRACE_SETOPTIONS, tracee, 0,
			 PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
			 PTRACE_O_TRACEEXIT));
	for (;;) {
		EXPECT_OK(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
		status = report_of(tracee, __WALL);
		if (!WIFSTOPPED(status) || status >> 8 != (SIGTRAP | 0x80))
			break;
		stops++;
	}
	/* getppid twice, exit_group once; more if libc adds some */
	EXPECT(stops >= 3, "%d system call stops", stops);
	expect_stop(status, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	EXPECT_OK(ptrace(PTRACE_CONT, tracee, 0, 0));
	expect_exit(report_of(tracee, __WALL), 5);
}

CASE(ptrace_signal_stop)
{
	pid_t tracee = start_tracee();

	expect_stop(report_of(tracee, __WALL), SIGSTOP);
	EXPECT_OK(ptrace(PTRACE_CONT, tracee, 0, SIGTERM));
	EXPECT_EQ(report_of(tracee, __WALL), SIGTERM);
}

/* PTRACE_SEIZE: group stop and interrupt are events of their own. */
CASE(ptrace_seize_stops)
{
	pid_t tracee = start_idle_child();

	EXPECT_OK(ptrace(PTRACE_SEIZE, tracee, 0, 0));
	EXPECT_EQ(wait6(tracee, NULL, __WALL | WNOHANG, NULL, NULL), 0);
	EXPECT_OK(ptrace(PTRACE_INTERRUPT, tracee, 0, 0));
	expect_stop(report_of(tracee, __WALL),
		    SIGTRAP | PTRACE_EVENT_STOP << 8);
	EXPECT_OK(ptrace(PTRACE_CONT, tracee, 0, 0));
	EXPECT_OK(kill(tracee, SIGSTOP));
	expect_stop(report_of(tracee, __WALL), SIGSTOP);
	EXPECT_OK(ptrace(PTRACE_CONT, tracee, 0, SIGSTOP));
	expect_stop(report_of(tracee, __WALL),
		    SIGSTOP | PTRACE_EVENT_STOP << 8);
}

/* A tracer that sleeps in wait6() gets its signal, and then its tracee. */
CASE(ptrace_tracer_is_interrupted)
{
	pid_t tracee = start_idle_child(), self = getpid(), sender;
	sigset_t none;
	int status;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	EXPECT_OK(ptrace(PTRACE_SEIZE, tracee, 0, 0));
	sender = fork();
	EXPECT_OK(sender);
	if (sender == 0) {
		await_in_wait6(self);
		EXPECT_OK(kill(self, SIGUSR1));
		_exit(0);
	}
	expect_error(wait6(tracee, &status, __WALL, NULL, &none), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_OK(kill(tracee, SIGUSR2));
	EXPECT_OK(raise_here(SIGUSR1));
	/* wait until the tracee's stop is there, without consuming it */
	EXPECT_OK(waitid(P_PID, tracee, &(siginfo_t){},
			 WSTOPPED | WNOWAIT | __WALL));
	EXPECT_EQ(wait6(tracee, &status, __WALL, NULL, &none), tracee);
	expect_stop(status, SIGUSR2);
	EXPECT_EQ(handled, 1);
	EXPECT(is_pending(SIGUSR1), "the signal is lost");
}

KTAP_MAIN(.skip_all = no_wait6)
