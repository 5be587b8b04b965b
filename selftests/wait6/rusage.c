// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource usage which wait6() reports, against the struct rusage that
 * waitid() gives for the same child without reaping it, against /proc, and
 * against what the caller's own usage becomes.
 */
#include "usage.h"

/*
 * Compares wait6(@pid, @options) with waitid(@options for it), which leaves
 * the report where it is.  Returns whether all fields agree; those that cannot
 * change any more have to.
 */
static bool agrees_with_waitid(pid_t pid, int waitid_options, int options)
{
	struct rusage_ts64 ru = poisoned();
	siginfo_t info;
	struct kernel_rusage old;

	EXPECT_OK(waitid(P_PID, pid, &info, waitid_options | WNOWAIT));
	settle(pid);
	memset(&old, 0x5a, sizeof(old));
	/* glibc's waitid() has no place for the usage */
	EXPECT_OK(syscall(SYS_waitid, P_PID, pid, &info,
			  waitid_options | WNOWAIT, &old));
	EXPECT_EQ(wait6(pid, NULL, options, &ru, NULL), pid);
	EXPECT_EQ(ru.maxrss, old.maxrss);
	EXPECT_EQ(ru.minflt, old.minflt);
	EXPECT_EQ(ru.majflt, old.majflt);
	EXPECT_EQ(ru.inblock, old.inblock);
	EXPECT_EQ(ru.oublock, old.oublock);
	EXPECT_EQ(ru.ixrss, 0);
	EXPECT_EQ(ru.idrss, 0);
	EXPECT_EQ(ru.isrss, 0);
	EXPECT_EQ(ru.nswap, 0);
	EXPECT_EQ(ru.msgsnd, 0);
	EXPECT_EQ(ru.msgrcv, 0);
	EXPECT_EQ(ru.nsignals, 0);
	EXPECT(ru.maxrss > 0 && ru.minflt > 0, "maxrss %lld minflt %lld",
	       (long long)ru.maxrss, (long long)ru.minflt);
	return nsec_of(&ru.utime) / 1000 == usec_of(&old.utime) &&
	       nsec_of(&ru.stime) / 1000 == usec_of(&old.stime) &&
	       ru.nvcsw == old.nvcsw && ru.nivcsw == old.nivcsw;
}

/*
 * Faults in so many pages that a living process has a resident set: up to 32
 * pages on each CPU are not yet counted in it (include/linux/mm.h,
 * get_mm_counter(): a percpu_counter since 6.2).
 */
static void use_memory(void)
{
	size_t page = sysconf(_SC_PAGESIZE), size = (8 << 20) + 256 * page, i;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(p != MAP_FAILED, "mmap: %s", strerror(errno));
	for (i = 0; i < size; i += page)
		p[i] = 1;
}

/* Page faults, both kinds of context switches, user and system time. */
static void use_resources(void)
{
	struct rusage own;
	int i;

	use_memory();
	for (i = 0; i < 50; i++)
		usleep(1);
	do {
		sched_yield();
		EXPECT_OK(getrusage(RUSAGE_SELF, &own));
	} while (own.ru_nivcsw < 7);
	burn(20000000);
}

/* On one CPU only, so that sched_yield() has somebody to yield to. */
static void use_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	EXPECT_OK(sched_setaffinity(0, sizeof(one), &one));
}

static pid_t start_rival(void)
{
	pid_t pid = fork();

	EXPECT_OK(pid);
	if (pid == 0)
		for (;;)
			sched_yield();
	return pid;
}

CASE(counters_of_a_dead_child_as_in_waitid)
{
	int i, agreed = 0;

	use_one_cpu();
	for (i = 0; i < CHILDREN && !agreed; i++) {
		pid_t rival = start_rival(), child = fork();

		EXPECT_OK(child);
		if (child == 0) {
			use_resources();
			_exit(0);
		}
		await_zombie(child);
		kill(rival, SIGKILL);
		agreed = agrees_with_waitid(child, WEXITED, 0);
	}
	EXPECT(agreed, "times or context switches never agree");
}

CASE(usage_at_a_stop_and_a_continuation_as_in_waitid)
{
	int i, agreed = 0;

	for (i = 0; i < CHILDREN && agreed < 2; i++) {
		pid_t child = fork();

		EXPECT_OK(child);
		if (child == 0) {
			use_memory();
			burn(2000000);
			raise_here(SIGSTOP);
			for (;;)
				pause();
		}
		agreed = agrees_with_waitid(child, WSTOPPED, WUNTRACED);
		EXPECT_OK(kill(child, SIGCONT));
		agreed += agrees_with_waitid(child, WCONTINUED, WCONTINUED);
		kill(child, SIGKILL);
	}
	EXPECT(agreed == 2, "times or context switches never agree");
}

/*
 * waitid() cannot tell what is wrong in the sums that it shares with wait6().
 * So the units and the places of some are held against what /proc says of the
 * child (proc(5)): the peak of the resident set that it read while it lived ...
 */
static long long own_peak_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	long long kib = 0;
	char line[128];

	EXPECT(status != NULL, "/proc/self/status: %s", strerror(errno));
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %lld kB", &kib) == 1)
			break;
	fclose(status);
	return kib;
}

