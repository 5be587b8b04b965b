// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <elf.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stops.h"

/* include/uapi/linux/ptrace.h; headers differ in which of these they have. */
#define PTRACE_PEEKTEXT			1
#define PTRACE_GETEVENTMSG		0x4201
#define PTRACE_GETSIGINFO		0x4202
#define PTRACE_GETREGSET		0x4204
#define PTRACE_LISTEN			0x4208
#define PTRACE_GET_SYSCALL_INFO		0x420e
#define PTRACE_EVENT_STOP		128

#define SYSCALL_STOP	(SIGTRAP | 0x80)
#define SETS		4
#define STACK_LIMIT	64

/* Which facts are wanted, by kind of stop. */
static uint8_t wanted_in_syscall_stop, wanted_in_event, wanted_else;
/* A register in a register set. */
struct place {
	uint16_t offset, width;
};
/* Where pointers lie, by the length of the register set, and how much of the stack is wanted. */
static struct set {
	uint16_t length;
	struct place ip, sp;
	uint16_t stack_bytes;
} sets[SETS];
static unsigned int set_count;

static struct place read_place(struct reader *request)
{
	struct place place;

	place.offset = read_integer(request, 2);
	place.width = read_integer(request, 2);
	return place;
}

void stops_configure(struct reader *request)
{
	unsigned int i;

	wanted_in_syscall_stop = read_integer(request, 1);
	wanted_in_event = read_integer(request, 1);
	wanted_else = read_integer(request, 1);
	set_count = read_integer(request, 1);
	if (set_count > SETS)
		request->broken = 1;
	for (i = 0; i < set_count && !request->broken; i++) {
		sets[i].length = read_integer(request, 2);
		sets[i].ip = read_place(request);
		sets[i].sp = read_place(request);
		sets[i].stack_bytes = read_integer(request, 2);
		if (sets[i].stack_bytes > STACK_LIMIT)
			request->broken = 1;
	}
	if (request->broken)
		set_count = 0;
}

static long raw_ptrace(long request, pid_t pid, long addr, void *data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

static void put_bytes(uint8_t **to, const void *from, size_t count)
{
	memcpy(*to, from, count);
	*to += count;
}

static void put_siginfo(uint8_t **to, pid_t pid)
{
	siginfo_t info = { 0 };
	int error = raw_ptrace(PTRACE_GETSIGINFO, pid, 0, &info) < 0 ? errno : 0;

	put_integer(to, error, 2);
	if (error)
		return;
	put_integer(to, info.si_signo, 4);
	put_integer(to, info.si_errno, 4);
	put_integer(to, info.si_code, 4);
}

static void put_eventmsg(uint8_t **to, pid_t pid)
{
	unsigned long message = 0;
	int error = raw_ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) < 0 ? errno : 0;

	put_integer(to, error, 2);
	if (!error)
		put_integer(to, message, 8);
}

/* Return: how many bytes of the struct there are. */
static size_t put_info(uint8_t **to, pid_t pid, uint8_t *info, size_t size)
{
	long got;
	size_t there;

	/* What the kernel does not write must not look as if it had. */
	memset(info, 0xee, size);
	got = raw_ptrace(PTRACE_GET_SYSCALL_INFO, pid, size, info);
	put_integer(to, got < 0 ? errno : 0, 2);
	if (got < 0)
		return 0;
	there = (size_t)got < size ? (size_t)got : size;
	put_integer(to, got, 2);
	put_integer(to, there, 2);
	put_bytes(to, info, there);
	return there;
}

static void put_registers(uint8_t **to, const struct iovec *set, int error)
{
	put_integer(to, error, 2);
	if (error)
		return;
	put_integer(to, set->iov_len, 2);
	put_bytes(to, set->iov_base, set->iov_len);
}

static const struct set *find_set(const struct iovec *registers)
{
	unsigned int i;

	for (i = 0; i < set_count; i++)
		if (sets[i].length == registers->iov_len)
			return &sets[i];
	return NULL;
}

static int read_pointer(const struct iovec *registers, struct place place, uint64_t *pointer)
{
	const char *at = (const char *)registers->iov_base + place.offset;
	uint32_t narrow;

	if (place.offset + place.width > (int)registers->iov_len)
		return 0;
	if (place.width == 4) {
		memcpy(&narrow, at, 4);
		*pointer = narrow;
	} else {
		memcpy(pointer, at, 8);
	}
	return 1;
}

/* The two bytes before the instruction pointer, as a tracer has to fetch them. */
static void put_opcode(uint8_t **to, pid_t pid, const struct iovec *registers, int error)
{
	const struct set *set = find_set(registers);
	unsigned long word = 0;
	uint64_t ip = 0;

	if (!error && (!set || !read_pointer(registers, set->ip, &ip)))
		error = ENODATA;
	if (!error && raw_ptrace(PTRACE_PEEKTEXT, pid, ip - 2, &word) < 0)
		error = errno;
	put_integer(to, error, 2);
	if (!error)
		put_bytes(to, &word, 2);
}

static void put_stack(uint8_t **to, pid_t pid, const struct iovec *registers, int error)
{
	const struct set *set = find_set(registers);
	uint8_t words[STACK_LIMIT + sizeof(long)] __attribute__((aligned(8)));
	unsigned int length = set ? set->stack_bytes : 0, at;
	uint64_t sp = 0;

	if (!error && length && !read_pointer(registers, set->sp, &sp))
		error = ENODATA;
	for (at = 0; !error && at < length; at += sizeof(long))
		if (raw_ptrace(PTRACE_PEEKTEXT, pid, sp + at, words + at) < 0)
			error = errno;
	put_integer(to, error, 2);
	if (error)
		return;
	put_integer(to, length, 2);
	put_bytes(to, words, length);
}

