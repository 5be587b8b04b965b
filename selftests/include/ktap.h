/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test cases that print KTAP (Documentation/dev-tools/ktap.rst) and cannot
 * take each other down: every case runs in a process group of its own, with a
 * time limit, so that a crash or a hang costs one line and not the program.
 *
 *	CASE(mask_is_restored)
 *	{
 *		EXPECT(got == want, "got %d, want %d", got, want);
 *	}
 *	KTAP_MAIN()			// or KTAP_MAIN(.skip_all = reason_or_null)
 *
 * EXPECT() ends the case when its condition is false.  CASE_TIMEOUT(name, s)
 * gives a case another limit than the default.  KTAP_MAIN(.skip_all = f) calls
 * f() first: when it returns a reason, no case is run, each is reported as
 * skipped and the program exits with KSFT_SKIP (4).  KTAP_MAIN(.gate = f) is
 * for a suite which also has to fail where its feature is absent: when f()
 * returns a reason, the first case is run (it is the one that fails for lack
 * of the feature) and all others are reported as skipped.
 *
 * Time limits are in guest seconds at speed 1; the environment variable
 * KSFT_TIMEOUT_SCALE (an integer, set by the harness for slow guests)
 * multiplies them.
 */
#ifndef SELFTESTS_KTAP_H
#define SELFTESTS_KTAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KSFT_PASS 0
#define KSFT_FAIL 1
#define KSFT_SKIP 4

/* Statuses with which a case's process reports to its parent. */
#define KTAP_CASE_PASS 0
#define KTAP_CASE_FAIL 101
#define KTAP_CASE_SKIP 104

#define KTAP_CASE_SECONDS 6
/* How long a stress case goes on once it has had its least of rounds. */
#define KTAP_STRESS_MSEC 1000

struct ktap_case {
	const char *name;
	void (*run)(void);
	unsigned int seconds;
	struct ktap_case *next;
};

struct ktap_options {
	const char *(*skip_all)(void);
	const char *(*gate)(void);
};

/*
 * glibc makes threads by clone3() where the kernel has it.  That of Linux 5.3
 * takes the lowest address of a stack for its highest (mended in 5.4 and 5.3.9,
 * "clone3: validate stack arguments"), and the thread dies at once.  So glibc's
 * own clone3() is replaced by one that is not there, and it takes clone().
 */
int __clone3(void *args, size_t size, int (*fn)(void *), void *arg);
int __clone3(void *args, size_t size, int (*fn)(void *), void *arg)
{
	errno = ENOSYS;
	return -1;
}

/* raise(3): that of glibc 2.41 for sh4 gives 0 and sends nothing. */
static inline int raise_here(int sig)
{
	return syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig);
}

static struct ktap_case *ktap_cases, **ktap_tail = &ktap_cases;
/* The pipe through which a case tells its parent why it was skipped. */
static int ktap_reason_fd = -1;

static inline void ktap_add(struct ktap_case *c)
{
	*ktap_tail = c;
	ktap_tail = &c->next;
}

