// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mask itself: refused before anything is reaped if it is bad, put back on
 * every path, and never a reason to lose a child or a signal.
 */
#include "wait6.h"

static sigset_t old_mask, call_mask;

/* A mask for the caller and a different one for the call, in both words. */
static void set_masks(void)
{
	sigemptyset(&old_mask);
	sigaddset(&old_mask, SIGUSR1);
	sigaddset(&old_mask, SIGTERM);
	sigaddset(&old_mask, SIGRTMIN + 2);
	sigaddset(&old_mask, SIGRTMAX);
	set_of(&call_mask, SIGUSR2, SIGRTMIN + 3);
	EXPECT_OK(sigprocmask(SIG_SETMASK, &old_mask, NULL));
	on_signal(SIGUSR1, count_signal, SA_RESTART);
}

static void expect_old_mask(void)
{
	sigset_t now;
	int sig;

	EXPECT_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	for (sig = 1; sig < _NSIG; sig++) {
		/* glibc keeps two signals for itself */
		if (sigismember(&now, sig) < 0)
			continue;
		EXPECT(sigismember(&now, sig) == sigismember(&old_mask, sig),
		       "signal %d is %s after the call", sig,
		       sigismember(&now, sig) ? "blocked" : "not blocked");
	}
}

CASE(restored_after_a_report)
{
	pid_t child;

	set_masks();
	child = start_zombie(4);
	EXPECT_EQ(wait6(child, NULL, 0, NULL, &call_mask), child);
	expect_old_mask();
}

CASE(restored_after_a_report_slept_for)
{
	pid_t self = getpid(), child;

	set_masks();
	child = fork();
	EXPECT_OK(child);
	if (child == 0) {
		await_in_wait6(self);
		_exit(0);
	}
	EXPECT_EQ(wait6(child, NULL, 0, NULL, &call_mask), child);
	expect_old_mask();
}

CASE(restored_after_eintr)
{
	pid_t child;

	set_masks();
	child = start_idle_child();
	EXPECT_OK(raise_here(SIGUSR1));
	expect_error(wait6(child, NULL, 0, NULL, &call_mask), EINTR);
	EXPECT_EQ(handled, 1);
	expect_old_mask();
}

CASE(restored_after_wnohang)
{
	pid_t child;

	set_masks();
	child = start_idle_child();
	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, &call_mask), 0);
	expect_old_mask();
}

CASE(restored_after_echild)
{
	set_masks();
	expect_error(wait6(-1, NULL, 0, NULL, &call_mask), ECHILD);
	expect_old_mask();
}

CASE(restored_after_esrch)
{
	set_masks();
	expect_error(wait6(INT_MIN, NULL, 0, NULL, &call_mask), ESRCH);
	expect_old_mask();
}

CASE(restored_after_bad_options)
{
	set_masks();
	expect_error(wait6(-1, NULL, WEXITED, NULL, &call_mask), EINVAL);
	expect_old_mask();
}

CASE(restored_after_bad_status_pointer)
{
	pid_t child;

	set_masks();
	child = start_zombie(4);
	expect_error(wait6(child, (int *)end_of_page(), 0, NULL, &call_mask),
		     EFAULT);
	expect_old_mask();
}

CASE(restored_after_bad_rusage_pointer)
{
	pid_t child;

	set_masks();
	child = start_zombie(4);
	expect_error(wait6(child, NULL, 0, (void *)end_of_page(), &call_mask),
		     EFAULT);
	expect_old_mask();
}

CASE(untouched_by_a_bad_mask)
{
	pid_t child;

	set_masks();
	child = start_zombie(4);
	expect_error(wait6(child, NULL, 0, NULL, (void *)end_of_page()),
		     EFAULT);
	expect_old_mask();
	expect_error(wait6_size(child, NULL, 0, NULL, &call_mask, 4), EINVAL);
	expect_old_mask();
}

/* A bad mask: refused, nothing written, the zombie is still one. */
static void expect_refused(const void *mask, size_t size, int error)
{
	struct rusage_ts64 ru, untouched;
	int status = 0x5a5a5a5a;
	pid_t child = start_zombie(4);

	memset(&ru, 0xa5, sizeof(ru));
	untouched = ru;
	expect_error(wait6_size(child, &status, 0, &ru, mask, size), error);
	EXPECT_EQ(status, 0x5a5a5a5a);
	EXPECT(!memcmp(&ru, &untouched, sizeof(ru)), "rusage was written");
	expect_unreaped(child);
}

