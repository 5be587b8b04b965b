// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which signals interrupt wait6(), and when: with a mask as in pselect6(),
 * without one as in wait4().
 */
#include <sys/select.h>

#include "wait6.h"

/* SIGUSR1 comes while wait6() sleeps with a mask that lets it through. */
static void interrupted_while_asleep(int flags)
{
	pid_t child = start_idle_child();
	int status = 0x5a5a5a5a;
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, flags);
	start_sender(getpid(), SIGUSR1);
	expect_error(wait6(child, &status, 0, NULL, &none), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(status, 0x5a5a5a5a);
	EXPECT(!is_pending(SIGUSR1), "delivered, and still pending");
}

CASE(eintr_while_asleep)
{
	interrupted_while_asleep(0);
}

CASE(eintr_despite_sa_restart)
{
	interrupted_while_asleep(SA_RESTART);
}

/* The signal was there before the call: what the loop over wait4() loses. */
static void interrupted_at_once(bool to_thread)
{
	pid_t child = start_idle_child();
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	if (to_thread)
		EXPECT_OK(raise_here(SIGUSR1));
	else
		EXPECT_OK(kill(getpid(), SIGUSR1));
	EXPECT_EQ(handled, 0);
	expect_error(wait6(child, NULL, 0, NULL, &none), EINTR);
	EXPECT_EQ(handled, 1);
}

CASE(eintr_when_pending_for_the_thread)
{
	interrupted_at_once(true);
}

CASE(eintr_when_pending_for_the_process)
{
	interrupted_at_once(false);
}

/*
 * A target child and a sender, which go through one scene: when the case
 * sleeps in wait6(), the sender signals it; when the scene asks for it, waits
 * until the handler has run and the case sleeps in wait6() again; and then
 * lets the target exit with 7.
 */
static pid_t start_scene(int sig, volatile int *handler_ran)
{
	pid_t self = getpid(), target = fork(), sender;

	EXPECT_OK(target);
	if (target == 0) {
		signal(SIGTERM, SIG_DFL);
		pause();
		_exit(99);
	}
	sender = fork();
	EXPECT_OK(sender);
	if (sender == 0) {
		await_in_wait6(self);
		EXPECT_OK(kill(self, sig));
		while (handler_ran && !*handler_ran)
			usleep(200);
		await_in_wait6(self);
		EXPECT_OK(kill(target, SIGTERM));
		_exit(0);
	}
	return target;
}

static volatile int *shared_count;

static void count_shared(int sig)
{
	++*shared_count;
}

CASE(no_mask_restarts_with_sa_restart)
{
	int status = 0;
	pid_t target;

	shared_count = shared(sizeof(int));
	on_signal(SIGUSR1, count_shared, SA_RESTART);
	target = start_scene(SIGUSR1, shared_count);
	EXPECT_EQ(wait6(target, &status, 0, NULL, NULL), target);
	EXPECT_EQ(*shared_count, 1);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
	       "status 0x%x", status);
}

CASE(no_mask_eintr_without_sa_restart)
{
	pid_t child = start_idle_child();

	on_signal(SIGUSR1, count_signal, 0);
	start_sender(getpid(), SIGUSR1);
	expect_error(wait6(child, NULL, 0, NULL, NULL), EINTR);
	EXPECT_EQ(handled, 1);
}

/* Without a mask the caller's own is in force: a blocked signal waits. */
CASE(no_mask_blocked_signal_does_not_interrupt)
{
	pid_t target;

	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, 0);
	target = start_scene(SIGUSR1, NULL);
	EXPECT_EQ(wait6(target, NULL, 0, NULL, NULL), target);
	EXPECT_EQ(handled, 0);
	EXPECT(is_pending(SIGUSR1), "the signal is lost");
}

static volatile int seen_status;
static volatile int status_in_handler;

static void note_status(int sig)
{
	status_in_handler = seen_status;
	count_signal(sig);
}