/* ... roughly, as each CPU may have some pages that it has not yet told. */
CASE(maxrss_is_in_kib_as_in_proc)
{
	long long *peak = shared(sizeof(*peak));
	struct rusage_ts64 ru;
	pid_t child = fork();

	EXPECT_OK(child);
	if (child == 0) {
		size_t size = 32 << 20;
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		EXPECT(p != MAP_FAILED, "mmap: %s", strerror(errno));
		memset(p, 1, size);
		*peak = own_peak_kib();
		_exit(0);
	}
	ru = usage_of(child);
	EXPECT(*peak > 16 << 10, "VmHWM is %lld", *peak);
	EXPECT(ru.maxrss > *peak / 2 && ru.maxrss < *peak * 2,
	       "maxrss %lld, VmHWM %lld kB", (long long)ru.maxrss, *peak);
}

/* Uses CPU time, nearly none of it in the kernel. */
static void compute(long long nsec)
{
	long long start = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	volatile unsigned int i;

	do
		for (i = 0; i < 1000000; i++)
			;
	while (read_clock(CLOCK_PROCESS_CPUTIME_ID) - start < nsec);
}

/* ... and its user and system time, which a zombie still has, in ticks. */
CASE(user_and_system_time_as_in_proc)
{
	/* alpha's 1024 ticks a second are no whole number of nanoseconds */
	long long ticks = sysconf(_SC_CLK_TCK), utime, stime;
	struct rusage_ts64 ru;
	char path[64];
	FILE *stat;
	pid_t child = fork();

	EXPECT_OK(child);
	if (child == 0) {
		compute(20 * NSEC / ticks);
		_exit(0);
	}
	await_zombie(child);
	settle(child);
	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	stat = fopen(path, "r");
	EXPECT(stat != NULL, "%s: %s", path, strerror(errno));
	EXPECT_EQ(fscanf(stat,
			 "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld",
			 &utime, &stime), 2);
	fclose(stat);
	ru = usage_of(child);
	EXPECT(utime > stime, "utime %lld, stime %lld ticks", utime, stime);
	EXPECT_EQ(nsec_of(&ru.utime) * ticks / NSEC, utime);
	EXPECT_EQ(nsec_of(&ru.stime) * ticks / NSEC, stime);
}

#define GRANDCHILD_NSEC 30000000

/* User and system time so far of this process, or of those it has waited for. */
static long long usage_so_far(int who)
{
	struct rusage ru;

	EXPECT_OK(getrusage(who, &ru));
	return 1000 * (usec_of(&ru.ru_utime) + usec_of(&ru.ru_stime));
}

/* What a child says of itself and of its own child before it ends. */
struct told {
	long long own;
	long long children;
};

/* A child that ends after a child of its own has, reaped by it or not. */
static pid_t start_child_with_child(bool reap, volatile struct told *told)
{
	pid_t pid, child = fork();

	EXPECT_OK(child);
	if (child)
		return child;
	pid = fork();
	EXPECT_OK(pid);
	if (pid == 0) {
		while (usage_so_far(RUSAGE_SELF) < GRANDCHILD_NSEC)
			;
		_exit(0);
	}
	if (reap)
		EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	else
		await_zombie(pid);
	told->own = usage_so_far(RUSAGE_SELF);
	told->children = usage_so_far(RUSAGE_CHILDREN);
	_exit(0);
}

/*
 * As in wait4(): with the children it has waited for, without the others.  All
 * is told by the same accounting: on a busy host, the process's clock and that
 * of s390 were seen 23 ms apart.
 */
CASE(grandchildren_count_when_waited_for)
{
	volatile struct told *told;
	long long beyond, least = LLONG_MAX;
	struct rusage_ts64 ru;
	int i;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(told != MAP_FAILED, "mmap: %s", strerror(errno));
	for (i = 0; i < CHILDREN / 2; i++) {
		ru = usage_of(start_child_with_child(true, told));
		EXPECT(told->children >= GRANDCHILD_NSEC,
		       "%lld ns for a grandchild that took %d",
		       told->children, GRANDCHILD_NSEC);
		beyond = sum_of(&ru) - told->own;
		EXPECT(beyond >= told->children,
		       "%lld ns for a grandchild that took %lld", beyond,
		       told->children);
		ru = usage_of(start_child_with_child(false, told));
		EXPECT_EQ(told->children, 0);
		beyond = sum_of(&ru) - told->own;
		if (beyond < least)
			least = beyond;
	}
	EXPECT(least < GRANDCHILD_NSEC / 2,
	       "%lld ns for a grandchild that was not waited for", least);
}

/* What the caller's own RUSAGE_CHILDREN becomes is what it was told. */
CASE(usage_is_added_to_that_of_the_caller)
{
	int i, agreed = 0;

	for (i = 0; i < CHILDREN; i++) {
		struct rusage before, after;
		struct rusage_ts64 ru;
		long long added;
		pid_t child = start_burning(3000000);

		await_zombie(child);
		settle(child);
		EXPECT_OK(getrusage(RUSAGE_CHILDREN, &before));
		ru = usage_of(child);
		EXPECT_OK(getrusage(RUSAGE_CHILDREN, &after));
		EXPECT_EQ(after.ru_minflt - before.ru_minflt, ru.minflt);
		added = usec_of(&after.ru_utime) - usec_of(&before.ru_utime) +
			usec_of(&after.ru_stime) - usec_of(&before.ru_stime);
		/* each of the four is cut off to microseconds */
		agreed += llabs(added * 1000 - sum_of(&ru)) <= 4000;
	}
	EXPECT(agreed, "RUSAGE_CHILDREN never grows by what was reported");
}

KTAP_MAIN(.skip_all = no_wait6)