CASE(wrong_size_einval_before_reaping)
{
	static const size_t sizes[] = {
		0, 1, KERNEL_SIGSET_SIZE / 2, KERNEL_SIGSET_SIZE - 1,
		KERNEL_SIGSET_SIZE + 1, 2 * KERNEL_SIGSET_SIZE,
		sizeof(sigset_t), INT_MAX,
	};
	sigset_t none;
	size_t i;

	sigemptyset(&none);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		expect_refused(&none, sizes[i], EINVAL);
}

CASE(bad_pointer_efault_before_reaping)
{
	expect_refused(end_of_page(), KERNEL_SIGSET_SIZE, EFAULT);
	/* all but the last byte can be read */
	expect_refused(end_of_page() - KERNEL_SIGSET_SIZE + 1,
		       KERNEL_SIGSET_SIZE, EFAULT);
	expect_refused((void *)1, KERNEL_SIGSET_SIZE, EFAULT);
	expect_refused((void *)-1L, KERNEL_SIGSET_SIZE, EFAULT);
}

/* The end of the mask is the end of what is read of it. */
CASE(mask_at_the_end_of_a_page)
{
	char *mask = end_of_page() - KERNEL_SIGSET_SIZE;
	pid_t child = start_zombie(5);
	int status;

	memset(mask, 0, KERNEL_SIGSET_SIZE);
	EXPECT_EQ(wait6(child, &status, 0, NULL, (void *)mask), child);
	expect_exit(status, 5);
}

/* The mask is looked at first, as in pselect6(), also when there is no child. */
CASE(bad_mask_before_echild_and_esrch)
{
	expect_error(wait6(-1, NULL, 0, NULL, (void *)1), EFAULT);
	expect_error(wait6(INT_MIN, NULL, 0, NULL, (void *)1), EFAULT);
	expect_error(wait6_size(-1, NULL, 0, NULL, (void *)1, 3), EINVAL);
}

CASE(size_ignored_without_a_mask)
{
	static const size_t sizes[] = { 0, 3, 128, (size_t)-1 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pid_t child = start_zombie(i);
		int status;

		EXPECT_EQ(wait6_size(child, &status, 0, NULL, NULL, sizes[i]),
			  child);
		expect_exit(status, i);
	}
}

/* A child to report and a signal to deliver: the child, and later the signal. */
static void child_wins(int options)
{
	pid_t zombie = start_zombie(6), idle = start_idle_child();
	int status = 0;
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	EXPECT_OK(raise_here(SIGUSR1));
	EXPECT_EQ(wait6(-1, &status, options, NULL, &none), zombie);
	expect_exit(status, 6);
	EXPECT_EQ(handled, 0);
	EXPECT(is_pending(SIGUSR1), "the signal is lost");
	expect_error(wait6(idle, &status, options, NULL, &none), EINTR);
	EXPECT_EQ(handled, 1);
	EXPECT(!is_pending(SIGUSR1), "delivered, and still pending");
}

CASE(ready_child_wins_over_a_signal)
{
	child_wins(0);
}

CASE(ready_child_wins_over_a_signal_with_wnohang)
{
	child_wins(WNOHANG);
}

/* All of many zombies, before one signal. */
CASE(every_ready_child_wins)
{
	sigset_t none;
	int i;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	for (i = 0; i < 10; i++)
		start_zombie(i);
	EXPECT_OK(raise_here(SIGUSR1));
	for (i = 0; i < 10; i++) {
		EXPECT(wait6(-1, NULL, 0, NULL, &none) > 0, "child %d: %s", i,
		       strerror(errno));
		EXPECT_EQ(handled, 0);
	}
	expect_error(wait6(-1, NULL, 0, NULL, &none), ECHILD);
	EXPECT_EQ(handled, 0);
	EXPECT(is_pending(SIGUSR1), "the signal is lost");
}

/* An error is no interruption: the signal stays where it is. */
CASE(errors_win_over_a_signal)
{
	pid_t zombie = start_zombie(0);
	sigset_t none;

	sigemptyset(&none);
	block(SIGUSR1);
	on_signal(SIGUSR1, count_signal, SA_RESTART);
	EXPECT_OK(raise_here(SIGUSR1));
	expect_error(wait6(zombie, (int *)end_of_page(), 0, NULL, &none),
		     EFAULT);
	expect_error(wait6(-1, NULL, 0, NULL, &none), ECHILD);
	expect_error(wait6(-1, NULL, WEXITED, NULL, &none), EINVAL);
	expect_error(wait6(INT_MIN, NULL, 0, NULL, &none), ESRCH);
	EXPECT_EQ(handled, 0);
	EXPECT(is_pending(SIGUSR1), "the signal is lost");
}

KTAP_MAIN(.skip_all = no_wait6)