/* Blocked by the mask only: comes when the call is over, not before. */
CASE(masked_signal_comes_after_the_return)
{
	sigset_t usr1;
	pid_t target;

	set_of(&usr1, SIGUSR1, 0);
	on_signal(SIGUSR1, note_status, 0);
	target = start_scene(SIGUSR1, NULL);
	EXPECT_EQ(wait6(target, (int *)&seen_status, 0, NULL, &usr1), target);
	EXPECT_EQ(handled, 1);
	EXPECT(WIFSIGNALED(status_in_handler),
	       "the handler ran before the status was there");
}

/* Both words of a 32-bit ABI's set: real-time signals are in the upper one. */
CASE(mask_reaches_signals_above_32)
{
	pid_t child = start_idle_child();
	sigset_t mask;

	block(SIGRTMAX);
	block(SIGUSR1);
	set_of(&mask, SIGRTMIN + 6, SIGUSR1);
	on_signal(SIGRTMAX, count_signal, SA_RESTART);
	on_signal(SIGRTMIN + 6, count_signal, SA_RESTART);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	EXPECT_OK(raise_here(SIGUSR1));
	EXPECT_OK(raise_here(SIGRTMAX));
	expect_error(wait6(child, NULL, 0, NULL, &mask), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(handled_signal, SIGRTMAX);

	/* and now the one which the mask blocks */
	EXPECT_OK(kill(child, SIGKILL));
	child = start_scene(SIGRTMIN + 6, NULL);
	EXPECT_EQ(wait6(child, NULL, 0, NULL, &mask), child);
	EXPECT_EQ(handled, 2);
	EXPECT_EQ(handled_signal, SIGRTMIN + 6);
	EXPECT(is_pending(SIGUSR1), "SIGUSR1 was blocked all the time");
}

static sigset_t mask_in_handler, mask_to_return_to;

static void note_masks(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	sigprocmask(SIG_BLOCK, NULL, &mask_in_handler);
	memcpy(&mask_to_return_to, &uc->uc_sigmask, KERNEL_SIGSET_SIZE);
	count_signal(sig);
}

/* The handler runs under the given mask, and returns to the old one. */
CASE(handler_runs_under_the_mask)
{
	struct sigaction sa = {
		.sa_sigaction = note_masks, .sa_flags = SA_SIGINFO,
	};
	pid_t child = start_idle_child();
	sigset_t mask;

	sigemptyset(&sa.sa_mask);
	EXPECT_OK(sigaction(SIGUSR1, &sa, NULL));
	block(SIGUSR1);
	block(SIGTERM);
	set_of(&mask, SIGUSR2, SIGRTMIN + 1);
	EXPECT_OK(raise_here(SIGUSR1));
	expect_error(wait6(child, NULL, 0, NULL, &mask), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(sigismember(&mask_in_handler, SIGUSR2), 1);
	EXPECT_EQ(sigismember(&mask_in_handler, SIGRTMIN + 1), 1);
	EXPECT_EQ(sigismember(&mask_in_handler, SIGTERM), 0);
	EXPECT_EQ(sigismember(&mask_in_handler, SIGUSR1), 1);
#ifndef __sparc__ /* whose handlers are given no ucontext_t */
	EXPECT_EQ(sigismember(&mask_to_return_to, SIGUSR2), 0);
	EXPECT_EQ(sigismember(&mask_to_return_to, SIGRTMIN + 1), 0);
	EXPECT_EQ(sigismember(&mask_to_return_to, SIGTERM), 1);
	EXPECT_EQ(sigismember(&mask_to_return_to, SIGUSR1), 1);
#endif
}

/*
 * A signal without a handler does not end the call, and the call that is
 * started again still has its mask.
 */
CASE(restart_without_handler_keeps_the_mask)
{
	pid_t child = start_idle_child(), self = getpid(), sender;
	sigset_t none;

	sigemptyset(&none);
	block(SIGWINCH);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	/* ignored by default, and kept only because it is blocked */
	EXPECT_OK(raise_here(SIGWINCH));
	EXPECT(is_pending(SIGWINCH), "a blocked signal should be kept");
	sender = fork();
	EXPECT_OK(sender);
	if (sender == 0) {
		await_in_wait6(self);
		EXPECT_OK(kill(self, SIGUSR1));
		_exit(0);
	}
	expect_error(wait6(child, NULL, 0, NULL, &none), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_EQ(handled_signal, SIGUSR1);
	EXPECT(!is_pending(SIGWINCH), "SIGWINCH was let in and is still there");
}

/* A process that sleeps in wait6() with @mask and exits with 3 for EINTR. */
static pid_t start_waiter(const sigset_t *mask)
{
	pid_t waiter = fork();

	EXPECT_OK(waiter);
	if (waiter == 0) {
		pid_t child;

		block(SIGUSR1);
		on_signal(SIGUSR1, count_signal, SA_RESTART);
		child = start_idle_child();
		expect_error(wait6(child, NULL, 0, NULL, mask), EINTR);
		EXPECT_EQ(handled, 1);
		kill(child, SIGKILL);
		_exit(3);
	}
	await_in_wait6(waiter);
	return waiter;
}

static int reap(pid_t pid, int options)
{
	int status;

	EXPECT_EQ(waitpid(pid, &status, options), pid);
	return status;
}

CASE(stop_and_continue_do_not_end_the_call)
{
	sigset_t none;
	pid_t waiter;
	int status;

	sigemptyset(&none);
	waiter = start_waiter(&none);
	EXPECT_OK(kill(waiter, SIGSTOP));
	status = reap(waiter, WUNTRACED);
	EXPECT(WIFSTOPPED(status), "status 0x%x", status);
	EXPECT_OK(kill(waiter, SIGCONT));
	status = reap(waiter, WCONTINUED);
	EXPECT(WIFCONTINUED(status), "status 0x%x", status);
	await_in_wait6(waiter);
	EXPECT_OK(kill(waiter, SIGUSR1));
	expect_exit(reap(waiter, 0), 3);
}

CASE(sigkill_cannot_be_masked)
{
	sigset_t all;
	pid_t waiter;
	int status;

	sigfillset(&all);
	waiter = start_waiter(&all);
	EXPECT_OK(kill(waiter, SIGTERM));
	EXPECT_OK(kill(waiter, SIGUSR1));
	await_in_wait6(waiter);
	EXPECT_EQ(waitpid(waiter, NULL, WNOHANG), 0);
	EXPECT_OK(kill(waiter, SIGKILL));
	status = reap(waiter, 0);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	       "status 0x%x", status);
}

CASE(sigstop_cannot_be_masked)
{
	sigset_t all;
	pid_t waiter;
	int status;

	sigfillset(&all);
	waiter = start_waiter(&all);
	EXPECT_OK(kill(waiter, SIGSTOP));
	status = reap(waiter, WUNTRACED);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	       "status 0x%x", status);
}

/*
 * Nothing to report, WNOHANG, a signal that the mask lets in: pselect6() with
 * a zero timeout says EINTR, not 0, and so does this call; a caller that only
 * polls would never get its signals otherwise.
 */
CASE(wnohang_lets_signals_in)
{
	pid_t child = start_idle_child();
	struct timespec zero = { 0, 0 };
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	EXPECT_OK(raise_here(SIGUSR1));
	expect_error(pselect(0, NULL, NULL, NULL, &zero, &none), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT_OK(raise_here(SIGUSR1));
	expect_error(wait6(child, NULL, WNOHANG, NULL, &none), EINTR);
	EXPECT_EQ(handled, 2);
	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, &none), 0);

	/* without a mask, as in wait4() */
	EXPECT_OK(raise_here(SIGUSR1));
	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, NULL), 0);
	EXPECT_EQ(handled, 2);
}

KTAP_MAIN(.skip_all = no_wait6)