#define CASE_TIMEOUT(case_name, case_seconds)				\
	static void case_name(void);					\
	static struct ktap_case ktap_case_##case_name = {		\
		.name = #case_name, .run = case_name,			\
		.seconds = (case_seconds),				\
	};								\
	__attribute__((constructor))					\
	static void ktap_add_##case_name(void)				\
	{								\
		ktap_add(&ktap_case_##case_name);			\
	}								\
	static void case_name(void)

#define CASE(case_name) CASE_TIMEOUT(case_name, KTAP_CASE_SECONDS)

/* A diagnostic line; one write(), so that processes do not mix their lines. */
__attribute__((format(printf, 1, 2)))
static inline void ktap_print(const char *fmt, ...)
{
	char line[1024] = "# ";
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = 2 + vsnprintf(line + 2, sizeof(line) - 3, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (write(STDOUT_FILENO, line, len) < 0)
		_exit(KTAP_CASE_FAIL);
}

/* Ends the case as failed.  May be called from any process of the case. */
#define FAIL(fmt, ...)							\
	do {								\
		ktap_print("%s:%d: " fmt, __FILE__, __LINE__,		\
			   ##__VA_ARGS__);				\
		_exit(KTAP_CASE_FAIL);					\
	} while (0)

#define EXPECT(cond, fmt, ...)						\
	do {								\
		if (!(cond))						\
			FAIL("expected " #cond ": " fmt, ##__VA_ARGS__);\
	} while (0)

/* EXPECT for a call whose failure is explained by errno. */
#define EXPECT_OK(call)							\
	do {								\
		if ((long)(call) < 0)					\
			FAIL("%s: %s", #call, strerror(errno));		\
	} while (0)

#define EXPECT_EQ(got, want)						\
	do {								\
		long long ktap_got = (long long)(got);			\
		long long ktap_want = (long long)(want);		\
									\
		if (ktap_got != ktap_want)				\
			FAIL("%s is %lld (0x%llx), expected %s: %lld (0x%llx)", \
			     #got, ktap_got, ktap_got, #want,		\
			     ktap_want, ktap_want);			\
	} while (0)

/* Ends the case as skipped; the reason is printed behind "# SKIP". */
#define SKIP(fmt, ...)							\
	do {								\
		dprintf(ktap_reason_fd, fmt, ##__VA_ARGS__);		\
		_exit(KTAP_CASE_SKIP);					\
	} while (0)

static inline unsigned int ktap_scale(void)
{
	const char *s = getenv("KSFT_TIMEOUT_SCALE");
	int scale = s ? atoi(s) : 1;

	return scale > 0 ? scale : 1;
}

/*
 * Iterations for a stress case: the number asked for at full speed, divided
 * by KSFT_STRESS_DIVISOR where the harness says that this guest is slow.
 */
static inline long ktap_rounds(long full)
{
	const char *s = getenv("KSFT_STRESS_DIVISOR");
	long divisor = s ? atol(s) : 1;

	return divisor > 1 ? full / divisor + 1 : full;
}

/*
 * Whether a stress case goes on to @round of @rounds, counted from 0: to the
 * end, or until KTAP_STRESS_MSEC are over, but to a twentieth in any case.
 * How slow a guest is at the moment, on a busy host, no divisor foretells.
 */
static inline bool ktap_goes_on(long round, long rounds)
{
	static struct timespec begin;
	struct timespec now;
	long msec;

	if (round >= rounds)
		return false;
	/* the clock is a system call in some guests */
	if (round && (round < rounds / 20 || round % 16))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (round == 0)
		begin = now;
	msec = (now.tv_sec - begin.tv_sec) * 1000 +
	       (now.tv_nsec - begin.tv_nsec) / 1000000;
	return msec < KTAP_STRESS_MSEC;
}

static inline int ktap_wait_case(pid_t pid, const struct ktap_case *c)
{
	struct timespec limit = { .tv_sec = (time_t)c->seconds * ktap_scale() };
	sigset_t chld;
	int status;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got < 0)
			return -1;
		if (sigtimedwait(&chld, NULL, &limit) < 0 && errno == EAGAIN) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -2;
		}
	}
}

/* Runs one case and prints its result line.  Returns the KSFT_* of the case. */
static inline int ktap_run_case(int number, const struct ktap_case *c)
{
	char reason[200] = "";
	int reason_pipe[2], status;
	ssize_t len;
	pid_t pid;

	fflush(NULL);
	if (pipe(reason_pipe) || (pid = fork()) < 0) {
		printf("not ok %d %s # cannot start the case: %s\n", number,
		       c->name, strerror(errno));
		return KSFT_FAIL;
	}
	if (pid == 0) {
		sigset_t none;

		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		close(reason_pipe[0]);
		ktap_reason_fd = reason_pipe[1];
		c->run();
		fflush(NULL);
		_exit(KTAP_CASE_PASS);
	}
	setpgid(pid, pid);
	close(reason_pipe[1]);
	status = ktap_wait_case(pid, c);
	/* Whatever the case left behind must not meet the next one. */
	kill(-pid, SIGKILL);

	if (status >= 0 && WIFEXITED(status) &&
	    WEXITSTATUS(status) == KTAP_CASE_PASS) {
		printf("ok %d %s\n", number, c->name);
		status = KSFT_PASS;
	} else if (status >= 0 && WIFEXITED(status) &&
		   WEXITSTATUS(status) == KTAP_CASE_SKIP) {
		len = read(reason_pipe[0], reason, sizeof(reason) - 1);
		reason[len > 0 ? len : 0] = 0;
		printf("ok %d %s # SKIP %s\n", number, c->name, reason);
		status = KSFT_SKIP;
	} else {
		if (status == -2)
			ktap_print("%s: no end within %u s", c->name,
				   c->seconds * ktap_scale());
		else if (status >= 0 && WIFSIGNALED(status))
			ktap_print("%s: killed by signal %d", c->name,
				   WTERMSIG(status));
		printf("not ok %d %s%s\n", number, c->name,
		       status == -2 ? " # TIMEOUT" : "");
		status = KSFT_FAIL;
	}
	fflush(stdout);
	close(reason_pipe[0]);
	return status;
}

static inline int ktap_main(struct ktap_options options)
{
	const char *why = options.skip_all ? options.skip_all() : NULL;
	const char *shut = options.gate ? options.gate() : NULL;
	int number = 0, failed = 0, skipped = 0, total = 0;
	struct ktap_case *c;
	sigset_t chld;

	/* Blocked so that sigtimedwait() in ktap_wait_case() misses none. */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	for (c = ktap_cases; c; c = c->next)
		total++;
	printf("KTAP version 1\n1..%d\n", total);
	for (c = ktap_cases; c; c = c->next) {
		number++;
		if (why || (shut && number > 1)) {
			printf("ok %d %s # SKIP %s\n", number, c->name,
			       why ? why : shut);
			skipped++;
			continue;
		}
		/* Tells whose output follows, should the case take the kernel down. */
		printf("#  RUN           %s ...\n", c->name);
		switch (ktap_run_case(number, c)) {
		case KSFT_FAIL:
			failed++;
			break;
		case KSFT_SKIP:
			skipped++;
			break;
		}
	}
	printf("# %d passed, %d failed, %d skipped\n",
	       total - failed - skipped, failed, skipped);
	fflush(stdout);
	if (failed)
		return KSFT_FAIL;
	return total && skipped == total ? KSFT_SKIP : KSFT_PASS;
}

#define KTAP_MAIN(...)							\
	int main(void)							\
	{								\
		return ktap_main((struct ktap_options){ __VA_ARGS__ });	\
	}

#endif /* SELFTESTS_KTAP_H */
