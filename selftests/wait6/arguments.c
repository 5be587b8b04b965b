// SPDX-License-Identifier: GPL-2.0-only
/*
 * pid, options and the two places where results go: all as in wait4(), which
 * is asked the same questions and must give the same answers.
 */
#include "wait6.h"

/* The system call itself; C libraries convert on some ABIs. */
static pid_t raw_wait4(pid_t pid, int *status, int options, void *ru)
{
#ifdef SYS_wait4
	return syscall(SYS_wait4, pid, status, options, ru);
#else
	SKIP("this ABI has no wait4(), only waitid()");
#endif
}

/* Both calls with WNOHANG, which find nothing to reap: the same answer. */
static void expect_same_answer(pid_t pid, int options)
{
	pid_t want = raw_wait4(pid, NULL, options | WNOHANG, NULL);
	int want_error = want < 0 ? errno : 0;
	pid_t got = wait6(pid, NULL, options | WNOHANG, NULL, NULL);
	int got_error = got < 0 ? errno : 0;

	EXPECT(got == want && got_error == want_error,
	       "pid %d options 0x%x: wait6 gives %d (%s), wait4 %d (%s)",
	       (int)pid, options, (int)got, strerror(got_error), (int)want,
	       strerror(want_error));
}

CASE(each_option_bit_as_in_wait4)
{
	pid_t child = start_idle_child();
	int bit;

	for (bit = 0; bit < 32; bit++) {
		expect_same_answer(child, (int)(1u << bit));
		expect_same_answer(-1, (int)(1u << bit));
	}
	expect_same_answer(-1, -1);
}

CASE(unknown_options_einval)
{
	static const int bad[] = {
		WEXITED, WNOWAIT, 0x10, 0x100, 0x10000000, ~0,
	};
	pid_t child = start_zombie(0);
	sigset_t none;
	size_t i;

	sigemptyset(&none);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect_error(wait6(child, NULL, bad[i], NULL, NULL), EINVAL);
		expect_error(wait6(child, NULL, bad[i], NULL, &none), EINVAL);
	}
	expect_unreaped(child);
}

CASE(known_options_together)
{
	pid_t child = start_zombie(8);
	int status;

	EXPECT_EQ(wait6(child, &status, WNOHANG | WUNTRACED | WCONTINUED |
			__WNOTHREAD | __WALL, NULL, NULL), child);
	expect_exit(status, 8);
}