struct usage {
	uint64_t user_ns, system_ns;
};

static size_t describe(uint8_t *record, pid_t pid, int status,
		       const struct usage *usage)
{
	static uint8_t info[128], registers[4096];
	struct iovec set = { registers, sizeof(registers) };
	uint8_t wanted = WIFSTOPPED(status) ?
		WSTOPSIG(status) == SYSCALL_STOP ? wanted_in_syscall_stop :
		status >> 16 ? wanted_in_event : wanted_else :
		wanted_in_event & FACT_USAGE;
	uint8_t *to = record + 2, *start = record;
	struct timespec now;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &now);
	put_integer(&to, pid, 4);
	put_integer(&to, status, 4);
	put_integer(&to, now.tv_sec * 1000000000ULL + now.tv_nsec, 8);
	put_integer(&to, wanted, 1);
	if (wanted & FACT_SIGINFO)
		put_siginfo(&to, pid);
	if (wanted & FACT_EVENTMSG)
		put_eventmsg(&to, pid);
	if (wanted & FACT_INFO)
		put_info(&to, pid, info, sizeof(info));
	if (wanted & (FACT_REGISTERS | FACT_OPCODE | FACT_STACK) &&
	    raw_ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &set) < 0)
		error = errno;
	if (wanted & FACT_REGISTERS)
		put_registers(&to, &set, error);
	if (wanted & FACT_OPCODE)
		put_opcode(&to, pid, &set, error);
	if (wanted & FACT_USAGE) {
		put_integer(&to, usage->user_ns, 8);
		put_integer(&to, usage->system_ns, 8);
	}
	if (wanted & FACT_STACK)
		put_stack(&to, pid, &set, error);
	put_integer(&start, to - record - 2, 2);
	return to - record;
}

/* struct rusage_ts64 of the wait6 series: seconds and nanoseconds, user and system, first. */
struct wait6_usage {
	int64_t times[4];
	int64_t rest[28];
};

/* A sigset_t as kernels have it: longs, of which mips has twice as many as others. */
#define KERNEL_SIGSET_LONGS (_NSIG / 8 / sizeof(long))

static pid_t wait_for(const struct waiting *waiting, pid_t pid, int options,
		      int *status, struct usage *usage)
{
	unsigned long mask[KERNEL_SIGSET_LONGS] = { 0 };
	struct wait6_usage fine = { 0 };
	struct rusage coarse = { 0 };
	unsigned int i;
	pid_t got;

	if (waiting->how != WAIT4) {
		for (i = 0; i < sizeof(waiting->mask) / sizeof(long); i++)
			mask[i] = waiting->mask >> (8 * sizeof(long) * i);
		got = syscall(waiting->nr, pid, status, options, &fine,
			      waiting->how == WAIT6_MASKED ? mask : NULL,
			      sizeof(mask));
		usage->user_ns = fine.times[0] * 1000000000ULL + fine.times[1];
		usage->system_ns = fine.times[2] * 1000000000ULL + fine.times[3];
	} else {
		got = wait4(pid, status, options, &coarse);
		usage->user_ns = (coarse.ru_utime.tv_sec * 1000000ULL +
				  coarse.ru_utime.tv_usec) * 1000;
		usage->system_ns = (coarse.ru_stime.tv_sec * 1000000ULL +
				    coarse.ru_stime.tv_usec) * 1000;
	}
	return got;
}

pid_t stops_next(const struct waiting *waiting, pid_t pid, int options,
		 uint8_t *record, size_t *length, int *status)
{
	struct usage usage = { 0 };
	pid_t got;

	*length = 0;
	got = wait_for(waiting, pid, options, status, &usage);
	if (got > 0)
		*length = describe(record, got, *status, &usage);
	return got;
}

static int is_group_stop(int status)
{
	int signal = WSTOPSIG(status);

	return status >> 16 == PTRACE_EVENT_STOP &&
	       (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
		signal == SIGTTOU);
}

/* As ptrace(2) has it: a signal is delivered, a group stop goes on being one. */
static void resume(pid_t pid, int status, long request)
{
	long signal = 0;

	if (is_group_stop(status))
		request = PTRACE_LISTEN;
	else if (WSTOPSIG(status) != SYSCALL_STOP && !(status >> 16))
		signal = WSTOPSIG(status);
	/* It may have been killed since: then there will be a status for that. */
	raw_ptrace(request, pid, 0, (void *)signal);
}

uint64_t stops_trace(uint32_t id, const struct waiting *waiting,
		     long resume_request, uint64_t limit)
{
	static uint8_t record[RECORD_LIMIT];
	uint8_t head[5], *to = head;
	uint64_t stops = 0;

	put_integer(&to, FRAME_STOPS, 1);
	put_integer(&to, id, 4);
	for (;;) {
		int status;
		size_t length;
		pid_t pid = stops_next(waiting, -1, __WALL, record, &length,
				       &status);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			break;
		wire_add(head, sizeof(head), record, length);
		if (++stops == limit)
			break;
		if (WIFSTOPPED(status))
			resume(pid, status, resume_request);
	}
	return stops;
}