CASE(no_children_echild)
{
	expect_error(wait6(-1, NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(0, NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(-getpgrp(), NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(-1, NULL, WNOHANG, NULL, NULL), ECHILD);
}

CASE(strangers_echild)
{
	pid_t child = start_idle_child();

	expect_error(wait6(getppid(), NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(getpid(), NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(INT_MAX, NULL, 0, NULL, NULL), ECHILD);
	expect_error(wait6(-INT_MAX, NULL, 0, NULL, NULL), ECHILD);
	/* the child exists all the time */
	EXPECT_EQ(wait6(child, NULL, WNOHANG, NULL, NULL), 0);
}

CASE(int_min_esrch)
{
	start_idle_child();
	expect_error(wait6(INT_MIN, NULL, 0, NULL, NULL), ESRCH);
	expect_same_answer(INT_MIN, 0);
}

/* Two zombies, of which @pid must select the second. */
static pid_t start_in_own_group(int code)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0) {
		EXPECT_OK(setpgid(0, 0));
		_exit(code);
	}
	await_zombie(pid);
	return pid;
}

CASE(pid_selects_one_child)
{
	pid_t other = start_zombie(1), child = start_zombie(2);
	int status;

	EXPECT_EQ(wait6(child, &status, 0, NULL, NULL), child);
	expect_exit(status, 2);
	expect_unreaped(other);
}

CASE(minus_1_selects_any_child)
{
	pid_t child = start_in_own_group(3);
	int status;

	EXPECT_EQ(wait6(-1, &status, 0, NULL, NULL), child);
	expect_exit(status, 3);
}

CASE(zero_selects_the_own_group)
{
	pid_t other = start_in_own_group(1), child = start_zombie(2);
	int status;

	EXPECT_EQ(wait6(0, &status, 0, NULL, NULL), child);
	expect_exit(status, 2);
	expect_error(wait6(0, &status, 0, NULL, NULL), ECHILD);
	expect_unreaped(other);
}

CASE(negative_selects_another_group)
{
	pid_t other = start_zombie(1), child = start_in_own_group(2);
	int status;

	EXPECT_EQ(wait6(-child, &status, 0, NULL, NULL), child);
	expect_exit(status, 2);
	expect_error(wait6(-child, &status, 0, NULL, NULL), ECHILD);
	expect_unreaped(other);
}

CASE(everything_null)
{
	pid_t child = start_zombie(1);

	EXPECT_EQ(wait6(child, NULL, 0, NULL, NULL), child);
	expect_gone(child);
}

CASE(null_status_with_rusage)
{
	pid_t child = start_zombie(1);
	struct rusage_ts64 ru;

	memset(&ru, 0xa5, sizeof(ru));
	EXPECT_EQ(wait6(child, NULL, 0, &ru, NULL), child);
	EXPECT_EQ(ru.nsignals, 0);
	EXPECT(ru.minflt > 0, "a fork costs page faults");
}

CASE(null_rusage_with_status)
{
	pid_t child = start_zombie(9);
	int status = -1;

	EXPECT_EQ(wait6(child, &status, 0, NULL, NULL), child);
	expect_exit(status, 9);
}

/* The child is gone, as with wait4(): it was reaped before the status. */
CASE(bad_status_efault_as_in_wait4)
{
	pid_t child = start_zombie(1);
	struct rusage_ts64 ru, untouched;
	int *bad = (int *)end_of_page();

	memset(&ru, 0xa5, sizeof(ru));
	untouched = ru;
	expect_error(wait6(child, bad, 0, &ru, NULL), EFAULT);
	expect_gone(child);
	EXPECT(!memcmp(&ru, &untouched, sizeof(ru)), "rusage was written");

	child = start_zombie(1);
	expect_error(raw_wait4(child, bad, 0, NULL), EFAULT);
	expect_gone(child);
}

CASE(bad_rusage_efault_as_in_wait4)
{
	char *end = end_of_page();
	pid_t child = start_zombie(1);
	int status = -1;

	expect_error(wait6(child, &status, 0, (void *)end, NULL), EFAULT);
	expect_exit(status, 1);
	expect_gone(child);

	/* all but the last byte can be written */
	child = start_zombie(2);
	expect_error(wait6(child, &status, 0,
			   (void *)(end - sizeof(struct rusage_ts64) + 1),
			   NULL), EFAULT);
	expect_exit(status, 2);
	expect_gone(child);

	child = start_zombie(3);
	expect_error(raw_wait4(child, &status, 0, end), EFAULT);
	expect_exit(status, 3);
	expect_gone(child);
}

/* The results end where the structures end. */
CASE(results_at_the_end_of_a_page)
{
	int *status = (int *)end_of_page() - 1;
	struct rusage_ts64 *ru = (void *)(end_of_page() - sizeof(*ru));
	pid_t child = start_zombie(7);

	EXPECT_EQ(wait6(child, status, 0, ru, NULL), child);
	expect_exit(*status, 7);
}

/* Nothing to report: nothing is written, however bad the pointers. */
CASE(wnohang_writes_nothing)
{
	struct rusage_ts64 ru, untouched;
	pid_t child = start_idle_child();
	int status = 0x5a5a5a5a;
	sigset_t none;

	sigemptyset(&none);
	memset(&ru, 0xa5, sizeof(ru));
	untouched = ru;
	EXPECT_EQ(wait6(child, &status, WNOHANG, &ru, &none), 0);
	EXPECT_EQ(status, 0x5a5a5a5a);
	EXPECT(!memcmp(&ru, &untouched, sizeof(ru)), "rusage was written");
	EXPECT_EQ(wait6(child, (void *)1, WNOHANG, (void *)1, &none), 0);
}

CASE(errors_write_nothing)
{
	struct rusage_ts64 ru, untouched;
	int status = 0x5a5a5a5a;

	memset(&ru, 0xa5, sizeof(ru));
	untouched = ru;
	expect_error(wait6(-1, &status, 0, &ru, NULL), ECHILD);
	expect_error(wait6(-1, &status, WNOWAIT, &ru, NULL), EINVAL);
	expect_error(wait6(INT_MIN, &status, 0, &ru, NULL), ESRCH);
	expect_error(wait6(-1, (void *)1, 0, (void *)1, NULL), ECHILD);
	EXPECT_EQ(status, 0x5a5a5a5a);
	EXPECT(!memcmp(&ru, &untouched, sizeof(ru)), "rusage was written");
}

KTAP_MAIN(.skip_all = no_wait6)
